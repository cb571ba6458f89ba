"""What happens after a decision: each is in the chain once, and both decisions of a correction are kept."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from fastapi import Response
from ledger_tables import payload

from icsml.core.canonical import canonical_bytes
from icsml.ledger import parse_payload
from icsml.ledger.entry import DecisionRead
from icsml.ledger.outcomes import in_force
from icsml.ledger.replay import replay
from icsml.ledger.signing import trusted_keys
from icsml.model.bundle import read_bundle
from icsml.serving.links import with_links
from icsml.serving.live_model import LiveModel
from icsml.serving.settings import ServingSettings

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
            ({"second_user": "offi\u200bcer-17"}, "ICS-SRV-060", "second_user"),
            ({"second_user": "\u00adofficer-17\ufeff"}, "ICS-SRV-060", "second_user"),
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

    def test_the_limit_is_a_setting_and_is_told(self, make_app, test_client, keys, record, problem):
        app = make_app(settings=ServingSettings(override_limit_cny=250_000.5))
        with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as client:
            path = client.post(URL, json=record).headers["Location"]
            for amount in (None, 300_000):
                body = {name: value for name, value in (OVERRIDE | {"amount_cny": amount}).items() if value is not None}
                for language, unit in (("en", "yuan"), ("zh", "元")):
                    answer = client.post(f"{path}/override", json=body, headers={"Accept-Language": language})
                    found = problem(answer, 422)
                    assert re.search(rf"250,000\.5 ?{unit}", found.errors[0].message)
                    assert found.errors[0].field == "second_user"
            assert client.post(f"{path}/override", json=OVERRIDE | {"amount_cny": 250_000.5}).status_code == 201

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
    """What became of firms, told three weeks after a decision whose horizon is twelve months."""

    @pytest.fixture
    def client(self, make_app, test_client, keys):
        clock = SimpleNamespace(now=datetime(2026, 7, 21, 9, 30, tzinfo=UTC))
        app = make_app(clock=lambda: clock.now)
        with test_client(app, headers={"Authorization": f"Bearer {keys.score}"}) as opened:
            opened.clock = clock
            yield opened

    @pytest.fixture
    def of_decision(self, decided):
        return {name: decided[name] for name in ("enterprise_id", "as_of", "decision_id")} | {"bad": True}

    def send(self, client, *outcomes, key=None):
        headers = {} if key is None else {"Idempotency-Key": key}
        return client.post("/v1/outcomes", json={"outcomes": outcomes}, headers=headers)

    def test_outcomes_are_recorded_with_or_without_their_decision(self, client, ledger, decided, path, of_decision):
        other = {"enterprise_id": "unknown", "as_of": "2024-06-30", "bad": False}
        made = self.send(client, of_decision, other, key="k")
        assert made.status_code == 201
        assert [each["decision_id"] for each in made.json()["events"]] == [decided["decision_id"], None]
        assert [each["kind"] for each in events(client, path)] == ["outcome"]
        again = self.send(client, of_decision, other, key="k")
        assert (again.status_code, again.content) == (200, made.content)
        assert ledger.count() == 1
        assert ledger.verify(trusted_keys()).records == 3

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"as_of": None}, "outcomes.0.as_of"),
            ({"bad": None, "event": "default"}, "outcomes.0.event"),
            ({"bad": True, "event": "default", "event_date": "2020-01-01"}, "outcomes.0.event_date"),
            ({"event_date": "2025-01-01"}, "outcomes.0.event_date"),
            ({"decision_id": "none"}, "outcomes.0.decision_id"),
            ({"as_of": "2026-07-22"}, "outcomes.0.as_of"),
            ({"as_of": "2026-06-30", "bad": False}, "outcomes.0.bad"),
            ({"as_of": "2025-07-21", "bad": False}, "outcomes.0.bad"),
            ({"bad": True, "event_date": "2026-07-22"}, "outcomes.0.event_date"),
            ({"bad": True, "event_date": "2025-07-01"}, "outcomes.0.event_date"),
            ({"replaces": "none"}, "outcomes.0.replaces"),
        ],
    )
    def test_of_several_none_is_recorded_where_one_is_wrong(self, client, ledger, problem, change, field):
        right = {"enterprise_id": "e", "as_of": "2024-06-30", "bad": False}
        assert field_of(problem, self.send(client, right | change, right))[1] == [field]
        assert ledger.verify(trusted_keys()).records == 0

    @pytest.mark.parametrize(
        "change",
        [
            {"as_of": "2026-07-21", "bad": True, "event_date": "2026-07-21"},
            {"as_of": "2026-06-30", "bad": None},
            {"as_of": "2026-06-30", "bad": False, "event": "closure", "event_date": "2026-07-02"},
            {"as_of": "2025-07-20", "bad": False},
            {"as_of": "2024-02-29", "bad": True, "event_date": "2025-02-28"},
        ],
    )
    def test_what_can_be_known_is_recorded(self, client, change):
        assert self.send(client, {"enterprise_id": "e"} | change).status_code == 201

    def test_a_day_has_begun_once_it_has_begun_anywhere(self, client, problem):
        seen = {"enterprise_id": "e", "as_of": "2026-07-22", "bad": True}
        assert problem(self.send(client, seen), 422).code == "ICS-SRV-062"
        client.clock.now = datetime(2026, 7, 21, 16, 30, tzinfo=UTC)
        assert self.send(client, seen).status_code == 201

    def test_each_that_does_not_fit_its_decision_is_named(self, client, ledger, problem, of_decision):
        wrong = of_decision | {"as_of": "2026-06-29"}
        answer = self.send(client, of_decision, wrong, of_decision | {"bad": False}, wrong)
        assert field_of(problem, answer) == (
            "ICS-SRV-062", ["outcomes.1.as_of", "outcomes.2.bad", "outcomes.3.as_of"]
        )  # fmt: skip
        foreign = of_decision | {"enterprise_id": "another"}
        assert field_of(problem, self.send(client, foreign, of_decision, foreign)) == (
            "ICS-SRV-059", ["outcomes.0.decision_id", "outcomes.2.decision_id"]
        )  # fmt: skip
        assert ledger.verify(trusted_keys()).records == 1

    def test_the_horizon_is_that_of_the_model_which_decided(self, client, bundle, of_decision, problem):
        """The model in service now may have another one, or state none."""
        models, parts = (
            client.app.state.service.models,
            {name.name: getattr(bundle, name.name) for name in fields(bundle)},
        )
        stated = {"sha256": "0" * 64, "horizon_months": None}
        models.exchange(LiveModel(SimpleNamespace(**parts | stated), "4", client.clock.now))
        named, unnamed = of_decision | {"bad": False}, of_decision | {"bad": False, "decision_id": None}
        assert field_of(problem, self.send(client, named)) == ("ICS-SRV-062", ["outcomes.0.bad"])
        assert self.send(client, unnamed).status_code == 201

    def test_one_that_contradicts_another_is_refused_unless_it_replaces_that(
        self, client, ledger, path, problem, of_decision
    ):
        unseen = self.send(client, of_decision | {"bad": None}, key="a")
        first = self.send(client, of_decision | {"event": "default"}, key="b").json()["events"][0]["event_id"]
        dated = of_decision | {"event": "default", "event_date": "2026-07-05"}
        assert self.send(client, dated).status_code == 201
        assert self.send(client, dated).status_code == 201
        other = of_decision | {"event": "bankruptcy", "event_date": "2026-07-05"}
        unnamed = of_decision | {"bad": None, "decision_id": None}
        for wrong, field in ((other, "event"), (unnamed, "bad"), (dated | {"event_date": "2026-07-06"}, "event_date")):
            answer = self.send(client, wrong)
            assert field_of(problem, answer, 409) == ("ICS-SRV-063", [f"outcomes.0.{field}"])
        told = events(client, path)
        assert [each["bad"] for each in told] == [None, True, True, True]
        answer = self.send(client, other | {"replaces": first})
        assert problem(answer, 409).code == "ICS-SRV-063"  # those with a date say otherwise still
        for replaced in told[1:3]:
            assert self.send(client, dated | {"replaces": replaced["event_id"]}).status_code == 201
        assert problem(self.send(client, dated | {"replaces": first}), 422).code == "ICS-SRV-062"
        again = self.send(client, of_decision | {"bad": None}, key="a")
        assert (again.status_code, again.content) == (200, unseen.content)

    def test_one_that_was_wrong_is_replaced_and_both_are_shown(self, client, ledger, path, of_decision):
        (first,) = self.send(client, of_decision, key="k").json()["events"]
        right = of_decision | {"bad": None, "replaces": first["event_id"]}
        assert self.send(client, right).status_code == 201
        told = events(client, path)
        assert [(each["bad"], each.get("replaces")) for each in told] == [(True, None), (None, first["event_id"])]
        assert [each["bad"] for each in in_force(told)] == [None]
        assert self.send(client, of_decision, key="k").status_code == 200
        assert len(events(client, path)) == 2

    def test_two_of_one_request_that_contradict_each_other_are_refused(self, client, ledger, problem):
        seen = {"enterprise_id": "e", "as_of": "2024-06-30", "bad": True}
        answer = self.send(client, seen, seen | {"enterprise_id": "f"}, seen | {"bad": False})
        assert field_of(problem, answer, 409) == ("ICS-SRV-063", ["outcomes.2.bad"])
        assert self.send(client, seen, seen | {"as_of": "2023-06-30", "bad": False}).status_code == 201

    def test_a_thousand_are_looked_up_together(self, client, problem):
        seen = [{"enterprise_id": f"e-{number}", "as_of": "2024-06-30", "bad": False} for number in range(1000)]
        assert self.send(client, *seen, key="k" * 255).status_code == 201
        assert self.send(client, *seen, key="k" * 255).status_code == 200
        answer = self.send(client, *[each | {"bad": True} for each in seen])
        assert field_of(problem, answer, 409) == ("ICS-SRV-063", [f"outcomes.{n}.bad" for n in range(50)])

    @pytest.mark.parametrize("length", [1, 252, 253, 254, 255])
    def test_a_key_of_every_length_that_is_allowed_names_them(self, client, length):
        seen = [{"enterprise_id": f"e-{number}", "as_of": "2024-06-30", "bad": False} for number in range(12)]
        made, again = (self.send(client, *seen, key="k" * length) for _ in range(2))
        assert (made.status_code, again.status_code, again.content) == (201, 200, made.content)


@pytest.mark.parametrize("others", [[], [1], [0, 1], [2, 0], [1, 2, 3]])
def test_under_a_key_that_was_used_none_of_other_outcomes_is_recorded(client, ledger, problem, others):
    """Those past the end of what was sent before have a key of their own, which is free."""
    outcomes = [{"enterprise_id": f"e-{number}", "as_of": "2024-06-30", "bad": False} for number in range(4)]
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
    assert ledger.erase_enterprise("bank-a", decided["enterprise_id"], reason="asked for it", by="officer").erased == 3
    for gone in (client.get(path), client.post(f"{path}/objection", json={"statement": "s", "user": "u"})):
        assert problem(gone, 410).code == "ICS-LED-026"
    outcome = {"enterprise_id": decided["enterprise_id"], "as_of": decided["as_of"], "bad": True}
    named = {"outcomes": [outcome | {"decision_id": decided["decision_id"]}]}
    assert problem(client.post("/v1/outcomes", json=named), 410).code == "ICS-LED-026"
    told = events(client, path)
    assert [(each["kind"], each["erased"]) for each in told] == [("override", True), ("correction", True)]
    assert "secret" not in json.dumps(told)
    assert (found := ledger.verify(trusted_keys())).ok
    assert found.erased == 3
    assert canonical_bytes(told)


def test_all_that_is_asked_of_an_erased_decision_is_gone(client, ledger, decided, path, record, problem, keys):
    """Also what is sent again under its key, the same or another: nothing says what had been sent."""
    firm, name = decided["enterprise_id"], decided["decision_id"]
    seen = {"enterprise_id": firm, "as_of": "2026-06-30", "bad": True}
    sent = {
        URL: record,
        f"{path}/override": OVERRIDE,
        f"{path}/correction": {"record": record, "user": "u", "reason": "r"},
        f"{path}/objection": {"statement": "s", "user": "u"},
        "/v1/outcomes": {"outcomes": [seen | {"enterprise_id": "another"}, seen | {"decision_id": name}]},
    }
    for where, body in sent.items():
        assert client.post(where, json=body, headers={"Idempotency-Key": where}).status_code == 201
    alone = {"outcomes": [seen]}
    assert client.post("/v1/outcomes", json=alone, headers={"Idempotency-Key": "alone"}).status_code == 201
    before = ledger.verify(trusted_keys()).records
    assert ledger.erase_enterprise("bank-a", firm, reason="asked for it", by="officer").erased == 7
    again = [client.post(where, json=body, headers={"Idempotency-Key": where}) for where, body in sent.items()]
    others = [client.post(where, json=body) for where, body in sent.items() if where != URL]
    by_key = [
        client.post("/v1/outcomes", json={"outcomes": [one]}, headers={"Idempotency-Key": "alone"})
        for one in (seen, seen | {"bad": False}, seen | {"enterprise_id": "another"})
    ]
    client.headers["Authorization"] = f"Bearer {keys.admin}"
    read = [client.get(f"{path}{what}") for what in ("", "/report", "/changes", "/pack")]
    for answer in (*again, *others, *by_key, *read, client.post(f"{path}:replay")):
        assert (answer.request.url.path, problem(answer, 410).code) == (answer.request.url.path, "ICS-LED-026")
    assert client.get(URL, params={"enterprise_id": firm}).json()["items"] == []
    assert ledger.verify(trusted_keys()).records == before + 1
    assert ledger.verify(trusted_keys()).ok


def test_an_outcome_of_a_decision_without_a_time_is_recorded(client, ledger):
    """It is in no index, so its firm is read from what was recorded."""
    parts = payload("d-undated", decision={"decision_id": "d-undated", "enterprise_id": "e-1"})
    ledger.record("bank-a", "d-undated", parts)
    seen = {"enterprise_id": "e-1", "as_of": "2026-06-30", "bad": True, "decision_id": "d-undated"}
    assert client.post("/v1/outcomes", json={"outcomes": [seen]}).status_code == 201
    assert client.post("/v1/outcomes", json={"outcomes": [seen | {"enterprise_id": "e-2"}]}).status_code == 422
