"""The share of contradicting reasons over many records is the share that decisions on each of them state."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.decision.reasons import contradicting_share
from icsml.records.columns import take, to_columns
from icsml.records.direction import Direction
from icsml.records.enterprise import example_record, frame_records, parse_record

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def flags_of(bundle, some, most):
    """Return what decisions on rows that the model scored say of each reason that is asked."""
    own = ~assess(bundle, to_columns(some), explained=False).fallback
    return [
        reason.contradicts
        for record in (record for record, kept in zip(frame_records(some), own, strict=True) if kept)
        for reason in decide(
            bundle, record, decision_id="d", decided_at=NOW, reasons=most, with_recourse=False
        ).decision.reasons
        if reason.contradicts is not None
    ]


def test_the_share_is_that_of_the_decisions(bundle, enterprises):
    some = enterprises.iloc[::40]
    flags = flags_of(bundle, some, 30)
    assert 0 < sum(flags) < len(flags)
    assert contradicting_share(bundle, to_columns(some), 30) == pytest.approx(np.mean(flags))


def test_merged_reasons_are_counted_as_they_are_shown(bundle, enterprises):
    some = enterprises.iloc[::40]
    merging = replace(bundle, reasons=bundle.catalogue.model_copy(update={"merge_above": 0.3}))
    flags, apart = flags_of(merging, some, 12), flags_of(bundle, some, 12)
    assert np.mean(flags) != np.mean(apart)
    assert contradicting_share(merging, to_columns(some), 12) == pytest.approx(np.mean(flags))


def test_without_a_population_or_a_record_there_is_none(bundle, enterprises):
    columns = to_columns(enterprises.iloc[:3])
    assert contradicting_share(replace(bundle, reference=None), columns) is None
    assert contradicting_share(bundle, take(columns, np.array([], dtype=np.intp))) is None


def test_no_signed_text_is_told_of_a_reason_that_contradicts(bundle, enterprises):
    """A signed text of a free feature states the risk, and here the feature alone says otherwise."""
    free = [feature.code for feature in bundle.features if feature.direction is Direction.FREE]
    forms = bundle.catalogue.codes["LEV01"].model_copy(update={"signed_by": "A. Officer"})
    codes = dict(bundle.catalogue.codes) | dict.fromkeys(free, forms)
    signed = replace(bundle, reasons=bundle.catalogue.model_copy(update={"codes": codes}))
    kinds = {True: set(), False: set()}
    for record in frame_records(enterprises.iloc[::40]):
        made = decide(signed, record, decision_id="d", decided_at=NOW, reasons=30, with_recourse=False).decision
        for reason in made.reasons:
            if reason.contradicts is not None and reason.value is not None and reason.reference_value is not None:
                kinds[reason.contradicts].add(str(reason.kind))
    assert kinds[True] == {"neutral"}
    assert "comparison" in kinds[False]


def test_a_score_by_assumed_rules_is_said_to_be_no_official_one(bundle):
    assert bundle.rulebook.provenance == "assumed"
    record = parse_record(example_record())
    made = decide(bundle, record, decision_id="d", decided_at=NOW, reasons=1000, with_recourse=False).decision
    (text,) = (each.text for each in made.reasons if each.feature == "innovation_score")
    assert "own calculation, not the official points" in text.en
    assert "内部测算，非官方积分" in text.zh
