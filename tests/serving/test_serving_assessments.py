from __future__ import annotations

import asyncio
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.decision.decide import decide
from icsml.errors import LedgerError
from icsml.records.decision import Decision
from icsml.records.enterprise import parse_record
from icsml.reports.decision_page import decision_page
from icsml.serving.keys import create_key
from icsml.serving.settings import ServingSettings
from icsml.texts.languages import languages

URL = "/v1/assessments"
UNKNOWN = f"Bearer icsml_{'0' * 12}_{'A' * 43}"


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


def _decided(bundle, record, decision_id, now):
    return decide(bundle, parse_record(record), decision_id=decision_id, decided_at=now, version="3", reasons=8)


def _variants(record, n):
    rng = np.random.default_rng(11)
    numbers = [name for name, value in record.items() if isinstance(value, float)]
    for i in range(n):
        moved = {name: record[name] * rng.lognormal(0, 0.8) for name in numbers if name.endswith("_cny")}
        yield {**record, **moved, "enterprise_id": f"E{i}"}


def test_the_answer_is_the_decision_as_recorded(client, ledger, bundle, record, now):
    posted = client.post(URL, json=record)
    assert posted.status_code == 201
    assert posted.headers["content-type"] == "application/json"
    decision = Decision.model_validate_json(posted.content)
    assert uuid.UUID(decision.decision_id).version == 4
    assert posted.headers["Location"] == f"{URL}/{decision.decision_id}"
    assert decision == _decided(bundle, record, decision.decision_id, now).decision
    assert (decision.model.version, decision.model.bundle_sha256) == ("3", bundle.sha256)
    assert canonical_bytes(ledger.get("bank-a", decision.decision_id)["decision"]) == posted.content


def test_it_is_read_back_byte_for_byte(client, record):
    posted = client.post(URL, json=record)
    read = client.get(posted.headers["Location"])
    assert (read.status_code, read.content) == (200, posted.content)


def test_numbers_that_json_writes_as_integers_are_read_back_byte_for_byte(client, record):
    posted = client.post(URL, json={**record, "extra": {"utility_arrears": 1e17}, "revenue_cny": 10**22})
    assert posted.status_code == 201
    assert client.get(posted.headers["Location"]).content == posted.content


def test_the_ledger_holds_all_that_it_takes_to_decide_again(client, ledger, bundle, keys, record, now):
    decision_id = client.post(URL, json=record).json()["decision_id"]
    payload = ledger.get("bank-a", decision_id)
    assert payload["request"] == record
    assert payload["key_id"] == keys.score.split("_")[1]
    assert payload["bundle_sha256"] == bundle.sha256
    assert payload["rulebook_sha256"] == sha256_hex((bundle.folder / "rulebook.yaml").read_bytes())
    again = _decided(bundle, payload["request"], decision_id, now)
    assert payload["features"] == again.features
    assert payload["decision"] == again.decision.model_dump(mode="json")


def test_the_pd_is_that_of_decide_to_the_last_bit_in_every_thread(client, bundle, record, now):
    records = list(_variants(record, 64))
    with ThreadPoolExecutor(8) as pool:
        answers = [answer.json() for answer in pool.map(lambda sent: client.post(URL, json=sent), records)]
    alone = [_decided(bundle, sent, answer["decision_id"], now) for sent, answer in zip(records, answers, strict=True)]
    assert [answer["pd"].hex() for answer in answers] == [decided.decision.pd.hex() for decided in alone]
    assert [Decision.model_validate(answer) for answer in answers] == [decided.decision for decided in alone]
    assert len({answer["pd"] for answer in answers}) > 15


def test_one_booster_is_asked_by_one_thread_at_a_time(client, record, monkeypatch):
    inside, most = [], []

    def watched(*arguments, **options):
        inside.append(1)
        most.append(len(inside))
        decided = decide(*arguments, **options)
        inside.pop()
        return decided

    monkeypatch.setattr("icsml.serving.deciding.decide", watched)
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: client.post(URL, json=record), range(24))} == {201}
    assert max(most) == 1


