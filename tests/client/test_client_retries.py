"""When a client sends a request again, and what it says when it does not."""

from __future__ import annotations

import asyncio
import logging
import math
import pickle
import subprocess
import sys
import traceback
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import icsml.client
from icsml.client import (
    Assessment,
    AsyncClient,
    AuthError,
    Client,
    ClientError,
    ConflictError,
    NotFoundError,
    Problem,
    RefusedError,
    Retries,
    UnavailableError,
    UnexpectedAnswerError,
)
from icsml.client.retries import Attempts, seconds_to_wait
from icsml.errors import InputError

KEY = "icsml_3f9c01d2a7b4_SECRETSECRET"
POISON = "PoisonGmbH4711"
RECORD = {"enterprise_id": POISON, "revenue_cny": 987654321.25}
DECISION = b'{"decision_id":"d-1","enterprise_id":"PoisonGmbH4711"}'
REQUEST_ID = "6b2f0c5e-9a1d-4d3b-8f57-2f4f8a6c1e90"
JSON = {"Content-Type": "application/json"}


def _decided(status=201):
    return httpx.Response(status, content=DECISION, headers=JSON | {"X-Request-Id": REQUEST_ID})


def _problem(status, code="ICS-SRV-099", errors=(), **headers):
    content = {"code": code, "detail": "what is wrong", "status": status, "errors": list(errors)}
    told = {"Content-Type": "application/problem+json", "X-Request-Id": REQUEST_ID}
    return httpx.Response(status, json=content, headers=told | headers)


def _result(status, decision_id="d"):
    if status < 400:
        return b'{ "status":%d, "decision":{"decision_id":"%b", "x": [1.50, {"}":"]"}]}}' % (
            status,
            decision_id.encode(),
        )
    return b'{"status":%d,"problem":{"code":"ICS-SRV-099","detail":"no","errors":[]}}' % status


def _batch(*statuses):
    content = b'{"more": [], "results": [' + b", ".join(map(_result, statuses)) + b"]}"
    return httpx.Response(200, content=content, headers=JSON)


class World:
    """A service that gives the answers it is told to, and the time, which passes only when somebody waits."""

    def __init__(self, *answers):
        self.answers, self.requests, self.pauses, self.timeouts, self.now = list(answers), [], [], [], 0.0

    def __call__(self, request):
        self.requests.append(request)
        self.timeouts.append(request.extensions["timeout"]["read"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def client(self, **changes):
        parts = {"transport": httpx.MockTransport(self), "clock": lambda: self.now, "sleep": self.sleep} | changes
        return Client("https://icsml.example/risk", KEY, **parts)

    @property
    def keys(self):
        return [request.headers["Idempotency-Key"] for request in self.requests]


@pytest.mark.parametrize("failure", [
    httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.ReadTimeout("x"), httpx.ReadError("x"),
    httpx.WriteError("x"), httpx.RemoteProtocolError("x"), _problem(408), _problem(429), _problem(502), _problem(503),
    _problem(504), httpx.Response(502, text="<html>"),
], ids=repr)  # fmt: skip
def test_what_may_pass_is_sent_again_as_it_was(failure):
    world = World(failure, _decided(200))
    found = world.client().assess(RECORD)
    assert (found.decision_id, found.status, found.content) == ("d-1", 200, DECISION)
    first, second = world.requests
    assert first.content == second.content
    assert first.url == second.url == "https://icsml.example/risk/v1/assessments"
    assert len(set(world.keys)) == 1
    assert found.idempotency_key == world.keys[0]
    assert len(world.pauses) == 1


@pytest.mark.parametrize(("status", "kind"), [
    (400, RefusedError), (401, AuthError), (403, AuthError), (404, NotFoundError), (405, RefusedError),
    (409, ConflictError), (413, RefusedError), (422, RefusedError), (500, UnexpectedAnswerError),
])  # fmt: skip
def test_what_will_not_pass_is_not(status, kind):
    world = World(_problem(status, errors=[{"field": "revenue_cny", "message": "not a number"}]))
    with pytest.raises(ClientError) as caught:
        world.client().assess(RECORD, idempotency_key="loan-1")
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.status, error.request_id, error.attempts) == ("ICS-SRV-099", status, REQUEST_ID, 1)
    assert error.errors == (("revenue_cny", "not a number"),)
    assert error.idempotency_key == "loan-1"
    assert (len(world.requests), world.pauses) == (1, [])
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))


