"""The short way of a plain request: it answers what FastAPI's own route of the same path answers, byte for byte."""

import json
from itertools import count, product

import pytest

from icsml.ledger.store import Ledger
from icsml.serving.direct import DirectRoute

PATH = "/v1/assessments"
GOOD = "Bearer {score}"
WAYS = ["Bearer {score}", "bearer {score}", "BEARER {score}", "Bearer  {score}", "Basic {score}"]
KEYS = [*WAYS, "Bearer {audit}", "Bearer x", "Bearer", ""]
NAMES = [None, "loan-1", "!~", "x" * 255, "x" * 256, "", "a b", "é".encode().decode("latin-1")]
QUERIES = [
    "",
    "recourse=true",
    "recourse=false",
    "recourse=yes",
    "recourse=",
    "recourse=true&recourse=false",
    "other=1",
]
TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", ""]
BODIES = ["good", "{}", "[", '{"a": 1, "a": 1}', "x" * 70_000, ""]
CASES = [
    *[(key, None, "", TYPES[0], "good") for key in KEYS],
    *[(GOOD, name, "", TYPES[0], body) for name, body in product(NAMES, ("good", "{}"))],
    *[(GOOD, None, query, TYPES[0], body) for query, body in product(QUERIES, ("good", "["))],
    *[(GOOD, "loan-2", "", kind, body) for kind, body in product(TYPES, BODIES)],
    *[("Bearer x", "a b", query, "text/plain", "[") for query in QUERIES],
]


@pytest.fixture
def answers(make_app, test_client, keys, tmp_path):
    """Send requests to the service with and without the short way, and return what each answers."""

    def send(cases, body):
        found = []
        for short in (True, False):
            numbers = count(1)
            with Ledger.open(f"sqlite:///{tmp_path / f'{short}.db'}") as ledger:
                app = make_app(ledger=ledger, new_id=lambda: f"decision-{next(numbers)}")  # noqa: B023
                if not short:
                    app.router.routes[:] = [one for one in app.router.routes if not isinstance(one, DirectRoute)]
                with test_client(app) as client:
                    found.append([_answer(client, case, keys, body) for case in cases])
        return found

    return send


def _answer(client, case, keys, record):
    key, name, query, kind, body = case
    sent = {"Authorization": key.format(**vars(keys)), "Content-Type": kind}
    headers = {header: value.encode("latin-1") for header, value in sent.items()}
    if name is not None:
        headers["Idempotency-Key"] = name.encode("latin-1")
    answer = client.post(f"{PATH}?{query}", content=json.dumps(record) if body == "good" else body, headers=headers)
    request = answer.headers.pop("X-Request-Id")
    return answer.status_code, sorted(answer.headers.items()), answer.text.replace(request, "")


def test_both_ways_answer_alike(answers, record):
    short, long = answers(CASES, record)
    assert {answer[0] for answer in short} == {200, 201, 400, 401, 403, 413, 415, 422}
    for case, one, other in zip(CASES, short, long, strict=True):
        assert one == other, case


@pytest.mark.parametrize(
    ("case", "is_short"),
    [
        ((GOOD, "loan-1", "recourse=true", TYPES[0], "good"), True),
        ((GOOD, "a b", "", TYPES[0], "good"), False),
        ((GOOD, None, "recourse=yes", TYPES[0], "good"), False),
        (("Basic {score}", None, "", TYPES[0], "good"), False),
    ],
)
def test_only_a_plain_request_takes_the_short_way(make_app, test_client, keys, record, monkeypatch, case, is_short):
    taken = []
    monkeypatch.setattr(DirectRoute, "handle", _noting(DirectRoute.handle, taken))
    with test_client(make_app()) as client:
        _answer(client, case, keys, record)
    assert bool(taken) is is_short


def _noting(handle, taken):
    async def noted(route, scope, receive, send):
        taken.append(scope["path"])
        await handle(route, scope, receive, send)

    return noted


def test_the_short_way_is_logged_and_counted_as_the_route(client, record, caplog):
    caplog.set_level("INFO", logger="icsml.access")
    assert client.post(PATH, json=record).status_code == 201
    assert [json.loads(entry.message)["route"] for entry in caplog.records if entry.name == "icsml.access"] == [PATH]
