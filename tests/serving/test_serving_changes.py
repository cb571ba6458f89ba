"""What moved since the last decision, and decisions made again, over HTTP: what is compared, refused and not shown."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import timedelta
from importlib.metadata import version
from itertools import count

import pytest
from ledger_tables import execute

from icsml.core.canonical import canonical_bytes
from icsml.decision.decide import decide, decide_all
from icsml.ledger.decision_payload import decision_entry
from icsml.model.bundle_store import keep_bundle, kept_folder
from icsml.records.changes import Changes
from icsml.records.enterprise import parse_record
from icsml.records.replays import Replay
from icsml.serving.settings import ServingSettings

URL = "/v1/assessments"


def _bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def auditor(make_app, test_client, keys, bundle, other_bundle, now):
    """A client with every right of `bank-a`; the bundles that decide are kept; each decision is a day later."""
    days = count()
    with test_client(make_app(clock=lambda: now + timedelta(days=next(days))), headers=_bearer(keys.admin)) as opened:
        keep_bundle(bundle.folder)
        keep_bundle(other_bundle.folder)
        yield opened


@pytest.fixture
def post(auditor):
    """Decide, and return the decision."""

    def post(record, **headers):
        answer = auditor.post(URL, json=record, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


@pytest.fixture
def by_other_bundle(ledger, other_bundle, now):
    """Record a decision of another bundle, made a year later."""

    def record_one(record, decision_id="by-other"):
        how = {"decided_at": now + timedelta(days=365), "version": "4", "with_recourse": False}
        made = decide(other_bundle, parse_record(record), decision_id=decision_id, **how)
        (outcome,) = ledger.record_all([decision_entry("bank-a", other_bundle, canonical_bytes(record), made)])
        assert not isinstance(outcome, Exception)
        return json.loads(made.decision_bytes)

    return record_one


def _moved(found):
    return {step.step for step in found.steps if step.log_odds or step.points}


def _changes(client, decision_id, **params):
    answer = client.get(f"{URL}/{decision_id}/changes", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return Changes.model_validate_json(answer.content)


def _replay(client, decision_id):
    answer = client.post(f"{URL}/{decision_id}:replay")
    assert answer.status_code == 200, answer.text
    return Replay.model_validate_json(answer.content)


class TestChanges:
    def test_the_first_decision_has_nothing_before_it(self, auditor, post, record):
        found = _changes(auditor, post(record)["decision_id"])
        assert (found.previous, found.steps, found.data, found.points) == (None, [], None, None)
        assert found.enterprise_id == record["enterprise_id"]

    def test_new_data_move_only_the_data(self, auditor, post, record):
        first = post(record)
        post({**record, "enterprise_id": "another firm"})
        second = post({**record, "total_liabilities_cny": record["total_liabilities_cny"] * 1.9})
        assert first["pd"] != second["pd"]
        found = _changes(auditor, second["decision_id"])
        assert (found.previous.decision_id, found.decision.decision_id) == (first["decision_id"], second["decision_id"])
        assert (found.previous.pd, found.decision.pd) == (first["pd"], second["pd"])
        assert _moved(found) == {"data"}
        assert [each.field for each in found.record] == ["total_liabilities_cny"]
        assert sum(step.points for step in found.steps) == second["score"] - first["score"] == found.points

    def test_another_calibration_moves_only_the_calibration(self, auditor, post, by_other_bundle, record):
        first = post(record)
        found = _changes(auditor, by_other_bundle(record)["decision_id"])
        assert found.previous.decision_id == first["decision_id"]
        assert _moved(found) == {"calibration"}

    def test_since_an_earlier_one(self, auditor, post, record):
        made = [post({**record, "staff_total": 40 + number}) for number in range(3)]
        first, second, third = (each["decision_id"] for each in made)
        assert _changes(auditor, third).previous.decision_id == second
        assert _changes(auditor, third, since=first).previous.decision_id == first
        assert _changes(auditor, third, since=second) == _changes(auditor, third)

    def test_of_two_at_one_time_the_lower_identifier_is_before(self, make_app, test_client, keys, bundle, record):
        with test_client(make_app(), headers=_bearer(keys.admin)) as client:
            keep_bundle(bundle.folder)
            made = [client.post(URL, json=record).json() for _ in range(2)]
            assert {each["decided_at"] for each in made} == {made[0]["decided_at"]}
            lower, higher = sorted(each["decision_id"] for each in made)
            assert _changes(client, lower).previous is None
            assert _changes(client, higher).previous.decision_id == lower
            assert _changes(client, higher, since=lower).previous.decision_id == lower
            assert client.get(f"{URL}/{lower}/changes", params={"since": higher}).json()["code"] == "ICS-LED-031"

    @pytest.mark.parametrize(
        ("which", "status", "code"),
        [
            ("later", 422, "ICS-LED-031"),
            ("itself", 422, "ICS-LED-031"),
            ("other firm", 404, "ICS-LED-030"),
            ("other tenant", 404, "ICS-LED-030"),
            ("unknown", 404, "ICS-LED-030"),
            ("", 404, "ICS-LED-030"),
        ],
    )
    def test_since_must_be_an_earlier_decision_on_the_firm(
        self, auditor, post, keys, record, problem, which, status, code
    ):
        since = {"other firm": post({**record, "enterprise_id": "other"})["decision_id"]}
        since["other tenant"] = auditor.post(URL, json=record, headers=_bearer(keys.other)).json()["decision_id"]
        post(record)
        asked = since["itself"] = post(record)["decision_id"]
        since["later"] = post(record)["decision_id"]
        found = problem(auditor.get(f"{URL}/{asked}/changes", params={"since": since.get(which, which)}), status)
        assert (found.code, found.errors[0].field) == (code, "since")

    def test_the_decision_before_is_ones_own(self, auditor, post, keys, record):
        auditor.post(URL, json=record, headers=_bearer(keys.other))
        assert _changes(auditor, post(record)["decision_id"]).previous is None


class TestReplay:
    def test_the_same_bytes_come_out(self, auditor, post, by_other_bundle, ledger, record):
        for made in (post(record), by_other_bundle(record)):
            before = ledger.count()
            assert _replay(auditor, made["decision_id"]) == Replay(
                decision_id=made["decision_id"], identical=True, code=None, message=None,
                recorded_by=version("icsml"), repeated_by=version("icsml"), differences=[],
            )  # fmt: skip
            assert ledger.count() == before

    def test_what_comes_out_otherwise_is_named_without_its_value(self, auditor, post, record, monkeypatch):
        made = post(record)

        def other(bundle, records, **how):
            return decide_all(bundle, [each.model_copy(update={"staff_total": 77_123}) for each in records], **how)

        monkeypatch.setattr("icsml.ledger.replay.decide_all", other)
        answer = auditor.post(f"{URL}/{made['decision_id']}:replay")
        found = Replay.model_validate_json(answer.content)
        assert (answer.status_code, found.identical, found.code) == (200, False, "ICS-LED-024")
        assert found.differences
        assert all(each.path.startswith(("features.", "decision.")) for each in found.differences)
        assert "77123" not in answer.text
        assert str(made["pd"]) not in answer.text

    def test_only_those_who_audit(self, auditor, post, keys, record, problem):
        made = post(record)["decision_id"]
        problem(auditor.post(f"{URL}/{made}:replay", headers=_bearer(keys.score)), 403)
        assert auditor.post(f"{URL}/{made}:replay", headers=_bearer(keys.audit)).status_code == 200

    def test_it_takes_no_parameter(self, auditor, post, record, problem):
        made = post(record)["decision_id"]
        found = problem(auditor.post(f"{URL}/{made}:replay?bundle=x"), 422)
        assert found.code == "ICS-SRV-011"

    @pytest.mark.parametrize("body", [b"{}", b" ", [b"", b"x"]], ids=str)
    def test_it_takes_no_body(self, auditor, post, record, problem, body):
        made = post(record)["decision_id"]
        content = iter(body) if isinstance(body, list) else body
        found = problem(auditor.post(f"{URL}/{made}:replay", content=content), 422)
        assert (found.code, [each.field for each in found.errors]) == ("ICS-SRV-061", ["body"])

    @pytest.mark.parametrize("body", [b"", [], [b"", b""]], ids=str)
    def test_a_body_of_no_bytes_is_none(self, auditor, post, record, body):
        made = post(record)["decision_id"]
        content = iter(body) if isinstance(body, list) else body
        assert auditor.post(f"{URL}/{made}:replay", content=content).json()["identical"]

    def test_whether_a_body_comes_is_not_waited_for_long(self, make_app, keys):
        sent = asyncio.run(_never_sends(make_app(settings=ServingSettings(body_seconds=0.05)), keys.audit))
        assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (408, "ICS-SRV-007")

    def test_who_may_not_replay_is_told_that_first(self, auditor, post, keys, record, problem):
        made = post(record)["decision_id"]
        answer = auditor.post(f"{URL}/{made}:replay", json={}, headers=_bearer(keys.score))
        assert problem(answer, 403).code == "ICS-SRV-002"


async def _never_sends(app, key):
    path, sent = f"{URL}/x:replay", []
    headers = [(b"authorization", f"Bearer {key}".encode()), (b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": headers, "http_version": "1.1", "scheme": "http", "server": None, "client": None}  # fmt: skip

    async def send(message):
        sent.append(message)

    await app(scope, asyncio.Event().wait, send)
    return sent


ASKED = [("GET", "/changes"), ("POST", ":replay")]


class TestRefused:
    """What neither compares nor decides again; both routes answer alike."""

    @pytest.fixture(params=ASKED, ids=str)
    def ask(self, request, auditor):
        def ask(decision_id, **headers):
            method, path = request.param
            return auditor.request(method, f"{URL}/{decision_id}{path}", headers=headers)

        return ask

    @pytest.fixture
    def made(self, post, record):
        """The later of two decisions on a firm."""
        post(record)
        return post({**record, "total_liabilities_cny": record["total_liabilities_cny"] * 1.3})["decision_id"]

    def test_it_answers(self, ask, made):
        assert ask(made).status_code == 200

    def test_another_tenant_has_no_such_decision(self, ask, auditor, made, keys, record, problem):
        theirs = auditor.post(URL, json=record, headers=_bearer(keys.other)).json()["decision_id"]
        for unknown in (theirs, "unknown", "x" * 300):
            assert problem(ask(unknown), 404).code == "ICS-SRV-005"

    def test_an_erased_payload_is_gone(self, ask, made, ledger, record, problem):
        assert ledger.erase_enterprise("bank-a", record["enterprise_id"], reason="asked for", by="officer").erased == 2
        assert problem(ask(made), 410).code == "ICS-LED-026"

    def test_a_bundle_that_is_not_kept(self, ask, made, bundle, problem, record):
        shutil.rmtree(kept_folder(bundle.sha256))
        found = problem(ask(made), 503)
        assert found.code == "ICS-LED-022"
        keep_bundle(bundle.folder)
        assert ask(made).status_code == 200

    def test_a_bundle_that_was_altered(self, ask, made, bundle, problem):
        trees = kept_folder(bundle.sha256) / "model.txt"
        trees.write_bytes(trees.read_bytes().replace(b"leaf_value=", b"leaf_value=1", 1))
        found = problem(ask(made), 503)
        assert found.code.startswith("ICS-MOD-01")
        assert str(trees.parent) not in found.model_dump_json()

    def test_an_altered_payload(self, ask, made, problem, tmp_path):
        url, where = f"sqlite:///{tmp_path / 'ledger.db'}", f"WHERE decision_id = '{made}'"
        ((stored,),) = execute(url, f"SELECT bytes FROM payload {where}")
        altered = stored[:-9] + bytes([stored[-9] ^ 1]) + stored[-8:]
        execute(url, f"UPDATE payload SET bytes = X'{altered.hex()}' {where}")
        assert problem(ask(made), 503).code == "ICS-LED-008"


def test_a_decision_that_does_not_come_out_is_not_explained(auditor, post, record, monkeypatch, problem):
    post(record)
    made = post({**record, "staff_total": 77})["decision_id"]
    monkeypatch.setattr("icsml.ledger.changes._outcome", lambda bundle, assessment: b"[]")
    assert problem(auditor.get(f"{URL}/{made}/changes"), 409).code == "ICS-LED-024"