@pytest.mark.parametrize("failure", [httpx.LocalProtocolError(KEY), httpx.UnsupportedProtocol(KEY)], ids=repr)
def test_what_cannot_be_sent_is_not_repeated(failure):
    world = World(failure)
    with pytest.raises(UnexpectedAnswerError, match="ICS-CLT-012"):
        world.client().assess(RECORD)
    assert len(world.requests) == 1


@pytest.mark.parametrize("answer", [
    httpx.Response(200, text=f"<html>{POISON}"), httpx.Response(201, content=b"{}", headers=JSON),
    httpx.Response(201, content=b"[1", headers=JSON), httpx.Response(302, headers={"Location": "https://other.example"}),
    httpx.Response(204), httpx.Response(404, text=POISON),
    httpx.Response(422, json={"code": POISON, "detail": POISON}, headers={"Content-Type": "application/problem+json"}),
    httpx.Response(422, content=b"[", headers={"Content-Type": "application/problem+json"}),
], ids=repr)  # fmt: skip
def test_an_answer_of_something_else_is_no_decision(answer):
    world = World(answer)
    with pytest.raises(ClientError, match="ICS-CLT-011") as caught:
        world.client().assess(RECORD)
    assert POISON not in _everything(caught.value)
    assert len(world.requests) == 1


def test_retries_are_counted():
    world = World(*[httpx.ReadTimeout(POISON)] * 3)
    with pytest.raises(UnavailableError) as caught:
        world.client(retries=Retries(most=2)).assess(RECORD, idempotency_key="loan-1")
    assert (caught.value.attempts, caught.value.code, caught.value.status) == (3, "ICS-CLT-010", None)
    assert "ReadTimeout" in str(caught.value)
    assert world.keys == ["loan-1"] * 3


def test_a_pause_is_as_long_as_the_service_asks_for_and_little_more():
    world = World(_problem(429, **{"Retry-After": "7"}), _decided())
    world.client().assess(RECORD)
    assert 7 <= world.pauses[0] <= 7.25


def test_nobody_waits_beyond_the_deadline():
    world = World(_problem(503, **{"Retry-After": "7"}), _problem(503, **{"Retry-After": "7"}))
    with pytest.raises(UnavailableError) as caught:
        world.client(retries=Retries(deadline=10)).assess(RECORD)
    assert (caught.value.attempts, caught.value.retry_after, len(world.pauses)) == (2, 7, 1)
    assert world.timeouts == [30.0, pytest.approx(10 - world.now)]


@given(st.integers(0, 30), st.floats(0, 100), st.lists(st.none() | st.floats(0, 1000), min_size=31, max_size=31))
def test_pauses_keep_within_count_and_deadline(most, deadline, asked):
    now = [5.0]
    attempts = Attempts(Retries(most=most, deadline=deadline), lambda: now[0])
    for seconds in asked:
        attempts.begin(30)
        pause = attempts.pause(seconds)
        if pause is None:
            break
        assert pause >= (seconds or 0)
        assert seconds is not None or pause <= 8
        now[0] += pause
    assert attempts.made <= most + 1
    assert now[0] <= 5 + deadline


def test_pauses_without_a_word_of_the_service_double():
    attempts, pauses = Attempts(Retries(most=9), lambda: 0.0, lambda _, most: most), []
    for _ in range(8):
        attempts.begin(30)
        pauses.append(attempts.pause(None))
    assert pauses == [0.25, 0.5, 1, 2, 4, 8, 8, 8]


