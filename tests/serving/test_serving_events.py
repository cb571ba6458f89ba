"""What happens after a decision: each is in the chain once, and both decisions of a correction are kept."""

from __future__ import annotations

import copy
import json
import re
from urllib.parse import unquote

import pytest
from fastapi import Response

from icsml.core.canonical import canonical_bytes
from icsml.ledger import parse_payload
from icsml.ledger.entry import DecisionRead
from icsml.ledger.replay import replay
from icsml.ledger.signing import trusted_keys
from icsml.model.bundle import read_bundle
from icsml.serving.links import with_links

URL = "/v1/assessments"
OVERRIDE = {"outcome": "approve", "reason_code": "guarantee", "user": "officer-17", "amount_cny": 800_000}


@pytest.fixture
def decided(client, record):
    return client.post(URL, json=record).json()


@pytest.fixture
def path(decided):
    return f"{URL}/{decided['decision_id']}"


def events(client, path):
    return client.get(f"{path}/events").json()["events"]


def field_of(problem, answer, status=422):
    found = problem(answer, status)
    return found.code, [fault.field for fault in found.errors]


class TestOverride:
    def test_it_is_recorded_beside_the_decision_which_stays(self, client, ledger, decided, path):
        made = client.post(f"{path}/override", json=OVERRIDE)
        assert made.status_code == 201
        assert {name: made.json()[name] for name in OVERRIDE} == OVERRIDE
        assert client.get(path).json() == decided
        (event,) = events(client, path)
        assert (event["kind"], event["event_id"]) == ("override", made.json()["event_id"])
        assert ledger.count() == 1
        assert client.get(f"{URL}/{event['event_id']}").status_code == 404
        assert ledger.verify(trusted_keys()).ok

    def test_sent_again_it_is_the_same(self, client, path, problem):
        key = {"Idempotency-Key": "k"}
        first, again = (client.post(f"{path}/override", json=OVERRIDE, headers=key) for _ in range(2))
        assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
        assert len(events(client, path)) == 1
        other = client.post(f"{path}/override", json=OVERRIDE | {"outcome": "decline"}, headers=key)
        assert problem(other, 409).code == "ICS-LED-007"

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"outcome": "maybe"}, "ICS-SRV-056", "outcome"),
            ({"reason_code": "other"}, "ICS-SRV-060", "comment"),
            ({"user": " "}, "ICS-SRV-060", "user"),
            ({"user": "a\u202eb"}, "ICS-SRV-056", "user"),
            ({"second_user": "Officer-17"}, "ICS-SRV-060", "second_user"),
            ({"second_user": " officer-17 "}, "ICS-SRV-060", "second_user"),
            ({"second_user": "officer-１７"}, "ICS-SRV-060", "second_user"),
            ({"amount_cny": -1}, "ICS-SRV-056", "amount_cny"),
            ({"note": 1}, "ICS-SRV-056", "note"),
            ({"amount_cny": 1_000_001}, "ICS-SRV-058", "second_user"),
        ],
    )
    def test_what_is_wrong_is_named(self, client, path, problem, change, code, field):
        answer = client.post(f"{path}/override", json=OVERRIDE | change)
        assert field_of(problem, answer) == (code, [field])
        assert events(client, path) == []

    def test_above_the_limit_or_of_an_unknown_amount_two_decide(self, client, record, problem):
        def override(record, change):
            made = client.post(URL, json=record).json()
            body = {name: value for name, value in (OVERRIDE | change).items() if value is not None}
            return client.post(f"{URL}/{made['decision_id']}/override", json=body)

        unknown = {name: value for name, value in record.items() if name != "application_amount_cny"}
        assert override(record, {"amount_cny": 1_000_000}).status_code == 201
        for source, change in (
            (record, {"amount_cny": 2e6}),
            (unknown, {"amount_cny": None}),
            (unknown | {"application_amount_cny": 2e6}, {"amount_cny": None}),
        ):
            assert problem(override(source, change), 422).code == "ICS-SRV-058"
            assert override(source, change | {"second_user": "officer-4"}).status_code == 201
        assert override(unknown | {"application_amount_cny": 9e5}, {"amount_cny": None}).status_code == 201

    def test_of_a_decision_that_is_not_there(self, client, problem):
        assert problem(client.post(f"{URL}/none/override", json=OVERRIDE), 404).code == "ICS-SRV-005"


