"""Batches: each record has its own outcome, and all are in the ledger."""

from __future__ import annotations

import asyncio
import json

import pytest
import sqlalchemy
from ledger_tables import execute

from icsml.core.canonical import canonical_bytes
from icsml.decision import decide as deciding
from icsml.errors import LedgerError
from icsml.serving.settings import ServingSettings

ONE, URL = "/v1/assessments", "/v1/assessments:batch"
HEADERS = {"Idempotency-Key": "b-1"}
POISON = "PoisonGmbH4711"


def _records(record, n):
    return [{**record, "enterprise_id": f"E{i}", "staff_total": 10 + i} for i in range(n)]


def _results(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["results"]


def _statuses(results):
    return [result["status"] for result in results]


def test_each_record_is_decided_as_it_would_be_alone_and_recorded(client, ledger, record):
    records = _records(record, 70)
    results = _results(client.post(URL, json={"records": records}))
    assert _statuses(results) == [201] * 70
    assert [result["decision"]["enterprise_id"] for result in results] == [sent["enterprise_id"] for sent in records]
    assert ledger.count("bank-a") == 70
    for sent, result in list(zip(records, results, strict=True))[::23]:
        alone = client.post(ONE, json=sent).json()
        given = result["decision"]
        assert {**alone, "decision_id": None} == {**given, "decision_id": None}
        stored = ledger.get("bank-a", given["decision_id"])
        assert (stored["request"], stored["decision"]) == (sent, given)
        assert client.get(f"{ONE}/{given['decision_id']}").content == canonical_bytes(given)


def test_a_slice_is_one_commit(client, ledger, record):
    commits = []
    sqlalchemy.event.listen(ledger._engine, "commit", commits.append)
    client.post(URL, json={"records": _records(record, 70)})
    assert len(commits) < 12  # three slices, and the heartbeat


def test_a_record_at_fault_does_not_spoil_the_others(client, ledger, record):
    records = _records(record, 4)
    records[1] = {**record, "revenu_cny": 1.0}
    records[2] = [POISON]
    answer = client.post(URL, json={"records": records})
    results = _results(answer)
    assert _statuses(results) == [201, 422, 422, 201]
    assert [fault["field"] for fault in results[1]["problem"]["errors"]] == ["revenu_cny"]
    assert results[2]["problem"]["code"] == "ICS-REC-001"
    assert results[1]["problem"]["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"
    assert POISON not in answer.text
    assert ledger.count() == 2


def test_a_mistake_on_one_record_is_told_of_that_record_alone(client, record, monkeypatch):
    real = deciding._decided

    def mistaken(bundle, assessment, index, parsed, *others):
        if parsed.enterprise_id == "E1":
            raise ZeroDivisionError(POISON)
        return real(bundle, assessment, index, parsed, *others)

    monkeypatch.setattr(deciding, "_decided", mistaken)
    answer = client.post(URL, json={"records": _records(record, 3)})
    results = _results(answer)
    assert _statuses(results) == [201, 500, 201]
    assert results[1]["problem"]["code"] == "ICS-SRV-012"
    assert POISON not in answer.text


class TestIdempotency:
    def test_the_same_batch_gives_the_recorded_decisions(self, client, ledger, record):
        body = {"records": _records(record, 40)}
        first, second = (_results(client.post(URL, json=body, headers=HEADERS)) for _ in range(2))
        assert (_statuses(first), _statuses(second)) == ([201] * 40, [200] * 40)
        assert [one["decision"] for one in first] == [one["decision"] for one in second]
        assert ledger.count() == 40

    def test_a_position_with_another_record_is_a_conflict(self, client, ledger, record):
        records = _records(record, 3)
        client.post(URL, json={"records": records}, headers=HEADERS)
        records[1] = {**records[1], "staff_total": 99}
        results = _results(client.post(URL, json={"records": [*records, record]}, headers=HEADERS))
        assert _statuses(results) == [200, 409, 200, 201]
        assert results[1]["problem"]["code"] == "ICS-LED-007"
        assert ledger.count() == 4

    def test_equal_records_are_each_decided(self, client, ledger, record):
        results = _results(client.post(URL, json={"records": [record] * 3}, headers=HEADERS))
        assert len({result["decision"]["decision_id"] for result in results}) == ledger.count() == 3

    def test_no_single_request_shares_a_key_with_a_batch(self, client, record, tmp_path):
        client.post(URL, json={"records": [record]}, headers=HEADERS)
        assert execute(f"sqlite:///{tmp_path}/ledger.db", "SELECT key FROM idempotency") == [("b-1 0",)]
        assert client.post(ONE, json=record, headers={"Idempotency-Key": "b-1"}).status_code == 201
        assert client.post(ONE, json=record, headers={"Idempotency-Key": "b-1 0"}).status_code == 422

    @pytest.mark.parametrize(("length", "status"), [(250, 200), (251, 422)])
    def test_a_key_leaves_room_for_the_position(self, client, record, length, status):
        headers = {"Idempotency-Key": "k" * length}
        assert client.post(URL, json={"records": [record]}, headers=headers).status_code == status


@pytest.mark.parametrize(
    "body",
    [[], 1, {}, "x", {"records": []}, {"records": {}}, {"records": None}, {"records": [{}], "more": 1},
     {"records": [{}] * 1001}],
    ids=str,
)  # fmt: skip
def test_another_form_is_422(client, problem, body):
    found = problem(client.post(URL, json=body), 422)
    assert (found.code, found.errors[0].field) == ("ICS-SRV-053", "records")


def test_a_thousand_are_taken(client, ledger):
    assert _statuses(_results(client.post(URL, json={"records": [{}] * 1000}))) == [422] * 1000
    assert ledger.count() == 0


def test_a_body_above_its_own_limit_is_413(make_app, keys, record, problem, test_client):
    app = make_app(settings=ServingSettings(max_body_bytes=1024, max_batch_bytes=20_000))
    with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
        content = json.dumps({"records": [record] * 2}).encode()
        headers = {"Content-Type": "application/json"}
        assert client.post(URL, content=content, headers=headers).status_code == 200
        padded = content + b" " * (20_001 - len(content))
        assert problem(client.post(URL, content=padded, headers=headers), 413).code == "ICS-SRV-008"


def test_a_large_body_that_is_not_json_is_400(client, problem):
    content = b'{"records": [' + b"1," * 200_000
    answer = client.post(URL, content=content, headers={"Content-Type": "application/json"})
    assert problem(answer, 400).code == "ICS-SRV-010"


def test_who_may_not_decide_may_not_send_a_batch(client, keys, record, ledger, problem):
    answer = client.post(URL, json={"records": [record]}, headers={"Authorization": f"Bearer {keys.audit}"})
    assert problem(answer, 403).code == "ICS-SRV-002"
    assert ledger.count() == 0


class TestTrouble:
    def test_a_ledger_that_fails_in_between_is_told_of_each_that_is_not_recorded(
        self, client, ledger, record, monkeypatch
    ):
        record_all, groups = ledger.record_all, []

        def failing(entries):
            groups.append(len(entries))
            if len(groups) > 1:
                return [LedgerError("ICS-LED-003", "no") for _ in entries]
            return record_all(entries)

        monkeypatch.setattr(ledger, "record_all", failing)
        monkeypatch.setattr(ledger, "prove", lambda _: failing([])[0])
        body, headers = {"records": _records(record, 100)}, {"Idempotency-Key": "b-1"}
        results = _results(client.post(URL, json=body, headers=headers))
        assert _statuses(results) == [201] * 32 + [503] * 68
        assert {result["problem"]["code"] for result in results[32:]} <= {"ICS-LED-003", "ICS-SRV-013"}
        monkeypatch.undo()
        client.app.state.service.recorder._prove()
        again = _results(client.post(URL, json=body, headers=headers))
        assert _statuses(again) == [200] * 32 + [201] * 68
        assert ledger.count() == 100

    def test_a_ledger_that_does_not_answer_is_told_of_the_whole(self, client, record, problem, monkeypatch):
        monkeypatch.setattr(client.app.state.service.recorder, "_limit", 0)
        answer = client.post(URL, json={"records": [record]})
        assert problem(answer, 503).code == "ICS-SRV-050"
        assert answer.headers["Retry-After"]


def test_others_are_served_in_between(client, record, monkeypatch):
    """The event loop is given back between records, not only between slices."""
    pauses = []
    monkeypatch.setattr("icsml.serving.assessing.TURN_SECONDS", 0)

    async def counted(seconds, sleep=asyncio.sleep):
        pauses.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr("icsml.serving.assessing.asyncio.sleep", counted)
    assert _statuses(_results(client.post(URL, json={"records": _records(record, 9)}))) == [201] * 9
    assert pauses.count(0) >= 9