@pytest.mark.parametrize(("text", "seconds"), [
    (None, None), ("5", 5), (" 0 ", 0), ("-1", None), ("nan", None), ("1.5", None), ("", None), ("9" * 400, math.inf),
    ("²", None), ("Wed, 01 Jul 2026 09:30:10 GMT", 10), ("Wed, 01 Jul 2026 09:29:50 GMT", 0),
    ("Wed, 01 Jul 2026 09:30:10 -0000", 10), ("Wed, 99 Jul 2026 09:30:10 GMT", None),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert seconds_to_wait(text, datetime(2026, 7, 1, 9, 30, tzinfo=UTC)) == seconds


class TestBatches:
    def test_a_record_that_waits_for_the_ledger_makes_the_whole_batch_be_sent_again(self):
        world = World(_batch(201, 503, 422), _batch(200, 201, 422))
        found = world.client().assess_all([{"a": n} for n in range(3)], idempotency_key="b")
        assert [result.status for result in found] == [200, 201, 422]
        first, second = world.requests
        assert first.content == second.content == b'{"records":[{"a":0},{"a":1},{"a":2}]}'
        assert world.keys == ["b", "b"]
        assert list(found.problems) == [2]

    def test_what_still_waits_at_the_end_is_told(self):
        world = World(*[_batch(201, 503) for _ in range(2)])
        found = world.client(retries=Retries(most=1)).assess_all([{}, {}])
        assert isinstance(found[0], Assessment)
        assert isinstance(found[1], Problem)
        assert found.problems[1].status == 503
        assert found.idempotency_key == world.keys[0]

    def test_a_decision_keeps_its_bytes(self):
        (found,) = World(_batch(201)).client().assess_all([{}])
        assert found.content == b'{"decision_id":"d", "x": [1.50, {"}":"]"}]}'

    def test_a_long_list_is_split(self):
        world = World(_batch(*[201] * 1000), _batch(*[201] * 1000), _batch(201))
        found = world.client().assess_all([{"a": n} for n in range(2001)], idempotency_key="b")
        assert len(found) == 2001
        assert world.keys == ["b", "b#1000", "b#2000"]
        assert b'{"a":1999}]' in world.requests[1].content

    def test_a_batch_that_fails_says_what_was_done_before_and_how_to_go_on(self):
        world = World(_batch(201, 422), _problem(500))
        with pytest.raises(UnexpectedAnswerError) as caught:
            world.client().assess_all([{}] * 3, batch_size=2)
        assert [result.status for result in caught.value.results] == [201, 422]
        assert caught.value.idempotency_key == world.keys[0]

    @pytest.mark.parametrize("answer", [
        _batch(201), _batch(201, 201, 201), httpx.Response(200, content=b'{"results":7}', headers=JSON),
        httpx.Response(200, content=b'{"results":[{"status":201},{"status":201}]}', headers=JSON),
        httpx.Response(200, content=b'{"results":[{},{}]}', headers=JSON),
        httpx.Response(200, content=b'{"results":[]} {}', headers=JSON), httpx.Response(200, content=b"", headers=JSON),
    ], ids=lambda answer: answer.text[:40])  # fmt: skip
    def test_anything_but_a_result_for_each_record_is_an_error(self, answer):
        world = World(answer)
        with pytest.raises(UnexpectedAnswerError, match="ICS-CLT-011"):
            world.client().assess_all([{}, {}])
        assert len(world.requests) == 1

    def test_nothing_to_decide_is_not_sent(self):
        assert len(World().client().assess_all([])) == 0

    @pytest.mark.parametrize("size", [0, 1001, -1])
    def test_a_size_that_the_service_refuses_is_refused(self, size):
        with pytest.raises(InputError, match="batch_size"):
            World().client().assess_all([{}], batch_size=size)

    def test_a_key_has_room_for_the_positions(self):
        World(_batch(201)).client().assess_all([{}], idempotency_key="k" * 250)
        with pytest.raises(InputError, match="1 to 248"):
            World().client().assess_all([{}] * 2, idempotency_key="k" * 249, batch_size=1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), datetime(2026, 7, 1, tzinfo=UTC), {1}, "\ud800", 2**60])
def test_a_value_that_json_does_not_have_is_named_and_nothing_sent(value):
    world = World()
    record = {"enterprise_id": POISON, "revenue_cny": value, POISON + " x": value}
    with pytest.raises(InputError, match="ICS-CLT-003 revenue_cny") as caught:
        world.client().assess(record)
    assert POISON not in _everything(caught.value)
    with pytest.raises(InputError, match=r"ICS-CLT-003 records\.1\.revenue_cny"):
        world.client().assess_all([{}, record])
    assert world.requests == []


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "a\nb"])
def test_an_idempotency_key_that_no_header_takes_is_refused(key):
    with pytest.raises(InputError, match="idempotency_key"):
        World().client().assess({}, idempotency_key=key)


