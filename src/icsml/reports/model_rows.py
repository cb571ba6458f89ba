"""The rows of the tables of a model's page, as its template displays them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from icsml.explain.stability_results import Spread
from icsml.model.certificate import DirectionProof, Violation
from icsml.reports.firm_lookup import usage_name
from icsml.reports.model_figures import ROWS
from icsml.reports.report_facts import Example, GroupFigures, Pair, ReportFacts

__all__ = [
    "CodeRow",
    "ContradictionRow",
    "ExampleRow",
    "FeatureGroupRow",
    "FeatureRow",
    "PairRow",
    "PerformanceRow",
    "ProofRow",
    "SegmentRow",
    "StabilityRow",
    "VariableRow",
    "ViolationRow",
    "code_rows",
    "contradiction_rows",
    "example_row",
    "feature_group_rows",
    "feature_rows",
    "pair_rows",
    "performance_rows",
    "proof_rows",
    "segment_row",
    "stability_rows",
    "variable_rows",
    "violation_rows",
]

_CODES: Final = 8
_SHORT: Final = 7
_VIOLATIONS: Final = 3
_STABILITY: Final = ("overlap", "rank_biased_overlap", "sign_flips")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """A feature: its direction, mean |term| and share of rows without a value."""

    code: str
    label: str
    direction: str
    domain: str
    size: float
    missing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableRow:
    """A feature in the list of variables."""

    code: str
    label: str
    direction: str
    size: float
    missing: float
    overridden: bool
    rationale: str
    iv: float | None
    correlation: float | None
    partner: str | None


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """Performance of a model as measured by training."""

    companion: bool
    rows: float | None
    events: float | None
    auc: float | None
    low: float | None
    high: float | None
    ks: float | None
    slope: float | None
    intercept: float | None


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two features and the size of their interaction."""

    first: str
    second: str
    size: float


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """A decision that is displayed whole; ``total`` is the log-odds of its PD, ``points`` its score."""

    figure: str
    example: Example
    total: float
    usage: str
    reasons: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True)
