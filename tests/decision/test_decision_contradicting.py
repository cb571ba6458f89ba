"""The share of contradicting reasons over many records is the share that decisions on each of them state."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.decision.reasons import contradicting_share
from icsml.records.columns import take, to_columns
from icsml.records.enterprise import frame_records

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def test_the_share_is_that_of_the_decisions(bundle, enterprises):
    some = enterprises.iloc[::40]
    columns = to_columns(some)
    own = ~assess(bundle, columns, explained=False).fallback
    flags = [
        reason.contradicts
        for record in (record for record, kept in zip(frame_records(some), own, strict=True) if kept)
        for reason in decide(
            bundle, record, decision_id="d", decided_at=NOW, reasons=30, with_recourse=False
        ).decision.reasons
        if reason.contradicts is not None
    ]
    assert 0 < sum(flags) < len(flags)
    assert contradicting_share(bundle, columns, 30) == pytest.approx(np.mean(flags))


def test_without_a_population_or_a_record_there_is_none(bundle, enterprises):
    columns = to_columns(enterprises.iloc[:3])
    assert contradicting_share(replace(bundle, reference=None), columns) is None
    assert contradicting_share(bundle, take(columns, np.array([], dtype=np.intp))) is None