class TestCorrection:
    @pytest.fixture
    def corrected(self, record):
        return record | {"revenue_cny": record["revenue_cny"] * 3}

    @pytest.mark.parametrize("kind", ["correction", "objection"])
    def test_both_decisions_are_kept_and_refer_to_each_other(
        self, client, ledger, bundle, decided, path, corrected, kind
    ):
        told = {"reason": "in thousands"} if kind == "correction" else {"statement": "too low"}
        made = client.post(f"{path}/{kind}", json={"record": corrected, "user": "officer-17", **told})
        assert made.status_code == 201
        later = made.json()
        assert later["refers_to"] == {"kind": kind, "decision_id": decided["decision_id"]}
        assert client.get(path).json() == decided
        assert "refers_to" not in decided
        assert client.get(made.headers["Location"]).content == made.content
        (event,) = events(client, path)
        assert event | told == event
        assert (event["kind"], event["event_id"]) == (kind, later["decision_id"])
        assert ledger.count() == 2
        assert ledger.verify(trusted_keys()).ok
        _, data = ledger.find_bytes(later["decision_id"])
        assert parse_payload(data)["request"] == corrected
        (again,) = replay(read_bundle(bundle.folder), [(later["decision_id"], data)])
        assert again.identical

    def test_an_objection_without_a_record_is_decided_on_the_earlier_one(self, client, decided, path):
        later = client.post(f"{path}/objection", json={"statement": "too low", "user": "officer-17"}).json()
        assert (later["pd"], later["score"]) == (decided["pd"], decided["score"])
        assert later["decision_id"] != decided["decision_id"]

    def test_sent_again_it_is_the_same_and_another_body_conflicts(self, client, ledger, path, corrected, problem):
        key, body = {"Idempotency-Key": "k"}, {"record": corrected, "user": "u", "reason": "r"}
        first, again = (client.post(f"{path}/correction", json=body, headers=key) for _ in range(2))
        assert (first.status_code, again.status_code, again.content) == (201, 200, first.content)
        assert problem(client.post(f"{path}/correction", json=body | {"reason": "s"}, headers=key), 409)
        assert problem(client.post(f"{path}/objection", json={"statement": "r", "user": "u"}, headers=key), 409)
        assert ledger.count() == 2

    def test_a_record_of_another_firm_or_a_wrong_one_is_refused(self, client, ledger, path, corrected, problem):
        body = {"record": corrected, "user": "u", "reason": "r"}
        other = copy.deepcopy(body)
        other["record"]["enterprise_id"] = "another"
        answer = client.post(f"{path}/correction", json=other)
        assert field_of(problem, answer) == ("ICS-SRV-057", ["record.enterprise_id"])
        wrong = client.post(f"{path}/correction", json=body | {"record": corrected | {"revenu_cny": 1}})
        assert problem(wrong, 422).code == "ICS-REC-001"
        for missing in body:
            partial = {name: value for name, value in body.items() if name != missing}
            answer = client.post(f"{path}/correction", json=partial)
            assert field_of(problem, answer) == ("ICS-SRV-056", [missing])
        assert ledger.count() == 1


class TestLinks:
    """The header of a decision that leads to the one it corrects, and to those that correct it."""

    @pytest.fixture
    def object_to(self, client):
        def object_to(path):
            made = client.post(f"{path}/objection", json={"statement": "too low", "user": "officer-17"})
            return made.headers["Location"]

        return object_to

    def test_a_decision_that_nothing_follows_has_none(self, client, path):
        assert "Link" not in client.get(path).headers

    def test_each_leads_to_its_neighbours(self, client, path, object_to):
        second = object_to(path)
        third = object_to(second)
        again = object_to(path)
        assert client.get(path).headers["Link"] == (
            f'<{again}>; rel="successor-version", <{second}>; rel="successor-version"'
        )
        middle = client.get(second)
        assert middle.headers["Link"] == f'<{path}>; rel="predecessor-version", <{third}>; rel="successor-version"'
        assert middle.links["successor-version"]["url"] == third
        assert client.get(third).headers["Link"] == f'<{second}>; rel="predecessor-version"'
        assert all(client.get(each).status_code == 200 for each in (second, third, again))

    def test_who_has_the_bytes_already_learns_of_what_followed(self, client, path, object_to):
        before = client.get(path)
        later = object_to(path)
        again = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", before.headers["ETag"])
        assert again.headers["Link"] == client.get(path).headers["Link"] == f'<{later}>; rel="successor-version"'

    def test_below_another_path_they_lead_there(self, make_app, test_client, keys, path, object_to):
        later = object_to(path)
        with test_client(make_app(), root_path="/credit", headers={"Authorization": f"Bearer {keys.audit}"}) as proxied:
            assert proxied.get(path).headers["Link"] == f'</credit{later}>; rel="successor-version"'

    def test_another_tenant_gets_none_and_a_page_has_none(self, client, keys, path, object_to, problem):
        object_to(path)
        other = client.get(path, headers={"Authorization": f"Bearer {keys.other}"})
        assert problem(other, 404).code == "ICS-SRV-005"
        page = client.get(f"{path}/report", headers={"Authorization": f"Bearer {keys.audit}"})
        assert page.status_code == 200
        assert not {"link"} & {*other.headers, *page.headers}

    @pytest.mark.parametrize("name", ["d 1", "a>b,c", "\u94f6\u884c", 'q"'])
    def test_a_name_of_other_characters_stays_one_link(self, name):
        answer = with_links(Response(), {"root_path": ""}, URL, DecisionRead(b"", None, (name,)))
        (link,) = re.findall(r"<([^<>]*)>", answer.headers["Link"])
        assert unquote(link) == f"{URL}/{name}"
        assert re.fullmatch(r'<[!-~]+>; rel="successor-version"', answer.headers["Link"])