class CodeRow:
    """An adverse reason: the index and code of its feature, what heads a narrow column, and its share of rows."""

    index: int
    code: str
    short: str
    label: str
    share: float


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A group of rows; ``adverse`` is the share of its rows that each code is an adverse reason of."""

    name: str | None
    rows: int
    pd_mean: float
    innovation_share: float | None
    adverse: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ProofRow:
    """A feature of declared direction: trees and pairs compared in each file, and pairs out of order."""

    feature: str
    direction: str
    by_file: tuple[tuple[int, int] | None, ...]
    used: bool
    violations: int


@dataclass(frozen=True, slots=True)
class ViolationRow:
    """A pair of leaves out of order, and what each adds to the log-odds."""

    file: str
    tree: int
    feature: str
    leaves: tuple[int, int]
    values: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FeatureGroupRow:
    """A group of features: the mean size of its summed terms, and its share of the single terms."""

    name: str
    size: float
    share: float


@dataclass(frozen=True, slots=True)
class ContradictionRow:
    """A free feature: its displayed reasons, and those that contradict its effect taken alone."""

    code: str
    label: str
    reasons: int
    contradicting: int


@dataclass(frozen=True, slots=True)
class StabilityRow:
    """Changes of reasons on some rows, at one level of merging."""

    rows: str
    level: str
    figures: tuple[Spread | None, ...]


def performance_rows(figures: Mapping[str, float]) -> list[PerformanceRow]:
    """Return the performance of the model and of its companion; none where the bundle does not state it."""
    names = ("rows", "defaults", "auc", "auc_low", "auc_high", "ks", "calibration_slope", "calibration_intercept")
    return [
        PerformanceRow(bool(prefix), *(figures.get(f"{prefix}{name}") for name in names))
        for prefix in ("", "without_innovation_")
        if f"{prefix}auc" in figures
    ]


def feature_rows(facts: ReportFacts, lang: str) -> list[FeatureRow]:
    """Return the features with the largest terms."""
    return [_feature_row(facts, index, lang) for index in facts.order[:ROWS]]


def _feature_row(facts: ReportFacts, index: int, lang: str) -> FeatureRow:
    feature = facts.features[index]
    return FeatureRow(
        code=feature.code,
        label=feature.label.text(lang),
        direction=str(feature.direction),
        domain=str(feature.domain),
        size=float(facts.sizes[index]),
        missing=float(facts.missing[index]),
    )


def variable_rows(facts: ReportFacts, lang: str) -> list[VariableRow]:
    """Return every feature of the model, in the order of its columns."""
    return [_variable_row(facts, index, lang) for index in range(len(facts.features))]


def _variable_row(facts: ReportFacts, index: int, lang: str) -> VariableRow:
    feature, alone = facts.features[index], facts.evidence.variables[index]
    return VariableRow(
        code=feature.code,
        label=feature.label.text(lang),
        direction=str(feature.direction),
        size=float(facts.sizes[index]),
        missing=float(facts.missing[index]),
        overridden=feature.overridden,
        rationale=feature.basis.text(lang),
        iv=alone.iv,
        correlation=None if alone.correlation is None else abs(alone.correlation),
        partner=None if alone.partner is None else facts.features[alone.partner].code,
    )


def pair_rows(facts: ReportFacts, lang: str) -> list[PairRow]:
    """Return the strongest interactions."""
    pairs = facts.interactions.pairs if facts.interactions else ()
    return [_pair_row(facts, pair, lang) for pair in pairs]


def _pair_row(facts: ReportFacts, pair: Pair, lang: str) -> PairRow:
    first, second = (facts.features[index].label.text(lang) for index in (pair.first, pair.second))
    return PairRow(first, second, pair.size)


def example_row(example: Example, lang: str) -> ExampleRow:
    """Return a decision that is displayed whole."""
    return ExampleRow(
        f"waterfall-{example.role}",
        example,
        example.base + float(example.log_odds.sum()),
        usage_name(example.usage, lang),
        tuple(reason.text(lang) for reason in example.reasons),
        example.base_points + int(example.points.sum()),
    )


def code_rows(facts: ReportFacts, lang: str) -> list[CodeRow]:
    """Return the adverse reasons that come up most often, over all rows."""
    (everybody,) = facts.segments["all"]
    order = [int(index) for index in np.argsort(-everybody.adverse, kind="stable") if everybody.adverse[index]]
    return [
        CodeRow(
            index,
            facts.features[index].code,
            _short(facts.features[index].code, rank),
            facts.features[index].label.text(lang),
            int(everybody.adverse[index]) / everybody.rows,
        )
        for rank, index in enumerate(order[:_CODES], start=1)
    ]


def _short(code: str, rank: int) -> str:
    """Return what heads a narrow column: the code, or where it is long its rank in the table above."""
    return code if len(code) <= _SHORT else f"#{rank}"


def segment_row(group: GroupFigures, codes: Sequence[CodeRow]) -> SegmentRow:
    """Return a group of rows with the share of its rows by adverse reason."""
    adverse = tuple(int(group.adverse[code.index]) / group.rows for code in codes)
    return SegmentRow(group.name, group.rows, group.pd_mean, group.innovation_share, adverse)


def _label(facts: ReportFacts, name: str, lang: str) -> str:
    return next((feature.label.text(lang) for feature in facts.features if feature.name == name), name)


def proof_rows(facts: ReportFacts, lang: str) -> list[ProofRow]:
    """Return a row for each feature of declared direction: pairs compared in each file, and pairs out of order."""
    by_file = [{proof.feature: proof for proof in certificate.features} for certificate in facts.certificates.values()]
    names = dict.fromkeys(chain(*by_file))
    return [_proof_row(_label(facts, name, lang), [proofs.get(name) for proofs in by_file]) for name in names]


def _proof_row(feature: str, by_file: Sequence[DirectionProof | None]) -> ProofRow:
    proofs = [proof for proof in by_file if proof is not None]
    return ProofRow(
        feature,
        "raises_risk" if proofs[0].sign > 0 else "lowers_risk",
        tuple(None if proof is None else (proof.trees, proof.pairs) for proof in by_file),
        any(proof.trees for proof in proofs),
        sum(proof.violations for proof in proofs),
    )


def violation_rows(facts: ReportFacts, lang: str) -> list[ViolationRow]:
    """Return the first pairs of leaves that are out of order in each file."""
    return [
        _violation_row(file, violation, _label(facts, violation.feature, lang))
        for file, certificate in facts.certificates.items()
        for violation in certificate.violations[:_VIOLATIONS]
    ]


def _violation_row(file: str, violation: Violation, feature: str) -> ViolationRow:
    return ViolationRow(file, violation.tree, feature, violation.leaves, violation.values)


def feature_group_rows(facts: ReportFacts) -> list[FeatureGroupRow]:
    """Return the groups of features by the size of their summed terms, each with its share of the single terms."""
    single = dict.fromkeys((name for name, _ in facts.groups), 0.0)
    for feature, size in zip(facts.features, facts.sizes.tolist(), strict=True):
        single[feature.group] = single.get(feature.group, 0.0) + size
    whole = sum(single.values()) or 1.0
    return [FeatureGroupRow(name, size, single[name] / whole) for name, size in facts.groups]


def contradiction_rows(facts: ReportFacts, lang: str) -> list[ContradictionRow]:
    """Return the free features whose reasons contradict their effect taken alone, the most first."""
    features = facts.contradictions.features if facts.contradictions else ()
    return [
        ContradictionRow(facts.features[index].code, facts.features[index].label.text(lang), reasons, contradicting)
        for index, reasons, contradicting in features[:_CODES]
        if contradicting
    ]


def stability_rows(facts: ReportFacts) -> list[StabilityRow]:
    """Return how reasons change, by rows and level of merging."""
    if facts.stability is None:
        return []
    return [
        StabilityRow(rows, level, tuple(facts.stability.figure(rows, level, name) for name in _STABILITY))
        for rows, levels in facts.stability.summary.items()
        for level in levels
    ]
