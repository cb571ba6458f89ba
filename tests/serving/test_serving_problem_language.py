"""Problem details in the language asked for: what changes with it, what does not, and what the headers say of it."""

from __future__ import annotations

import ast
import re
from http import HTTPStatus
from itertools import product
from pathlib import Path

import pytest

import icsml.serving
from icsml.errors import InputError
from icsml.records.enterprise import parse_record
from icsml.records.field import Kind
from icsml.records.fields import FIELDS
from icsml.serving.problem_words import Words
from icsml.serving.problems import RequestError, problem_response
from icsml.serving.settings import ServingSettings
from icsml.texts.error_texts import error_codes, error_title, in_other_words

URL = "/v1/assessments"
ZH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OVERRIDE = {"outcome": "approve", "reason_code": "guarantee", "user": "officer-17"}


def _told(found):
    return [found.title, found.detail, *(each.message for each in found.errors)]


def _stays(found):
    return found.type, found.code, found.status, [each.field for each in found.errors]


@pytest.fixture
def both(problem):
    """Ask twice, in Chinese and without a language; returns both problems, all of the first in Chinese."""

    def both(client, method, path, status, headers=(), **body):
        asked = [client.request(method, path, headers=[*headers, *more], **body) for more in (ZH.items(), ())]
        zh, en = (problem(answer, status) for answer in asked)
        assert [answer.headers["Content-Language"] for answer in asked] == ["zh", "en"]
        assert [answer.headers.get_list("Vary") for answer in asked] == [["Accept-Language"]] * 2
        assert all(CHINESE.search(each) for each in _told(zh)), zh
        assert not any(CHINESE.search(each) for each in _told(en)), en
        assert zh.title == error_title(zh.code).zh
        assert en.title == error_title(en.code).en
        assert _stays(zh) == _stays(en)
        return zh, en

    return both


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "ICS-SRV-004"),
        ("DELETE", URL, 405, "ICS-SRV-006"),
        ("GET", f"{URL}/none", 404, "ICS-SRV-005"),
        ("GET", f"{URL}/none/report", 403, "ICS-SRV-002"),
        ("GET", f"{URL}/none?lang=zh", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?colour=red", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?grade=A&grade=B", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?limit=0", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?limit=many", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?limit=9999", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?from=soon", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?grade=%01", 422, "ICS-SRV-011"),
        ("GET", f"{URL}?from=2026-07-02&to=2026-07-01", 422, "ICS-SRV-071"),
        ("GET", f"{URL}?cursor=x", 422, "ICS-SRV-070"),
        ("GET", "/v1/rulebooks/none", 404, "ICS-RUL-002"),
        ("POST", URL, 415, "ICS-SRV-009"),
    ],
)
def test_a_request_that_is_refused(client, both, method, path, status, code):
    assert both(client, method, path, status)[0].code == code


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([("Authorization", "Bearer x")], 401, "ICS-SRV-001"),
        ([("Host", "a"), ("Host", "b")], 400, "ICS-SRV-041"),
        ([("Content-Encoding", "gzip")], 415, "ICS-SRV-042"),
        ([("Idempotency-Key", "a b")], 422, "ICS-SRV-011"),
        ([("Idempotency-Key", "a" * 300)], 422, "ICS-SRV-011"),
    ],
)
def test_a_header_that_is_refused(client, both, headers, status, code):
    zh, _ = both(client, "POST", URL, status, headers, json={})
    assert zh.code == code


def test_a_parameter_beside_a_body_is_refused(client, both, record):
    assert "'true'、'false'" in both(client, "POST", f"{URL}?recourse=perhaps", 422, json=record)[0].errors[0].message
    path = client.post(URL, json=record).headers["Location"]
    both(client, "POST", f"{path}/objection", 422, json={"statement": "s", "user": "u", "more": 1})


def test_a_body_that_is_not_wanted(client, keys, both):
    auditor = [("Authorization", f"Bearer {keys.audit}")]
    assert both(client, "POST", f"{URL}/x:replay", 422, auditor, json={})[0].code == "ICS-SRV-061"
    assert both(client, "POST", f"{URL}:batch", 422, json={})[0].code == "ICS-SRV-053"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}', b"[" * 60000]
)
def test_a_body_that_is_not_json(client, both, body):
    zh, _ = both(client, "POST", URL, 400, [("Content-Type", "application/json")], content=body)
    assert zh.code == "ICS-SRV-010"


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1}, {"unknown": 1, "<b>": 2, "as_of": 3}, {"extra": []}, {"extra": {"undeclared": 1.0}},
        {"extra": {"utility_arrears": "x"}}, {"as_of": None}, {"enterprise_id": None}, {"staff_total": 3.5},
        {"statement_published_at": "2027-01-01"}, {"uscc": "91350100M000100Y44"}, {"founded_on": "2030-01-01"},
    ],
    ids=str,
)  # fmt: skip
def test_a_record_that_is_refused(client, both, record, change):
    zh, _ = both(client, "POST", URL, 422, json=record | change)
    assert zh.code.startswith(("ICS-REC", "ICS-DEC"))


