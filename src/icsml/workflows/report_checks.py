"""Checks of the auditor's report that assess rows again, or compare with LightGBM itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from icsml.core.arrays import Floats
from icsml.core.sampling import sampled_rows
from icsml.decision.assess import assess
from icsml.model.bundle import Bundle
from icsml.model.certificate import Certificate
from icsml.model.scorer import Scorer
from icsml.records.columns import Columns, take
from icsml.reports.report_facts import Check
from icsml.workflows.accumulators import Accumulators

__all__ = ["check_alone", "check_directions", "check_trees"]


_ALONE: Final = 64


def check_alone(bundle: Bundle, columns: Columns, accumulators: Accumulators) -> Check:
    """Compare rows assessed alone with the same rows in their chunk, bit for bit."""
    rows = [accumulators.alone[index] for index in sampled_rows(len(accumulators.alone), _ALONE)]
    failed = 0
    for row, pd_in_chunk, terms_in_chunk in rows:
        assessment = assess(bundle, take(columns, np.array([row])), first_row=row)
        same = (
            float(assessment.pd[0]) == pd_in_chunk
            and assessment.explanation.terms.log_odds[0].tobytes() == terms_in_chunk
        )
        failed += not same
    return Check("one_is_batch", len(rows), failed)


def check_trees(bundle: Bundle, accumulators: Accumulators) -> Check:
    """Compare the log-odds that came with the reasons with LightGBM's own for the same rows, bit for bit."""
    features, fallback, log_odds, totals = (np.concatenate(parts) for parts in zip(*accumulators.compared, strict=True))
    expected = np.full(len(features), np.nan)
    expected[~fallback] = _log_odds(bundle.model, features[~fallback])
    if bundle.companion is not None:
        columns = np.ascontiguousarray(features[fallback][:, bundle.companion_columns])
        expected[fallback] = _log_odds(bundle.companion, columns)
    return Check("pd_is_of_the_trees", len(expected), int(((expected != log_odds) | (expected != totals)).sum()))


def _log_odds(scorer: Scorer, features: Floats) -> Floats:
    """Return LightGBM's raw score, calibrated; without our code."""
    if not len(features):
        return np.empty(0)
    raw = np.asarray(scorer.booster.predict(features, raw_score=True), dtype=np.float64)
    return scorer.calibration.slope * raw + scorer.calibration.intercept


def check_directions(proved: Mapping[str, Certificate]) -> list[Check]:
    """Return the check of declared directions, by pairs of leaves; none where no direction is declared."""
    pairs = sum(certificate.pairs for certificate in proved.values())
    broken = sum(proof.violations for certificate in proved.values() for proof in certificate.features)
    return [Check("directions_proved", pairs, broken)] if pairs else []