class TestIdempotency:
    def test_the_same_body_gives_the_recorded_decision(self, client, ledger, record):
        headers = {"Idempotency-Key": "a-1"}
        first, second = (client.post(URL, json=record, headers=headers) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 200)
        assert (second.content, second.headers["Location"]) == (first.content, first.headers["Location"])
        assert ledger.count() == 1

    def test_the_body_is_compared_by_content(self, client, record):
        spaced = json.dumps(dict(reversed(record.items())), indent=3, ensure_ascii=False).encode()
        headers = {"Idempotency-Key": "a-1", "Content-Type": "application/json; charset=UTF-8"}
        assert client.post(URL, json=record, headers=headers).status_code == 201
        assert client.post(URL, content=spaced, headers=headers).status_code == 200

    def test_another_body_is_a_conflict(self, client, ledger, record, problem):
        headers = {"Idempotency-Key": "a-1"}
        client.post(URL, json=record, headers=headers)
        answer = client.post(URL, json={**record, "staff_total": record["staff_total"] + 1}, headers=headers)
        assert problem(answer, 409).code == "ICS-LED-007"
        assert ledger.count() == 1

    def test_tenants_do_not_share_keys(self, client, keys, record):
        first = client.post(URL, json=record, headers={"Idempotency-Key": "a-1"})
        other = client.post(URL, json=record, headers={"Idempotency-Key": "a-1", **_bearer(keys.other)})
        assert other.status_code == 201
        assert other.json()["decision_id"] != first.json()["decision_id"]

    def test_many_at_once_are_one_decision(self, client, ledger, record):
        with ThreadPoolExecutor(8) as pool:
            send = lambda _: client.post(URL, json=record, headers={"Idempotency-Key": "a-1"})  # noqa: E731
            answers = list(pool.map(send, range(16)))
        assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
        assert len({answer.content for answer in answers}) == 1
        assert ledger.count() == 1

    @pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
    def test_a_key_that_is_none(self, client, record, problem, key):
        answer = client.post(URL, json=record, headers={"Idempotency-Key": key})
        assert problem(answer, 422).errors[0].field == "header.Idempotency-Key"


class TestWho:
    @pytest.mark.parametrize("role", ["score", "admin"])
    def test_may_post(self, client, keys, record, role):
        assert client.post(URL, json=record, headers=_bearer(getattr(keys, role))).status_code == 201

    @pytest.mark.parametrize("role", ["score", "audit", "admin"])
    def test_may_read(self, client, keys, record, role):
        location = client.post(URL, json=record).headers["Location"]
        assert client.get(location, headers=_bearer(getattr(keys, role))).status_code == 200

    def test_an_auditor_does_not_decide(self, client, keys, ledger, record, problem):
        answer = client.post(URL, json=record, headers=_bearer(keys.audit))
        assert problem(answer, 403).code == "ICS-SRV-002"
        assert ledger.count() == 0

    def test_a_tenant_sees_its_own_decisions_only(self, client, keys, record, problem):
        location = client.post(URL, json=record).headers["Location"]
        foreign = client.get(location, headers=_bearer(keys.other))
        unknown = client.get(f"{URL}/{uuid.uuid4()}", headers=_bearer(keys.other))
        assert problem(foreign, 404).detail == problem(unknown, 404).detail

    @pytest.mark.parametrize("decision_id", ["x", "%00", "%0a", "é", "a" * 5000])
    def test_an_id_that_is_none(self, client, problem, decision_id):
        assert problem(client.get(f"{URL}/{decision_id}"), 404).code == "ICS-SRV-005"

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eDp5", "Bearer nonsense", UNKNOWN])
    @pytest.mark.parametrize(("method", "path"), [("POST", URL), ("GET", f"{URL}/x")])
    def test_nobody(self, make_app, record, problem, test_client, header, method, path):
        with test_client(make_app()) as client:
            headers = {} if header is None else {"Authorization": header}
            answer = client.request(method, path, json=record, headers=headers)
        assert problem(answer, 401).code == "ICS-SRV-001"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_nobody_is_refused_before_the_body_is_read(self, client, problem):
        answer = client.post(URL, content=b"x" * 10**6, headers={"Authorization": "Bearer x"})
        problem(answer, 401)


