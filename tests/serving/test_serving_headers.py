"""Headers of requests that are refused, and those that every answer has."""

from __future__ import annotations

import json

import pytest

URL = "/v1/assessments"
ONCE = ["Authorization", "Content-Type", "Host", "Idempotency-Key"]
DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
POISON = "PoisonGmbH4711"


@pytest.fixture
def body(record):
    return json.dumps(record).encode()


def _headers(client, **changes):
    headers = {"Host": "x", "Authorization": client.headers["Authorization"], "Content-Type": "application/json"}
    return list((headers | {"Idempotency-Key": "a"} | changes).items())


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_header_that_decides_stands_once(client, ledger, body, problem, name, same, case):
    headers = _headers(client)
    value = dict(headers)[name] if same else POISON
    answer = client.post(URL, content=body, headers=[*headers, (case(name), value)])
    found = problem(answer, 400)
    assert (found.code, found.errors[0].field) == ("ICS-SRV-041", name)
    assert POISON not in answer.text
    assert ledger.count() == 0


def test_a_length_stands_once(client, ledger, body, problem):
    headers = [*_headers(client), ("Content-Length", str(len(body))), ("Content-Length", "1")]
    assert problem(client.post(URL, content=body, headers=headers), 400).code == "ICS-SRV-041"
    assert ledger.count() == 0


def test_any_other_header_may_stand_twice(client, body):
    headers = [*_headers(client), ("Accept", "a/b"), ("Accept", "c/d"), ("X-Own", "1"), ("X-Own", "2")]
    assert client.post(URL, content=body, headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/none", f"{URL}/x", f"{URL}/x/report"])
def test_it_holds_for_every_path_and_before_anything_else(client, problem, path):
    headers = [("Host", "x"), ("Host", "y")]
    assert problem(client.get(path, headers=headers), 400).code == "ICS-SRV-041"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "", "identity, gzip", "x" * 100])
def test_an_encoded_body_is_not_read(client, ledger, body, problem, encoding):
    answer = client.post(URL, content=body, headers=_headers(client, **{"Content-Encoding": encoding}))
    found = problem(answer, 415)
    assert (found.code, found.errors[0].field) == ("ICS-SRV-042", "Content-Encoding")
    assert ledger.count() == 0


def test_identity_is_no_encoding(client, body):
    headers = _headers(client, **{"Content-Encoding": "Identity"})
    assert client.post(URL, content=body, headers=headers).status_code == 201


def _security(answer):
    return {
        name: answer.headers.get_list(name)
        for name in ("cache-control", "content-security-policy", "referrer-policy", "x-content-type-options",
                     "x-frame-options")
    }  # fmt: skip


def test_every_answer_has_the_security_headers_once(client, keys, record, monkeypatch):
    location = client.post(URL, json=record).headers["Location"]
    audit = {"Authorization": f"Bearer {keys.audit}"}
    answers = {
        200: client.get(location),
        400: client.post(URL, content=b"{", headers={"Content-Type": "application/json"}),
        401: client.get(location, headers={"Authorization": "Bearer x"}),
        404: client.get("/none"),
        405: client.put(URL),
        415: client.post(URL, content=b"{}", headers={"Content-Encoding": "br"}),
        422: client.post(URL, json={}),
    }

    def fail(*_, **__):
        raise ValueError

    monkeypatch.setattr("icsml.serving.deciding.decide", fail)
    answers[500] = client.post(URL, json=record)
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    common = {
        "cache-control": ["no-store"], "referrer-policy": ["no-referrer"], "x-content-type-options": ["nosniff"],
        "x-frame-options": ["DENY"],
    }  # fmt: skip
    for answer in answers.values():
        assert _security(answer) == common | {"content-security-policy": [DATA]}
    page = client.get(f"{location}/report", headers=audit)
    policy = f"{DATA}; style-src 'unsafe-inline'; img-src data:"
    assert _security(page) == common | {"content-security-policy": [policy]}