class TestOutcomes:
    def test_outcomes_are_recorded_with_or_without_their_decision(self, client, ledger, decided, path):
        seen = {"enterprise_id": decided["enterprise_id"], "as_of": "2026-06-30", "bad": False}
        body = {"outcomes": [seen | {"decision_id": decided["decision_id"]}, seen | {"enterprise_id": "unknown"}]}
        made = client.post("/v1/outcomes", json=body, headers={"Idempotency-Key": "k"})
        assert made.status_code == 201
        assert [each["decision_id"] for each in made.json()["events"]] == [decided["decision_id"], None]
        assert [each["kind"] for each in events(client, path)] == ["outcome"]
        again = client.post("/v1/outcomes", json=body, headers={"Idempotency-Key": "k"})
        assert (again.status_code, again.content) == (200, made.content)
        assert ledger.count() == 1
        assert ledger.verify(trusted_keys()).records == 3

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"as_of": None}, "outcomes.0.as_of"),
            ({"bad": None, "event": "default"}, "outcomes.0.event"),
            ({"bad": True, "event": "default", "event_date": "2020-01-01"}, "outcomes.0.event_date"),
            ({"decision_id": "none"}, "outcomes.0.decision_id"),
        ],
    )
    def test_of_several_none_is_recorded_where_one_is_wrong(self, client, ledger, problem, change, field):
        right = {"enterprise_id": "e", "as_of": "2026-06-30", "bad": False}
        answer = client.post("/v1/outcomes", json={"outcomes": [right | change, right]})
        assert field_of(problem, answer)[1] == [field]
        assert ledger.verify(trusted_keys()).records == 0


@pytest.mark.parametrize("others", [[], [1], [0, 1], [2, 0], [1, 2, 3]])
def test_under_a_key_that_was_used_none_of_other_outcomes_is_recorded(client, ledger, problem, others):
    """Those past the end of what was sent before have a key of their own, which is free."""
    outcomes = [{"enterprise_id": f"e-{number}", "as_of": "2026-06-30", "bad": False} for number in range(4)]
    key = {"Idempotency-Key": "k"}
    sent = [outcomes[0]] if others else outcomes[:2]
    assert client.post("/v1/outcomes", json={"outcomes": sent}, headers=key).status_code == 201
    before = ledger.verify(trusted_keys()).records
    answer = client.post("/v1/outcomes", json={"outcomes": [outcomes[n] for n in others or [0]]}, headers=key)
    assert problem(answer, 409).code == "ICS-LED-007"
    assert ledger.verify(trusted_keys()).records == before == len(sent)
    assert client.post("/v1/outcomes", json={"outcomes": sent}, headers=key).status_code == 200


def test_an_outcome_of_one_firm_is_none_of_a_decision_on_another(client, ledger, decided, problem):
    outcome = {"enterprise_id": "another", "as_of": "2026-06-30", "bad": True, "decision_id": decided["decision_id"]}
    answer = client.post("/v1/outcomes", json={"outcomes": [outcome]})
    assert field_of(problem, answer) == ("ICS-SRV-059", ["outcomes.0.decision_id"])
    assert ledger.verify(trusted_keys()).records == 1


def test_what_was_recorded_of_a_firm_is_erased_with_its_events(client, ledger, decided, path, record, problem):
    client.post(f"{path}/override", json=OVERRIDE)
    client.post(f"{path}/correction", json={"record": record, "user": "u", "reason": "secret reason"})
    assert ledger.erase_enterprise("bank-a", decided["enterprise_id"], reason="asked for it", by="officer") == 3
    for gone in (client.get(path), client.post(f"{path}/objection", json={"statement": "s", "user": "u"})):
        assert problem(gone, 410).code == "ICS-LED-026"
    told = events(client, path)
    assert [(each["kind"], each["erased"]) for each in told] == [("override", True), ("correction", True)]
    assert "secret" not in json.dumps(told)
    assert (found := ledger.verify(trusted_keys())).ok
    assert found.erased == 3
    assert canonical_bytes(told)
