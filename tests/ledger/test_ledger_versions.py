"""A decision read with those that it corrects, and that correct it: its tenant's, the newest first, not too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from ledger_tables import payload

from icsml.core.canonical import canonical_bytes
from icsml.ledger import Entry, Ledger
from icsml.ledger.entry import Link

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)


@pytest.fixture
def ledger(url):
    """A ledger to which each entry comes a second later."""
    seconds = count()
    with Ledger.open(url, clock=lambda: NOW + timedelta(seconds=next(seconds))) as opened:
        yield opened


def record(ledger, decision_id, *, about=None, kind="correction", tenant="bank-a", firm="e-1"):
    parts = {name: canonical_bytes(part) for name, part in payload(decision_id).items()}
    link = None if about is None else Link(kind, about)
    (made,) = ledger.record_all([Entry.of(tenant, decision_id, parts, enterprise_id=firm, link=link)])
    return made.decision_bytes


def tied(ledger, decision_id, tenant="bank-a"):
    found = ledger.decision(tenant, decision_id)
    return found.predecessor, found.successors


def test_a_chain_of_corrections_names_its_neighbours_only(ledger):
    given = record(ledger, "d-1")
    assert ledger.decision("bank-a", "d-1") == (given, None, ())
    record(ledger, "d-2", about="d-1")
    record(ledger, "d-3", about="d-2", kind="objection")
    assert tied(ledger, "d-1") == (None, ("d-2",))
    assert tied(ledger, "d-2") == ("d-1", ("d-3",))
    assert tied(ledger, "d-3") == ("d-2", ())
    assert ledger.decision("bank-a", "d-1").decision_bytes == given


def test_the_newest_sixteen_are_named(ledger):
    record(ledger, "d")
    for number in range(20):
        record(ledger, f"later-{number:02}", about="d", kind="objection")
    assert tied(ledger, "d") == (None, tuple(f"later-{number:02}" for number in range(19, 3, -1)))
    assert len(ledger.events("bank-a", "d")) == 20


def test_what_is_no_decision_neither_follows_nor_is_read(ledger):
    record(ledger, "d")
    for name, kind in (("v-1", "override"), ("v-2", "outcome")):
        event = {"event_id": name, "kind": kind, "decision_id": "d"}
        ledger.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    assert tied(ledger, "d") == (None, ())
    assert ledger.decision("bank-a", "v-1") is None
    assert ledger.decision("bank-a", "none") is None
    assert ledger.decision("bank-a", "") is None


def test_another_tenant_sees_neither_decision_nor_tie(ledger):
    record(ledger, "d")
    record(ledger, "theirs", tenant="bank-b", about="d")  # no service records this
    assert tied(ledger, "d") == (None, ())
    assert ledger.decision("bank-b", "d") is None


def test_an_erased_one_is_named_still(ledger):
    record(ledger, "d", firm="e-1")
    record(ledger, "later", firm="e-2", about="d")
    assert ledger.erase_enterprise("bank-a", "e-2", reason="asked for it", by="officer").erased == 1
    assert tied(ledger, "d") == (None, ("later",))
