"""Outcomes: found by their firm, in the order recorded; which of them hold, and which contradict one another."""

from __future__ import annotations

import pytest
from ledger_tables import payload

from icsml.ledger import Entry
from icsml.ledger.outcomes import contradicted, in_force, of_decision

SEEN = {"bad": True, "event": "default", "event_date": "2026-07-01"}


def outcome(name, firm, about=None, tenant="bank-a", **told):
    event = {"event_id": name, "kind": "outcome", "decision_id": about, "as_of": "2026-06-30", "bad": True} | told
    return Entry.of_event(tenant, event, enterprise_id=firm)


@pytest.fixture
def recorded(ledger):
    for number in range(3):
        decision = {
            "decision_id": f"d-{number}",
            "enterprise_id": f"e-{number}",
            "decided_at": "2026-06-30T08:00:00.000000Z",
        }
        ledger.record("bank-a", f"d-{number}", payload(f"d-{number}", decision=decision))
    override = {"event_id": "v", "kind": "override", "decision_id": "d-1"}
    made = [
        outcome("o-1", "e-1", "d-1"), outcome("o-2", "e-1"), outcome("o-3", "e-2", "d-2"), outcome("o-4", "other"),
        outcome("o-5", "e-1", tenant="bank-b"), Entry.of_event("bank-a", override, enterprise_id="e-1"),
    ]  # fmt: skip
    for each in made:
        ledger.record_all([each])
    return ledger


def test_those_of_firms_are_found_whatever_they_name(recorded):
    found = recorded.outcomes("bank-a", ["e-1", "other", "e-0", "nobody"])
    assert [(each["event_id"], each["enterprise_id"]) for each in found] == [
        ("o-1", "e-1"), ("o-2", "e-1"), ("o-4", "other"),
    ]  # fmt: skip
    assert all(each["recorded_at"] for each in found)
    assert [each["event_id"] for each in of_decision(found, "d-1", "2026-06-30")] == ["o-1", "o-2", "o-4"]
    assert [each["event_id"] for each in of_decision(found, "d-9", "2026-06-30")] == ["o-2", "o-4"]
    assert of_decision(found, "d-9", "2026-06-29") == []
    assert recorded.outcomes("bank-a", []) == []


def test_those_of_an_erased_firm_are_gone(recorded):
    recorded.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
    assert [each["event_id"] for each in recorded.outcomes("bank-a", ["e-1", "e-2"])] == ["o-3"]
    assert recorded.indexed("bank-a", ["d-1"]) == {}


def test_rows_of_the_index_are_of_ones_own_decisions(recorded):
    rows = recorded.indexed("bank-a", ["d-1", "d-2", "o-1", "none", "", "\n"])
    assert {name: row.enterprise_id for name, row in rows.items()} == {"d-1": "e-1", "d-2": "e-2"}
    assert recorded.indexed("bank-b", ["d-1"]) == {}
    assert recorded.indexed("bank-a", []) == {}


def test_what_another_one_replaces_holds_no_more():
    first, second, third = ({"event_id": name} for name in "abc")
    assert in_force([first, second | {"replaces": "a"}, third | {"replaces": None}]) == [
        second | {"replaces": "a"}, third | {"replaces": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "later", "field"),
    [
        ({}, {}, None),
        ({"bad": None}, {"bad": False}, None),
        ({"event": None, "event_date": None}, {}, None),
        ({}, {"bad": False}, "bad"),
        ({}, {"bad": None}, "bad"),
        ({}, {"event": None}, "event"),
        ({}, {"event_date": "2026-07-02"}, "event_date"),
    ],
)
def test_a_contradiction_is_named_and_an_addition_is_none(earlier, later, field):
    assert contradicted(SEEN | earlier, SEEN | later) == field
