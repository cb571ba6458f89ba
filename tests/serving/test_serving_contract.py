"""The page on the service, the OpenAPI document and the service say the same, for requests nobody thought of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from icsml.serving.keys import Role
from icsml.serving.problems import Problem

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "service.md"
# JSON Schema cannot say that one date lies before another, compute a check character, or know a cursor.
BEYOND_A_SCHEMA = {
    "ICS-REC-002", "ICS-SRV-057", "ICS-SRV-058", "ICS-SRV-059", "ICS-SRV-060", "ICS-SRV-070", "ICS-SRV-071",
}  # fmt: skip


EVERYWHERE = {400, 415, 500}
"""What the page says of all paths in a sentence."""


class Row(NamedTuple):
    """A row of the page's table of paths."""

    method: str
    path: str
    roles: frozenset[str]
    answers: tuple[int, ...]


def _rows():
    rows = re.findall(r"^\| `([A-Z]+) (/[^`?]*).*?` \| ([^|]+) \| ([\d, ]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    return [
        Row(method, path, frozenset(re.findall(r"`(\w+)`", who)), tuple(int(status) for status in answers.split(",")))
        for method, path, who, answers in rows
        if path != "/openapi.json"
    ]


ROWS = _rows()


@pytest.fixture
def api(make_app):
    return schemathesis.openapi.from_asgi("/openapi.json", make_app())


def test_the_document_holds_what_the_page_names_and_nothing_else(client):
    paths = client.get("/openapi.json").json()["paths"]
    documented = {
        (method.upper(), path): {int(status) for status in operation["responses"]} | EVERYWHERE
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert documented == {(row.method, row.path): set(row.answers) | EVERYWHERE for row in ROWS}
    assert all((429 in row.answers) == bool(row.roles) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_the_page_says_who_may_ask(make_app, test_client, keys, row):
    asker = test_client(make_app())

    def status(headers):
        return asker.request(row.method, row.path.replace("{id}", "unknown"), headers=headers).status_code

    assert (status({}) == 401) == bool(row.roles)
    refused = {role for role in Role if status({"Authorization": f"Bearer {getattr(keys, role)}"}) == 403}
    assert refused == (set(Role) - row.roles if row.roles else set())


def test_the_documented_example_is_accepted(client):
    body = client.get("/openapi.json").json()["paths"]["/v1/assessments"]["post"]["requestBody"]
    assert client.post("/v1/assessments", json=body["content"]["application/json"]["example"]).status_code == 201


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_that_loads_from_elsewhere(client, path):
    assert client.get(path).status_code == 404


def _wanted(row, mode, operation):
    """What requests of this kind must reach: a path with an identifier is asked for one that nobody has."""
    if mode is GenerationMode.NEGATIVE:  # parameters that are not documented are not made up
        wrong = {422} if operation.body or operation.query else set()
        return ({401} | wrong) & set(row.answers)
    return {404} if "{" in row.path else {row.answers[0]}


def _results(response):
    """What became of the records of a batch."""
    content = response.json() if response.status_code == 200 and response.content.startswith(b"{") else {}
    return content.get("results", [])


@pytest.mark.parametrize(
    ("row", "mode"),
    [
        pytest.param(row, mode, id=f"{row.method} {row.path} {mode}")
        for row in ROWS
        for mode in GenerationMode
        if row.roles or mode is GenerationMode.POSITIVE
    ],
)
def test_answers_are_as_documented(api, keys, row, mode):
    seen, operation = set(), api[row.path][row.method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def check(case):
        response = case.call(headers={"Authorization": f"Bearer {keys.admin}"})
        seen.add(int(response.status_code))
        excluded = []
        if response.status_code >= 400 and Problem.model_validate(response.json()).code in BEYOND_A_SCHEMA:
            excluded = [CHECKS.get_one("positive_data_acceptance")]
        if 422 in {result["status"] for result in _results(response)}:
            # A record at fault does not spoil its batch: it is refused within the answer.
            excluded = [CHECKS.get_one("negative_data_rejection")]
        case.validate_response(response, excluded_checks=excluded)

    check()
    assert _wanted(row, mode, operation) <= seen
    assert max(seen) < 500
