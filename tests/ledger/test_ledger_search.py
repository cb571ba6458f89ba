"""The search against a filter in Python, for ledgers nobody thought of, also while decisions are recorded."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_tables import payload

from icsml.ledger.entry import Entry
from icsml.ledger.payload import payload_parts
from icsml.ledger.store.searching import Position, Wanted
from icsml.records.facets import facets_of

NUMBERS = itertools.count()
GRADES, CODES, FIRMS = ["AA", "BB", "企", "aa"], ["R1", "R2", 'R"3', "r1"], ["e-1", "e-2", "E-1"]
TIMES = [f"2026-06-0{day}T08:00:00.{micro:06}Z" for day in (1, 2, 3) for micro in (0, 1)]
DECISIONS = st.fixed_dictionaries(
    {
        "decided_at": st.sampled_from(TIMES),
        "enterprise_id": st.sampled_from([*FIRMS, None]),
        "grade": st.sampled_from([*GRADES, None]),
        "adverse_reasons": st.lists(st.sampled_from(CODES).map(lambda code: {"code": code}), max_size=3),
    }
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "enterprise_id": st.sampled_from([*FIRMS, "none"]),
        "grade": st.sampled_from([*GRADES, "none"]),
        "reason": st.sampled_from([*CODES, "none"]),
        "since": st.sampled_from(TIMES),
        "until": st.sampled_from(TIMES),
    },
)
OFTEN = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def record(ledger, tenant, decisions):
    """Record decisions, and return the facets of each by its name."""
    entries, kept = [], {}
    for stated in decisions:
        name = f"d-{next(NUMBERS) * 7919 % 100_003:06}"  # the names are not in the order recorded
        whole = payload(name, decision=stated | {"decision_id": name})
        kept[name] = facets_of(whole["decision"])
        entries.append(Entry.of(tenant, name, payload_parts(name, whole), facets=kept[name]))
    assert not any(isinstance(outcome, Exception) for outcome in ledger.record_all(entries))
    return kept


def fitting(kept, wanted):
    def fits(facets):
        return (
            wanted.enterprise_id in (None, facets.enterprise_id)
            and wanted.grade in (None, facets.grade)
            and (wanted.reason is None or wanted.reason in facets.reasons)
            and (wanted.since is None or facets.decided_at >= wanted.since)
            and (wanted.until is None or facets.decided_at < wanted.until)
        )

    return {name: facets for name, facets in kept.items() if fits(facets)}


def in_order(found):
    return sorted(((facets.decided_at, name) for name, facets in found.items()), reverse=True)


def positions(rows):
    return [Position(row.decided_at, row.decision_id) for row in rows]


@OFTEN
@given(
    decisions=st.lists(DECISIONS, max_size=12),
    conditions=CONDITIONS,
    size=st.integers(1, 5),
    filled=st.integers(0, 12),
)
def test_pages_and_counts_are_those_of_a_filter(shared_ledger, decisions, conditions, size, filled):
    """The reasons and grades of the first decisions are in the index, those of the others are not there yet."""
    tenant = f"tenant-{next(NUMBERS)}"
    record(shared_ledger, f"other-{tenant}", decisions)
    kept, wanted = record(shared_ledger, tenant, decisions[:filled]), Wanted(tenant, **conditions)
    shared_ledger.catch_up()
    kept |= record(shared_ledger, tenant, decisions[filled:])
    pages, after = [], None
    while page := positions(shared_ledger.search(wanted, after=after, limit=size)):
        pages, after = pages + page, page[-1]
    assert pages == in_order(fitting(kept, wanted))
    counted = shared_ledger.count_facets(wanted)
    grades = Counter(each.grade for each in fitting(kept, wanted._replace(grade=None)).values())
    reasons = Counter(code for each in fitting(kept, wanted._replace(reason=None)).values() for code in each.reasons)
    assert (dict(counted.grade), dict(counted.reason)) == (grades, reasons)
    assert (counted.counted, counted.complete) == (len(pages), True)


@OFTEN
@given(
    first=st.lists(DECISIONS, min_size=3, max_size=8),
    later=st.lists(DECISIONS, min_size=1, max_size=8),
    conditions=CONDITIONS,
    filled=st.sets(st.integers(0, 8)),
)
def test_what_is_recorded_between_pages_moves_nothing(shared_ledger, first, later, conditions, filled):
    """Each decision of the first page's time is on one page; of the others those that lie behind it."""
    tenant = f"tenant-{next(NUMBERS)}"
    kept, wanted, more = record(shared_ledger, tenant, first), Wanted(tenant, **conditions), iter(later)
    known, pages, after = fitting(kept, wanted), [], None
    while page := positions(shared_ledger.search(wanted, after=after, limit=1)):
        pages, after = pages + page, page[-1]
        kept |= record(shared_ledger, tenant, itertools.islice(more, 1))
        if len(pages) in filled:
            shared_ledger.catch_up()
    assert pages == sorted(set(pages), reverse=True)
    assert set(in_order(known)) <= set(pages) <= set(in_order(fitting(kept, wanted)))