@pytest.mark.parametrize("decision_id", ["", "..", "a/b", "a?b", "ä", "a%2fb"])
def test_an_identifier_that_leads_elsewhere_is_refused(decision_id):
    for method in (World().client().get, World().client().report):
        with pytest.raises(InputError, match="decision_id"):
            method(decision_id)


@pytest.mark.parametrize("url", ["", "icsml.example", "ftp://icsml.example", f"https://u:{KEY}@icsml.example", "https://",
                                 "https://icsml.example?a=1", "http://h:port", "http://a\x00b"])  # fmt: skip
def test_an_address_that_is_none_or_holds_a_password_is_refused(url):
    with pytest.raises(InputError, match="ICS-CLT-001 url") as caught:
        Client(url, KEY)
    assert KEY not in _everything(caught.value)


@pytest.mark.parametrize("key", ["", KEY + "\n", f" {KEY}", "ä" + KEY])
def test_a_key_that_no_header_takes_is_refused_without_showing_it(key):
    with pytest.raises(InputError, match="ICS-CLT-001 key") as caught:
        Client("https://icsml.example", key)
    assert KEY not in _everything(caught.value)


def test_times_and_counts_are_finite():
    for name in ("most", "deadline", "first", "longest"):
        with pytest.raises(InputError, match=name):
            Retries(**{name: math.nan})
    with pytest.raises(InputError, match="timeout"):
        World().client(timeout=0)


@pytest.mark.parametrize("failure", [
    httpx.ReadError(f"{KEY} {POISON}"), httpx.LocalProtocolError(f"Illegal header value {KEY} {POISON}"),
    _problem(422), httpx.Response(500, text=POISON + KEY), httpx.Response(201, text=POISON + KEY),
], ids=repr)  # fmt: skip
def test_neither_key_nor_record_is_in_a_log_an_error_or_what_is_displayed(caplog, failure):
    caplog.set_level(logging.DEBUG)
    world = World(failure, _decided())
    client = world.client(retries=Retries(most=0))
    with pytest.raises(ClientError) as caught:
        client.assess(RECORD, idempotency_key="loan-1")
    shown = [_everything(caught.value), repr(client), repr(vars(client)), caplog.text, repr(client.assess(RECORD))]
    assert "icsml.example" in shown[1]
    for text in shown:
        for secret in (KEY, "SECRETSECRET", POISON, "987654321"):
            assert secret not in text
    assert caught.value.__cause__ is caught.value.__context__ is None


def _everything(error):
    shown = "".join(traceback.format_exception_only(error))
    return f"{shown}{error!r}{vars(error)}{error.__cause__!r}{error.__context__!r}"


class TestAsync:
    def test_it_repeats_as_the_other(self):
        world = World(
            httpx.ReadError("x"), _decided(), _batch(503), _batch(200), _problem(401), httpx.ConnectError("x")
        )

        async def sleep(seconds):
            world.sleep(seconds)

        async def use():
            parts = {"transport": httpx.MockTransport(world), "clock": lambda: world.now, "sleep": sleep}
            async with AsyncClient("https://icsml.example", KEY, **parts) as client:
                assert KEY not in repr(client)
                one, many = await client.assess(RECORD), await client.assess_all([RECORD])
                with pytest.raises(AuthError):
                    await client.current_model()
                return one, many, await client.ready()

        one, many, ready = asyncio.run(use())
        assert (one.content, many[0].status, ready, len(world.pauses)) == (DECISION, 200, False, 2)

    def test_both_have_the_same_methods(self):
        methods = {name for name in vars(Client) if not name.startswith("_")} - {"close"}
        assert {"assess", "assess_all", "get"} < methods
        assert methods == {name for name in vars(AsyncClient) if not name.startswith("_")} - {"aclose"}


def test_every_public_name_is_in_all():
    assert icsml.client.__all__ == sorted(icsml.client.__all__)
    assert all(hasattr(icsml.client, name) for name in icsml.client.__all__)


def test_importing_it_loads_neither_server_nor_model_nor_tables():
    heavy = ("fastapi", "lightgbm", "mlflow", "numba", "numpy", "pandas", "pyarrow", "scipy", "sqlalchemy", "starlette")
    code = f"import icsml.client, sys; print('httpx' in sys.modules, [m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "True []\n"