class TestNoRecordNoDecision:
    def test_the_ledger_cannot_write(self, client, ledger, record, problem, monkeypatch):
        def fail(entries):
            return [LedgerError("ICS-LED-003", "no", field="postgresql://user:secret@host") for _ in entries]

        monkeypatch.setattr(ledger, "record_all", fail)
        answer = client.post(URL, json=record)
        assert problem(answer, 503).code == "ICS-LED-003"
        assert answer.headers["Retry-After"]
        assert "secret" not in answer.text
        assert "pd" not in answer.json()

    def test_the_database_is_gone(self, client, ledger, record, problem, monkeypatch):
        def fail(*_, **__):
            raise OperationalError("select", {}, Exception("gone"))

        ledger._writer.close()
        for engine in (ledger._engine, ledger._readers):
            monkeypatch.setattr(engine, "connect", fail)
        assert problem(client.post(URL, json=record), 503).code == "ICS-LED-003"
        assert problem(client.get(f"{URL}/x"), 503).code == "ICS-LED-004"
        assert problem(client.get("/readyz"), 503).code == "ICS-SRV-013"
        assert problem(client.post(URL, json=record), 503).code == "ICS-SRV-013"
        assert client.get("/healthz").status_code == 200
        monkeypatch.undo()
        client.app.state.service.recorder._prove()
        assert client.get("/readyz").status_code == 200
        assert client.post(URL, json=record).status_code == 201

    def test_nothing_is_decided_that_could_not_be_recorded(self, client, ledger, record, monkeypatch):
        """The model is not asked while the ledger is in trouble, or has more waiting than it can take."""
        monkeypatch.setattr("icsml.serving.deciding.decide", None)
        monkeypatch.setattr(client.app.state.service.recorder, "_limit", 0)
        assert client.post(URL, json=record).json()["code"] == "ICS-SRV-050"

    def test_a_decision_the_ledger_cannot_represent(self, client, record, problem, monkeypatch):
        def not_a_number(*arguments, **options):
            decided = decide(*arguments, **options)
            decided.features["debt_to_assets"] = float("nan")
            return decided

        monkeypatch.setattr("icsml.serving.deciding.decide", not_a_number)
        assert problem(client.post(URL, json=record), 503).code == "ICS-LED-005"


@pytest.mark.parametrize(
    ("method", "path", "query", "field", "remedy"),
    [
        ("POST", URL, "recouse=true", "query.recouse", "it takes recourse"),
        ("POST", URL, "recourse=true&recourse=false", "query.recourse", "send it once"),
        ("POST", f"{URL}:batch", "recourse=true&other=1", "query.other", "it takes recourse"),
        ("GET", f"{URL}/x", "lang=zh", "query.lang", "it takes none"),
        ("GET", f"{URL}/x/report", "language=zh", "query.language", "it takes lang"),
        ("GET", "/v1/models/current", "x=", "query.x", "it takes none"),
        ("GET", "/metrics", "x=1", "query.x", "it takes none"),
    ],
)
def test_a_parameter_that_would_change_nothing_is_refused(
    client, keys, ledger, record, problem, method, path, query, field, remedy
):
    client.headers["Authorization"] = f"Bearer {keys.admin}"
    answer = client.request(method, f"{path}?{query}", json=record if method == "POST" else None)
    found = problem(answer, 422)
    assert (found.code, [fault.field for fault in found.errors]) == ("ICS-SRV-011", [field])
    assert remedy in found.detail
    assert ledger.count() == 0