@pytest.mark.parametrize("wrong", [[], {}, "", "x", "\n", "y" * 200, True, -1, 1.5, 1e30, "2026-02-30"], ids=repr)
def test_every_field_of_a_record_is_refused_in_chinese(record, wrong):
    kinds = set()
    for field in FIELDS:
        try:
            parse_record(record | {field.name: wrong})
        except InputError as error:
            kinds.add(field.kind)
            words = Words("zh")
            told = [words.sentence(error.message, error.remedy), *(words.sentence(each) for _, each in error.details)]
            assert words.languages == "zh", (field.name, told)
    assert kinds & {Kind.TEXT, Kind.NUMBER, Kind.COUNT, Kind.FLAG}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"outcome": "maybe"}, "ICS-SRV-056"),
        ({"outcome": 1, "note": 1, "user": "", "second_user": "a\nb", "amount_cny": "many"}, "ICS-SRV-056"),
        ({"amount_cny": -1, "comment": "c" * 5000}, "ICS-SRV-056"),
        ({"reason_code": "other"}, "ICS-SRV-060"),
        ({"user": " "}, "ICS-SRV-060"),
        ({"second_user": "Officer-17"}, "ICS-SRV-060"),
        ({"amount_cny": 2e9}, "ICS-SRV-058"),
    ],
)
def test_what_is_said_of_a_decision_and_refused(client, both, record, change, code):
    path = client.post(URL, json=record).headers["Location"]
    zh, _ = both(client, "POST", f"{path}/override", 422, json=OVERRIDE | change)
    assert zh.code == code


@pytest.mark.parametrize(
    "outcome",
    [
        None, {}, {"as_of": "soon"}, {"bad": "perhaps"}, {"bad": None, "event": "default"}, {"decision_id": "none"},
        {"bad": True, "event": "default", "event_date": "2020-01-01"}, {"event": "flood"}, {"as_of": []},
        {"event_date": "2026-07-01"}, {"as_of": "2027-01-01"}, {"bad": True, "event_date": "2027-06-30"},
        {"as_of": "2024-01-01", "bad": True, "event_date": "2025-01-02"}, {"bad": True, "replaces": "none"},
    ],
    ids=str,
)  # fmt: skip
def test_outcomes_that_are_refused(client, both, outcome):
    right = {"enterprise_id": "e", "as_of": "2026-06-30", "bad": False}
    body = {"outcomes": [] if outcome is None else [right | outcome if outcome else 7]}
    both(client, "POST", "/v1/outcomes", 422, json=body)


def test_what_the_ledger_refuses(client, both, ledger, record):
    key = [("Idempotency-Key", "k")]
    path = client.post(URL, json=record, headers=dict(key)).headers["Location"]
    assert both(client, "POST", URL, 409, key, json=record | {"staff_total": 7})[0].code == "ICS-LED-007"
    body = {"record": record | {"enterprise_id": "another"}, "reason": "r", "user": "u"}
    assert both(client, "POST", f"{path}/correction", 422, json=body)[0].code == "ICS-SRV-057"
    for since, status, code in (("none", 404, "ICS-LED-030"), (path.rpartition("/")[2], 422, "ICS-LED-031")):
        assert both(client, "GET", f"{path}/changes?since={since}", status)[0].code == code
    ledger.erase_enterprise("bank-a", record["enterprise_id"], reason="asked for it", by="officer")
    assert both(client, "GET", path, 410)[0].code == "ICS-LED-026"


def test_what_the_service_cannot_do_now(client, both, record, monkeypatch, ledger):
    def fail(*_, **__):
        raise ValueError("secret")

    def unavailable(*_, **__):
        raise RequestError(HTTPStatus.SERVICE_UNAVAILABLE, "ICS-SRV-051", "of no language")

    monkeypatch.setattr(ledger, "decision", fail)
    assert both(client, "GET", f"{URL}/x", 500)[0].code == "ICS-SRV-012"
    monkeypatch.setattr(ledger, "decision", unavailable)
    assert "Idempotency-Key" in both(client, "GET", f"{URL}/x", 503)[0].detail


def test_too_many_requests(make_app, test_client, keys, both):
    app = make_app(settings=ServingSettings(rate_per_minute=1, rate_burst=1))
    with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
        client.get(f"{URL}/x")
        assert both(client, "GET", f"{URL}/x", 429)[0].code == "ICS-SRV-040"


