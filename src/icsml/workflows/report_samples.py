"""Parts of the auditor's report on a few rows: examples, thresholds, interactions, contradictions."""

from __future__ import annotations

from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Int8s
from icsml.core.sampling import sampled_rows
from icsml.decision.assess import assess
from icsml.decision.decide import DEFAULT_REASONS
from icsml.decision.ranked_terms import ranked_terms
from icsml.decision.reasons import row_reasons
from icsml.decision.row import Row
from icsml.explain.contradiction import contradictions
from icsml.innovation.rulebooks.decimals import number_text
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.model.bundle import Bundle
from icsml.records.columns import Columns, take
from icsml.reports.interactions import affordable_rows, interaction_values
from icsml.reports.report_facts import ContradictionFigures, Example, Interactions, Pair, Sample, Thresholds

__all__ = ["contradiction_figures", "examples", "strongest_interactions", "thresholds_of_features"]


_PAIRS: Final = 8
_REASONS: Final = 3
_CONTRADICTING: Final = 500
_ROLES: Final = (("good", 0.05), ("middling", 0.5), ("poor", 0.99))


def strongest_interactions(bundle: Bundle, sample: Sample) -> Interactions:
    """Return the strongest pairs, without rows that lack a value training always saw: shap cannot explain them."""
    unseen = np.isnan(sample.values[:, [bundle.model.encoder.index(name) for name in bundle.never_missing]]).any(axis=1)
    usable = sample.values[~unseen]
    values = usable[sampled_rows(len(usable), affordable_rows(bundle.model.booster))]
    if not len(values):
        return Interactions(values, (), 0.0)
    values_of_pairs = interaction_values(bundle.model.booster, values, bundle.model.calibration.slope)
    sizes = np.abs(values_of_pairs).mean(axis=0)
    first, second = np.triu_indices(len(bundle.features), 1)
    between = 2.0 * sizes[first, second]
    strongest = [index for index in np.argsort(-between, kind="stable")[:_PAIRS] if between[index] > 0.0]
    pairs = tuple(
        Pair(int(first[i]), int(second[i]), float(between[i]), 2.0 * values_of_pairs[:, first[i], second[i]])
        for i in strongest
    )
    alone, whole = float(np.trace(sizes)), float(sizes.sum())
    return Interactions(values, pairs, alone / whole if whole else 0.0)


def examples(bundle: Bundle, columns: Columns, pds: Floats, used: Int8s) -> tuple[Example, ...]:
    """Return a good, a middling and a poor risk, each assessed alone."""
    order = np.argsort(pds, kind="stable")
    rows = [(role, int(order[int(at * (len(order) - 1))])) for role, at in _ROLES]
    return tuple(_example(bundle, columns, role, row, int(used[row])) for role, row in rows)


def _example(bundle: Bundle, columns: Columns, role: str, row: int, used: int) -> Example:
    one = take(columns, np.array([row]))
    assessment = assess(bundle, one, first_row=row)
    explanation, ranked = assessment.explanation, ranked_terms(bundle, assessment, _REASONS)
    as_of = one["as_of"][0]
    return Example(
        role=role,
        enterprise_id=str(one["enterprise_id"][0]),
        as_of=None if np.isnat(as_of) else str(as_of),
        usage=used,
        fallback=bool(assessment.fallback[0]),
        pd=float(assessment.pd[0]),
        grade=assessment.grade[0],
        score=int(assessment.score[0]),
        base=float(explanation.terms.base[0]),
        base_points=int(explanation.base_points[0]),
        log_odds=explanation.terms.log_odds[0],
        values=assessment.features[0],
        points=explanation.points[0],
        reasons=tuple(reason.text for reason in row_reasons(Row(bundle, assessment, 0), ranked).reasons),
    )


def thresholds_of_features(bundle: Bundle, columns: Columns) -> tuple[Thresholds, ...]:
    """Return the rulebook's thresholds for every feature that measures what one of its indicators does."""
    if bundle.rulebook is None:
        return ()
    features = assess(bundle, columns, explained=False).features
    pairs = [(indicator, option) for indicator in bundle.rulebook.indicators for option in indicator.options]
    matched: list[Thresholds] = []
    for index, feature in enumerate(bundle.features):
        for indicator, option in pairs:
            if set(option.value.fields) == set(feature.inputs):
                factor = _factor(features[:, index], option.value.compute(columns))
                if factor is not None:
                    matched += _thresholds(index, indicator, option, factor)
    return tuple(matched)


def _factor(feature: Floats, indicator: Floats) -> float | None:
    """Return by how much a feature is larger than an indicator in every row; None where they measure something else."""
    both = np.isfinite(feature) & np.isfinite(indicator)
    apart = both & (indicator != 0.0)
    if not apart.any():
        return None
    factor = float(np.median(feature[apart] / indicator[apart]))
    same = np.abs(feature[both] - factor * indicator[both]) <= 1e-9 * np.abs(feature[both])
    return factor if factor > 0.0 and same.all() else None


def _thresholds(index: int, indicator: Indicator, option: Option, factor: float) -> list[Thresholds]:
    ends = option.points.thresholds
    at = tuple((factor * float(end), number_text(end, percent=option.percent).replace(" %", "%")) for end in ends)
    return [Thresholds(index, indicator.label, str(indicator.weakest_provenance), at)] if at else []


def contradiction_figures(bundle: Bundle, sample: Sample) -> ContradictionFigures | None:
    """Return how often reasons of free features contradict; None without a reference population or a row."""
    if bundle.reference is None or not len(sample.values):
        return None
    rows = sampled_rows(len(sample.values), _CONTRADICTING)
    counts = contradictions(bundle, sample.values[rows], sample.log_odds[rows], DEFAULT_REASONS)
    features = [
        (bundle.model.encoder.index(name), count, counts.contradicting[name])
        for name, count in counts.displayed.items()
        if count
    ]
    features.sort(key=lambda feature: (-feature[2], feature[0]))
    return ContradictionFigures(counts.rows, DEFAULT_REASONS, counts.rate, tuple(features))
