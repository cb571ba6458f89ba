from __future__ import annotations

import asyncio
import json
import logging

import pytest

from icsml.errors import LedgerError
from icsml.records.field import Kind
from icsml.records.fields import FIELDS
from icsml.serving.key_changes import create_key, revoke_key
from icsml.serving.settings import ServingSettings

URL = "/v1/assessments"
JSON = {"Content-Type": "application/json"}
POISON = "PoisonGmbH4711"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b'{"enterprise_id": "E1",}', b"\xff\xfe", b"\xef\xbb\xbf{}", b"{} {}",
        b'{"enterprise_id": "E1", "enterprise_id": "E2"}', b'{"extra": {"a": 1, "a": 1}}',
        b'{"revenue_cny": NaN}', b'{"revenue_cny": Infinity}', b'{"revenue_cny": -Infinity}',
        b'{"revenue_cny": 1e999}', b'{"revenue_cny": ' + b"9" * 5000 + b"}", b'{"enterprise_id": "\\ud800"}',
        b'{"\\udfff": 1}', b"[" * 60000, b'{"a":' * 10000, '{"enterprise_id": "\u4f01"}'.encode("gb18030"),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)  # fmt: skip
def test_what_is_not_json_is_400(client, problem, body):
    assert problem(client.post(URL, content=body, headers=JSON), 400).code == "ICS-SRV-010"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"1", b"true", b"[{}]"])
def test_json_that_is_no_record_is_422(client, problem, body):
    assert problem(client.post(URL, content=body, headers=JSON), 422).code == "ICS-REC-001"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"revenue_cny": "12"}, "revenue_cny"),
        ({"revenue_cny": True}, "revenue_cny"),
        ({"staff_total": 3.5}, "staff_total"),
        ({"staff_total": -1}, "staff_total"),
        ({"high_growth_list": 1}, "high_growth_list"),
        ({"enterprise_id": None}, "enterprise_id"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"as_of": "2026-06-30T00:00:00"}, "as_of"),
        ({"as_of": 20260630}, "as_of"),
        ({"as_of": None}, "as_of"),
        ({"revenu_cny": 1.0}, "revenu_cny"),
        ({"extra": {"undeclared": 1.0}}, "extra.undeclared"),
        ({"extra": {"utility_arrears": -1e400}}, None),
        ({"extra": []}, "extra"),
        ({"statement_published_at": "2027-01-01"}, "statement_published_at"),
        ({"uscc": "91350100M000100Y44"}, "uscc"),
    ],
)
def test_a_field_that_is_not_acceptable_is_named(client, ledger, record, problem, change, field):
    body = json.dumps({**record, **change})
    answer = client.post(URL, content=body, headers=JSON)
    if field is None:
        problem(answer, 400)
    else:
        assert field in [fault.field for fault in problem(answer, 422).errors]
    assert ledger.count() == 0


def test_every_field_at_fault_is_named_up_to_a_limit(client, problem):
    wrong: dict[str, object] = {field.name: [] for field in FIELDS} | {f"unknown_{i}": 1 for i in range(300)}
    faults = problem(client.post(URL, json=wrong), 422).errors
    assert len(faults) == 50
    assert {"as_of", "ip_class1"} <= {fault.field for fault in faults}


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk"]
)
def test_another_media_type_is_415(client, problem, record, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    answer = client.post(URL, content=json.dumps(record).encode(), headers=headers)
    assert problem(answer, 415).code == "ICS-SRV-009"


def _padded(record, size):
    body = json.dumps(record).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_the_limit_is_413(client, problem, record, chunked):
    limit = ServingSettings().max_body_bytes
    assert client.post(URL, content=_padded(record, limit), headers=JSON).status_code == 201
    body = _padded(record, limit + 1)
    content = iter([body[:5000], body[5000:]]) if chunked else body
    answer = client.post(URL, content=content, headers=JSON)
    assert ("content-length" in answer.request.headers) is not chunked
    assert problem(answer, 413).code == "ICS-SRV-008"


@pytest.mark.parametrize("stated", ["9" * 5000, "1000000", "10"])
def test_a_stated_length_is_not_trusted(make_app, keys, stated):
    """Straight through ASGI, where a server has not yet looked at the length."""
    sent = asyncio.run(_asgi(make_app(), keys.score, [b"x" * 200_000], length=stated))
    assert sent[0]["status"] == 413


def test_a_slow_body_is_408(make_app, keys):
    app = make_app(settings=ServingSettings(body_seconds=0.05))
    sent = asyncio.run(_asgi(app, keys.score, [b"{", None]))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "ICS-SRV-007"


def test_a_sender_that_goes_away_is_logged_and_nothing_else(make_app, keys, caplog, ledger):
    caplog.set_level(logging.INFO)
    assert asyncio.run(_asgi(make_app(), keys.score, [b"{"], leaves=True)) == []
    assert [json.loads(entry.message)["status"] for entry in caplog.records if entry.name == "icsml.access"] == [499]
    assert ledger.count() == 0


async def _asgi(app, key, chunks, *, length=None, leaves=False):
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"content-type", b"application/json")]
    headers += [(b"content-length", length.encode())] if length else []
    scope = {"type": "http", "method": "POST", "path": URL, "raw_path": URL.encode(), "query_string": b"",
             "headers": headers, "http_version": "1.1", "scheme": "http", "server": None, "client": None}  # fmt: skip
    arriving, sent = list(chunks), []

    async def receive():
        if leaves and not arriving:
            return {"type": "http.disconnect"}
        chunk = arriving.pop(0) if arriving else b""
        if chunk is None:
            await asyncio.sleep(30)
        return {"type": "http.request", "body": chunk, "more_body": bool(arriving) or leaves}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/assessments/", "/v1/assessments:other", "/console/"])