@pytest.mark.parametrize("accepted", [None, "", "*", "fr", "de-CH, *;q=0.5", "en, zh", "zh;q=0", "chinese"])
def test_english_is_the_default(client, problem, accepted):
    answer = client.get("/nowhere", headers={} if accepted is None else {"Accept-Language": accepted})
    assert problem(answer, 404).title == "No such path"
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == ("en", "Accept-Language")


def test_what_has_no_chinese_stays_english_and_is_declared(client, problem, ledger, monkeypatch):
    def refuse(*_):
        raise InputError(
            "ICS-LED-009", "said by nobody", field="id", remedy="shorten it", details=[("id", "already recorded")]
        )

    monkeypatch.setattr(ledger, "decision", refuse)
    answer = client.get(f"{URL}/x", headers=ZH)
    found = problem(answer, 422)
    assert _told(found) == [error_title("ICS-LED-009").zh, "said by nobody — shorten it", "已有记录"]
    assert answer.headers["Content-Language"] == "zh, en"


def test_of_a_code_that_nobody_declared_the_status_is_told():
    answer = problem_response("x", HTTPStatus.NOT_FOUND, "ICS-XXX-000", "no such path", language="zh")
    assert (b"Not Found" in answer.body, answer.headers["Content-Language"]) == (True, "zh, en")


def test_before_there_is_a_request_it_is_english_whatever_was_asked():
    answer = problem_response("x", HTTPStatus.BAD_REQUEST, "ICS-SRV-014", "this is not an HTTP/1.1 request")
    assert answer.headers["Content-Language"] == "en"
    assert "Vary" not in answer.headers


def test_of_a_batch_the_problems_alone_are_in_the_language(client, record):
    bodies = product(({}, ZH), ([record], [record, record | {"staff_total": "x"}]))
    answers = [client.post(f"{URL}:batch", json={"records": records}, headers=headers) for headers, records in bodies]
    assert [answer.headers.get("Vary") for answer in answers] == [None, "Accept-Language"] * 2
    assert all("Content-Language" not in answer.headers for answer in answers)  # decisions are in both
    en, zh = (answers[at].json()["results"][1]["problem"] for at in (1, 3))
    assert (en["title"], zh["title"]) == (error_title("ICS-REC-001").en, error_title("ICS-REC-001").zh)
    assert zh["errors"] == [{"field": "staff_total", "message": "须为整数"}]


def test_a_request_that_is_served_asks_for_no_language(client, record, monkeypatch):
    def fail(*_):
        raise AssertionError

    for name in ("asked_language", "Words"):
        monkeypatch.setattr(f"icsml.serving.problems.{name}", fail)
    made = client.post(URL, json=record, headers=ZH)
    answers = [made, client.get(made.headers["Location"], headers=ZH), client.get("/healthz", headers=ZH)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert not any({"vary", "content-language"} & {*answer.headers} for answer in answers)


def test_problems_are_documented_with_their_language(client):
    operations = [each for path in client.get("/openapi.json").json()["paths"].values() for each in path.values()]
    documented = [
        answer
        for operation in operations
        for answer in operation["responses"].values()
        if "application/problem+json" in answer.get("content", {})
    ]
    assert len(documented) > 50
    assert all({"Content-Language", "Vary"} <= answer["headers"].keys() for answer in documented)


CODE = re.compile(r"ICS-[A-Z]{3}-[0-9]{3}")
STATUS = {code: each.status for section in error_codes().values() for code, each in section.items()}


def _sentences_of(call):
    """Return the constant sentences beside the code that a call names, where the answer shows them."""
    arguments = [*call.args, *(each.value for each in call.keywords if each.arg in ("remedy", "message"))]
    code = next((each.value for each in arguments if isinstance(each, ast.Constant) and _is_code(each.value)), None)
    if code is None or STATUS[code] in (None, 503) or "SERVICE_UNAVAILABLE" in ast.unparse(call):
        return
    for each in arguments:
        if isinstance(each, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and " " in each.value:
            yield each.value


def _is_code(value):
    return isinstance(value, str) and CODE.fullmatch(value) is not None


def test_every_sentence_that_the_service_writes_for_its_own_codes_is_there_in_chinese():
    sources = list(Path(icsml.serving.__file__).parent.rglob("*.py"))
    calls = [
        node for path in sources for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    written = {sentence for call in calls for sentence in _sentences_of(call)}
    assert len(written) > 25
    unknown = {each for each in written if in_other_words(each, "zh") is None}
    assert unknown == {"the body is not valid JSON: 7"}  # it ends in what is said of JSON
