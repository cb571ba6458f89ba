"""The examples of the OpenAPI document run: each body and parameter has one, and each is answered with success."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from icsml.model.bundle_store import keep_bundle

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def served(make_app, test_client, keys, record, now, bundle):
    """A client that may do anything, the document, two decisions, the earlier one first, and a cursor between them."""
    seconds = itertools.count()
    app = make_app(clock=lambda: now + timedelta(seconds=next(seconds)))
    keep_bundle(bundle.folder)  # where decisions are compared, it is read from there
    with test_client(app, headers={"Authorization": f"Bearer {keys.admin}"}) as client:
        decisions = [client.post("/v1/assessments", json=record).json()["decision_id"] for _ in range(2)]
        cursor = client.get("/v1/assessments", params={"limit": 1}).json()["next"]
        yield client, client.get("/openapi.json").json(), [*decisions, cursor]


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                yield method.upper(), path, operation


def _examples(described):
    """Return the examples of a parameter or of the content of a body."""
    schema = described.get("schema", {})
    found = [described["example"]] if "example" in described else []
    found += [each["value"] for each in described.get("examples", {}).values()]
    return found or schema.get("examples", [])


def _bodies(operation):
    content = operation.get("requestBody", {}).get("content", {})
    return [example for described in content.values() for example in _examples(described)] if content else [None]


def _parameters(operation, where):
    return [each for each in operation.get("parameters", []) if each["in"] == where]


def _values(parameter, decisions):
    """Return what to send for a parameter; identifiers of decisions are those that are there."""
    if parameter["name"] in ("id", "since"):
        return [decisions[parameter["name"] == "id"]]
    if parameter["name"] == "cursor":  # bound to a tenant
        return [decisions[2]]
    return _examples(parameter)


def _of_what_is_there(body, decision_id):
    """Return a body whose identifiers of decisions are those of one that is there."""
    if isinstance(body, list):
        return [_of_what_is_there(each, decision_id) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        name: decision_id if name == "decision_id" else _of_what_is_there(value, decision_id)
        for name, value in body.items()
    }


def test_every_body_and_parameter_has_an_example(served):
    _, document, _ = served
    seen = 0
    for method, path, operation in _operations(document):
        assert _bodies(operation), f"{method} {path}: no example of the body"
        for parameter in operation.get("parameters", []):
            seen += 1
            assert _examples(parameter), f"{method} {path}: no example of {parameter['name']}"
    assert seen > 5


def test_every_example_is_answered_with_a_documented_success(served):
    client, document, decisions = served
    sent = 0
    for method, path, operation in _operations(document):
        url = path
        for parameter in _parameters(operation, "path"):
            url = url.replace("{" + parameter["name"] + "}", _values(parameter, decisions)[0])
        for body in _bodies(operation):
            for query, headers in _asked(operation, decisions):
                content = _of_what_is_there(body, decisions[1])
                answer = client.request(method, url, params=query, headers=headers, json=content)
                told = f"{method} {url} {query} {headers}: {answer.status_code} {answer.text[:500]}"
                assert 200 <= answer.status_code < 300, told
                assert str(int(answer.status_code)) in operation["responses"], told
                sent += 1
    assert sent > len(document["paths"])


def _asked(operation, decisions):
    """Yield query and headers: none, then each example by itself."""
    yield {}, {}
    for parameter in _parameters(operation, "query"):
        for value in _values(parameter, decisions):
            yield {parameter["name"]: value}, {}
    for number, parameter in enumerate(_parameters(operation, "header")):
        for value in _examples(parameter):
            # A name for a request is used for one request only.
            unique = f"{value}-{id(operation)}-{number}" if parameter["name"] == "Idempotency-Key" else value
            yield {}, {parameter["name"]: unique}