def test_a_path_that_is_not_built_is_404(client, problem, path):
    assert problem(client.get(path), 404).code == "ICS-SRV-004"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", URL, "GET, POST"),
        ("PUT", URL, "GET, POST"),
        ("DELETE", f"{URL}/x", "GET"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_another_method_is_405(client, problem, method, path, allowed):
    answer = client.request(method, path)
    assert problem(answer, 405).code == "ICS-SRV-006"
    assert answer.headers["Allow"] == allowed


def _poisoned(record):
    """Records with the poison as a value of each field in turn, as a key, and as the key and value of an extra."""
    for field in FIELDS:
        yield {**record, field.name: POISON}
        if field.kind is Kind.TEXT:
            yield {**record, field.name: POISON, "revenue_cny": "x"}
    yield {**record, f"{POISON} {POISON}": 1}
    yield {**record, "extra": {f"<{POISON}>": 1.0}}
    yield {**record, "extra": {"utility_arrears": POISON}}
    yield [POISON]
    yield POISON


def test_no_answer_and_no_log_repeats_a_value(client, record, caplog):
    caplog.set_level(logging.DEBUG, logger="icsml")
    refused = 0
    for body in _poisoned(record):
        answer = client.post(URL, json=body, headers={"Idempotency-Key": f"{POISON} ä".encode("latin-1")})
        assert POISON not in answer.text
        answer = client.post(URL, json=body)
        if answer.status_code >= 400:
            refused += 1
            assert POISON not in answer.text + str(answer.headers)
    assert refused > len(FIELDS) - 5
    assert POISON not in caplog.text
    for broken in (f'{{"enterprise_id": "{POISON}"', f'{{"enterprise_id": "{POISON}", "revenue_cny": NaN}}'):
        assert POISON not in client.post(URL, content=broken, headers=JSON).text
    assert POISON not in client.get(f"{URL}/{POISON}").text
    assert POISON not in client.get(f"/{POISON}").text
    assert POISON not in caplog.text


def test_the_log_says_where_an_error_happened_that_is_answered_503(client, record, problem, caplog, monkeypatch):
    def absent(*_, **__):
        raise LedgerError("ICS-LED-005", "no such thing") from OSError(POISON)

    monkeypatch.setattr("icsml.serving.deciding.decision_entry", absent)
    problem(client.post(URL, json=record), 503)
    failure = next(json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.failure")
    assert (failure["code"], failure["cause"]) == ("ICS-LED-005", "OSError")
    assert failure["at"][-1].endswith(" absent")


def test_an_unexpected_error_tells_and_logs_nothing_of_its_message(client, record, problem, caplog, capfd, monkeypatch):
    def fail(*_, **__):
        raise ValueError(f"cannot handle {POISON}") from KeyError(POISON)

    monkeypatch.setattr("icsml.serving.deciding.decide", fail)
    caplog.set_level(logging.INFO)
    answer = client.post(URL, json=record)
    found = problem(answer, 500)
    assert found.code == "ICS-SRV-012"
    assert "ValueError" not in answer.text
    failure = next(json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.failure")
    assert (failure["error"], failure["cause"]) == ("ValueError", "KeyError")
    assert found.instance == f"urn:uuid:{failure['request_id']}"
    assert failure["at"][-1].endswith(" fail")
    captured = capfd.readouterr()
    assert POISON not in caplog.text + answer.text + captured.out + captured.err


def test_one_line_of_json_for_each_request(client, record, caplog):
    caplog.set_level(logging.INFO)
    posted = client.post(URL, json=record)
    client.get(posted.headers["Location"])
    client.get("/healthz")
    client.request("BREW", "/pot")
    lines = [json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.access"]
    assert [(line["tenant"], line["method"], line["route"], line["status"]) for line in lines] == [
        ("bank-a", "POST", "/v1/assessments", 201),
        ("bank-a", "GET", "/v1/assessments/{id}", 200),
        (None, "GET", "/healthz", 200),
        (None, "other", None, 404),
    ]
    assert lines[0]["request_id"] == posted.headers["X-Request-Id"]
    assert all(line["ms"] > 0 for line in lines)
    assert all(record["enterprise_id"] not in entry.message for entry in caplog.records)


def test_the_log_names_the_key_and_why_it_was_refused(client, keys, record, caplog):
    caplog.set_level(logging.INFO)
    client.post(URL, json=record)
    revoked = create_key(keys.path, "bank-a", "score")
    revoke_key(keys.path, revoked.id)
    client.get(f"{URL}/x", headers={"Authorization": f"Bearer {revoked.key}"})
    client.get(f"{URL}/x", headers={"Authorization": "Bearer x"})
    client.get(f"{URL}/x", headers={"Authorization": ""})
    client.get("/healthz")
    lines = [json.loads(entry.message) for entry in caplog.records if entry.name == "icsml.access"]
    assert [(line["key_id"], line.get("refused")) for line in lines] == [
        (keys.score.split("_")[1], None),
        (revoked.id, "revoked"),
        (None, "unknown"),
        (None, "absent"),
        (None, None),
    ]


def test_answers_are_not_stored_on_the_way(client, record):
    assert client.post(URL, json=record).headers["Cache-Control"] == "no-store"


def test_without_its_file_the_ledger_takes_no_decision(client, record, problem, tmp_path):
    assert client.post("/v1/assessments", json=record).status_code == 201
    (tmp_path / "ledger.db").unlink()
    assert problem(client.post("/v1/assessments", json=record), 503).code == "ICS-LED-003"
    assert problem(client.get("/readyz"), 503).code == "ICS-SRV-013"
    assert not (tmp_path / "ledger.db").exists()