def test_while_a_commit_takes_its_time_others_are_served(client, ledger, record, monkeypatch):
    location = client.post(URL, json=record).headers["Location"]
    begun, go_on, record_all = threading.Event(), threading.Event(), ledger.record_all

    def slow(entries):
        begun.set()
        assert go_on.wait(30)
        return record_all(entries)

    monkeypatch.setattr(ledger, "record_all", slow)
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(client.post, URL, json=record)
        assert begun.wait(30)
        for path in ("/healthz", location):
            assert client.get(path).status_code == 200
        assert not posted.done()
        go_on.set()
        assert posted.result(timeout=30).status_code == 201


def test_a_sender_that_goes_away_meanwhile_has_its_decision_recorded_once(make_app, keys, ledger, record, monkeypatch):
    begun, go_on, record_all = threading.Event(), threading.Event(), ledger.record_all

    def slow(entries):
        begun.set()
        assert go_on.wait(30)
        return record_all(entries)

    async def scenario():
        app = make_app()
        async with app.router.lifespan_context(app):
            monkeypatch.setattr(ledger, "record_all", slow)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                posting = asyncio.create_task(client.post(URL, json=record, headers=_bearer(keys.score)))
                while not begun.is_set():
                    await asyncio.sleep(0.002)
                posting.cancel()
                await asyncio.sleep(0)
                go_on.set()

    asyncio.run(scenario())
    assert ledger.count() == 1


def test_a_reader_that_takes_too_long_is_told_so(client, ledger, record, problem, monkeypatch):
    location = client.post(URL, json=record).headers["Location"]
    go_on = threading.Event()
    monkeypatch.setattr(ledger, "decision", lambda *_: go_on.wait(30))
    monkeypatch.setattr(client.app.state.service.readers, "_seconds", 0.01)
    answer = client.get(location)
    go_on.set()
    assert problem(answer, 503).code == "ICS-SRV-052"


@pytest.mark.parametrize("looks", [True, False])
def test_a_setting_says_whether_recourse_is_looked_for(make_app, test_client, keys, record, looks):
    app = make_app(settings=ServingSettings(recourse=looks))
    with test_client(app, headers=_bearer(keys.score)) as client:
        answer = client.post(URL, json=record).json()
    assert answer["recourse"] is None  # this bundle holds no actions
    assert ("NO_RECOURSE" in {warning["code"] for warning in answer["warnings"]}) == looks


@pytest.fixture
def recorded(client, record):
    return client.post(URL, json=record).json()


@pytest.mark.parametrize("lang", languages())
def test_an_auditor_gets_the_page_of_a_decision_the_same_each_time(client, keys, recorded, lang):
    path, key = f"{URL}/{recorded['decision_id']}/report?lang={lang}", _bearer(keys.audit)
    first, second = (client.get(path, headers=key) for _ in range(2))
    assert first.status_code == 200
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.content == second.content == decision_page(recorded, lang).encode()


def test_the_page_is_english_unless_asked_otherwise(client, keys, recorded):
    path = f"{URL}/{recorded['decision_id']}/report"
    assert client.get(path, headers=_bearer(keys.admin)).text == decision_page(recorded, "en")


def test_who_may_only_score_gets_no_page(client, recorded, problem):
    assert problem(client.get(f"{URL}/{recorded['decision_id']}/report"), 403).code == "ICS-SRV-002"


def test_a_page_in_no_known_language_or_of_no_known_decision_is_refused(client, keys, recorded, problem):
    key = _bearer(keys.audit)
    assert (
        problem(client.get(f"{URL}/{recorded['decision_id']}/report?lang=xx", headers=key), 422).code == "ICS-SRV-011"
    )
    assert problem(client.get(f"{URL}/nothing/report", headers=key), 404).code == "ICS-SRV-005"


def test_another_tenant_s_auditor_sees_no_page(client, keys, recorded, problem):
    stranger = create_key(keys.path, "bank-b", "audit").key
    answer = client.get(f"{URL}/{recorded['decision_id']}/report", headers=_bearer(stranger))
    assert problem(answer, 404).code == "ICS-SRV-005"
