"""Decisions on several records are those on each alone, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime

import rfc8785

from icsml.decision.decide import Decided, decide, decide_all
from icsml.errors import InputError
from icsml.records.enterprise import example_record, frame_records, parse_record

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def decided(bundle, records, **how):
    ids = [f"d-{number}" for number in range(len(records))]
    return list(decide_all(bundle, records, decision_ids=ids, decided_at=MOMENT, **how))


def alone(bundle, records, **how):
    return [
        decide(bundle, record, decision_id=f"d-{number}", decided_at=MOMENT, **how)
        for number, record in enumerate(records)
    ]


def test_each_decision_is_the_one_made_alone(bundle, enterprises):
    records = frame_records(enterprises.sample(25, random_state=4))
    for how in ({}, {"with_recourse": False, "reasons": 3}, {"recourse_from": "C1", "version": "7"}):
        together, one_by_one = decided(bundle, records, **how), alone(bundle, records, **how)
        assert [each.decision_bytes for each in together] == [each.decision_bytes for each in one_by_one]
        assert [each.features for each in together] == [each.features for each in one_by_one]


def test_a_record_at_fault_does_not_spoil_the_others(bundle, enterprises):
    good = frame_records(enterprises.sample(3, random_state=1))
    bad = parse_record(example_record() | {"statement_published_at": "2030-01-01"})
    found = decided(bundle, [good[0], bad, *good[1:]], with_recourse=False)
    assert [type(each) for each in found] == [Decided, InputError, Decided, Decided]
    assert (found[1].code, found[1].field) == ("ICS-REC-002", "statement_published_at")
    expected = alone(bundle, [good[0], good[0], *good[1:]], with_recourse=False)
    assert [found[n].decision_bytes for n in (0, 2, 3)] == [expected[n].decision_bytes for n in (0, 2, 3)]


def test_no_record_gives_no_decision(bundle):
    assert decided(bundle, []) == []


def test_the_bytes_of_a_decision_are_canonical_and_read_back(bundle, enterprises):
    for each in decided(bundle, frame_records(enterprises.sample(25, random_state=9))):
        assert rfc8785.dumps(each.decision.model_dump(mode="json")) == each.decision_bytes


def test_recourse_is_looked_for_from_a_grade_on(bundle, enterprises):
    records = frame_records(enterprises.sample(60, random_state=2))
    grades = [grade.id for grade in bundle.scale.grades]
    found = alone(bundle, records, recourse_from="C1")
    better = [grades.index(each.grade) < grades.index("C1") if each.grade else False for each in found]
    assert 0 < sum(better) < len(better)
    for each, is_better in zip(found, better, strict=True):
        assert (each.decision.recourse is None) == is_better
        told = [w.text.en for w in each.decision.warnings if w.code == "NO_RECOURSE"]
        assert any("better than" in text for text in told) == is_better
