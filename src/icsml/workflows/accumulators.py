"""Accumulators of the auditor's report: sums and deviations over chunks of rows, and a few complete rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import logit

from icsml.core.arrays import Array, Flags, Floats, Indices, Int16s, Ints
from icsml.decision.assess import Assessment, ExplainedAssessment, Explanation
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.terms import adverse, by_group, rank_terms
from icsml.innovation.scoring.population_groups import (
    StaffClass,
    group_order,
    population_groups,
    provinces,
    staff_classes,
)
from icsml.model.bundle import Bundle
from icsml.records.columns import Columns
from icsml.reports.report_facts import PD_BANDS, Check, GroupFigures, Sample

__all__ = ["Accumulators", "pd_bands"]


_ADDS_UP: Final = 1e-9
_NOT_KNOWN: Final = {None, StaffClass.NOT_KNOWN}
"""Groups of rows that are in no group; a kind that has only these is left out."""


def pd_bands(pds: Floats) -> Array:
    """Return the band of every PD, shape (n,); see :data:`icsml.reports.report_facts.PD_BANDS`."""
    indices = np.searchsorted(list(PD_BANDS.values()), pds, side="right")
    return np.array(list(PD_BANDS), dtype=object)[np.maximum(indices - 1, 0)]


@dataclass
class _GroupSums:
    """Sums over one group of rows."""

    adverse: Ints
    rows: int = 0
    pd: float = 0.0
    size: float = 0.0
    innovative: float = 0.0


@dataclass
class _Deviation:
    """The worst of a measured deviation, and how many rows were beyond the bound; what is no number is beyond it."""

    bound: float
    rows: int = 0
    failed: int = 0
    worst: float = 0.0

    def add(self, deviation: Floats) -> None:
        self.rows += len(deviation)
        self.failed += int((~(deviation <= self.bound)).sum())
        self.worst = float(np.max(deviation, initial=self.worst))

    def check(self, name: str) -> Check:
        return Check(name, self.rows, self.failed, self.worst, self.bound)


def _within(indices: Indices, first: int, rows: int) -> Indices:
    """Return those of the indices that are in a chunk, counted from its first row."""
    inside: Indices = indices[(indices >= first) & (indices < first + rows)] - first
    return inside


@dataclass
class Accumulators:
    """Sums and rows of an assessment in chunks.

    Parameters
    ----------
    bundle : Bundle
        The model.
    sampled : ndarray of int of shape (k,)
        Indices of the rows that are drawn as dots and compared with LightGBM.
    valued : ndarray of int of shape (m,)
        Indices of the rows whose feature values are kept besides.
    """

    bundle: Bundle
    sampled: Indices
    valued: Indices = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    pd_chunks: list[Floats] = field(default_factory=list)
    grade_counts: Counter[str | None] = field(default_factory=Counter)
    fallback_chunks: list[Flags] = field(default_factory=list)
    grade_chunks: list[Array] = field(default_factory=list)
    score_chunks: list[Ints] = field(default_factory=list)
    adverse_chunks: list[Int16s] = field(default_factory=list)
    value_chunks: list[Floats] = field(default_factory=list)
    pd_without_chunks: list[Floats] = field(default_factory=list)
    innovation_chunks: list[Floats] = field(default_factory=list)
    grade_changes: Ints = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    sampled_chunks: list[tuple[Floats, Floats]] = field(default_factory=list)
    alone: list[tuple[int, float, bytes]] = field(default_factory=list)
    compared: list[tuple[Floats, Flags, Floats, Floats]] = field(default_factory=list)
    groups: dict[str, dict[str | None, _GroupSums]] = field(default_factory=dict)
    indicators: dict[str, Floats] = field(default_factory=dict)
    feature_groups: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        width = len(self.bundle.features)
        self.size, self.missing = np.zeros(width), np.zeros(width)
        self.adds_up, self.points_sum = _Deviation(_ADDS_UP), _Deviation(_ADDS_UP)
        self.score, self.pd_in_range, self.graded = _Deviation(0.0), _Deviation(0.0), _Deviation(0.0)

    def add(self, first: int, assessment: ExplainedAssessment, columns: Columns) -> None:
        """Add a chunk, whose first row has this index."""
        explanation = assessment.explanation
        terms = explanation.terms.log_odds
        self.pd_chunks.append(assessment.pd)
        self.grade_counts.update(assessment.grade)
        self.fallback_chunks.append(assessment.fallback)
        self.grade_chunks.append(assessment.grade)
        self.score_chunks.append(assessment.score)
        self.value_chunks.append(assessment.features[_within(self.valued, first, len(terms))])
        self.size += np.abs(terms).sum(axis=0)
        self.missing += np.isnan(assessment.features).sum(axis=0)
        self._add_checks(assessment, explanation)
        self._add_innovation(assessment)
        self._add_groups(assessment, explanation, columns)
        self._add_feature_groups(explanation)
        self._add_points(assessment)
        rows = _within(self.sampled, first, len(terms))
        of_model = rows[~assessment.fallback[rows]]
        self.sampled_chunks.append((terms[of_model], assessment.features[of_model]))
        totals = explanation.terms.total
        self.compared.append(
            (assessment.features[rows], assessment.fallback[rows], assessment.log_odds[rows], totals[rows])
        )
        self.alone += [(first + int(i), float(assessment.pd[i]), terms[i].tobytes()) for i in rows]

    def _add_checks(self, assessment: Assessment, explanation: Explanation) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            total = explanation.terms.base + sum_in_order(explanation.terms.log_odds)
            self.adds_up.add(np.abs(logit(assessment.pd) - total))
        points = explanation.base_points + explanation.points.sum(axis=1)
        self.score.add(np.abs(points - assessment.score).astype(np.float64))
        self.pd_in_range.add((~((assessment.pd > 0.0) & (assessment.pd < 1.0))).astype(np.float64))
        if self.bundle.scale.applies_to(self.bundle.event, self.bundle.horizon_months):
            self.graded.add(self._outside_grade(assessment))

    def _outside_grade(self, assessment: Assessment) -> Floats:
        """Return 1 for each row whose PD is not within its grade's bounds; a row too short of facts has no grade."""
        uppers = {grade.id: grade.upper for grade in self.bundle.scale.grades}
        lowers = dict(zip(uppers, [0.0, *uppers.values()], strict=False))
        low = np.array([lowers.get(grade, np.nan) for grade in assessment.grade])
        high = np.array([uppers.get(grade, np.nan) for grade in assessment.grade])
        graded = np.array([grade is not None for grade in assessment.grade])
        return (graded & ~((low < assessment.pd) & (assessment.pd <= high))).astype(np.float64)

    def _add_innovation(self, assessment: ExplainedAssessment) -> None:
        log_odds = assessment.innovation_log_odds(self.bundle)
        if log_odds is None or assessment.pd_without_innovation is None:
            return
        self.innovation_chunks.append(log_odds)
        self.pd_without_chunks.append(assessment.pd_without_innovation)
        ranks = {grade.id: rank for rank, grade in enumerate(self.bundle.scale.grades)}
        without = self.bundle.grade(assessment.pd_without_innovation)
        if any(grade is None for grade in without):
            return
        pairs = [(a, b) for a, b in zip(assessment.grade, without, strict=True) if a is not None]
        step = np.sign([ranks[a] - ranks[b] for a, b in pairs])
        self.grade_changes += [int((step == way).sum()) for way in (-1, 0, 1)]

    def _add_groups(self, assessment: Assessment, explanation: Explanation, columns: Columns) -> None:
        terms, (merged, _) = explanation.terms.log_odds, explanation.merged
        against = adverse(merged, self.bundle.catalogue.adverse_at_least)
        ranked = rank_terms(against, self.bundle.catalogue.adverse_reasons)
        counted = np.zeros(merged.shape, dtype=np.int64)
        np.put_along_axis(counted, ranked, 1, axis=1)
        counted &= against > 0.0
        adverse_to = np.take_along_axis(against, ranked, 1) > 0.0
        self.adverse_chunks.append(np.where(adverse_to, ranked, -1).astype(np.int16))
        sizes = np.abs(terms)
        innovative = sizes[:, self.bundle.model.encoder.innovative].sum(axis=1)
        for kind, names in self._kinds(assessment, columns).items():
            codes, known = pd.factorize(names)
            for code in np.unique(codes):
                rows = codes == code
                group = self._group(kind, None if code < 0 else str(known[code]))
                group.rows += int(rows.sum())
                group.pd += float(assessment.pd[rows].sum())
                group.size += float(sizes[rows].sum())
                group.innovative += float(innovative[rows].sum())
                group.adverse += counted[rows].sum(axis=0)

    def _group(self, kind: str, name: str | None) -> _GroupSums:
        none = np.zeros(len(self.bundle.features), dtype=np.int64)
        return self.groups.setdefault(kind, {}).setdefault(name, _GroupSums(none))

    def _add_feature_groups(self, explanation: Explanation) -> None:
        names = [feature.group for feature in self.bundle.features]
        for name, (terms, _) in by_group(names, explanation.terms.log_odds, explanation.points).items():
            self.feature_groups[name] = self.feature_groups.get(name, 0.0) + float(np.abs(terms).sum())

    def by_group(self, count: int) -> tuple[tuple[str, float], ...]:
        """Return the mean size of the sum of each group's terms, from the largest."""
        sizes = [(name, size / count) for name, size in self.feature_groups.items()]
        return tuple(sorted(sizes, key=lambda group_size: -group_size[1]))

    def _kinds(self, assessment: Assessment, columns: Columns) -> dict[str, Array]:
        everybody = {"all": np.full(len(assessment.pd), "all", dtype=object), "pd_band": pd_bands(assessment.pd)}
        if assessment.innovation is not None:
            return everybody | population_groups(columns, assessment.innovation)
        fields, staff = columns["technical_field"], staff_classes(columns)
        return everybody | {"technical_field": fields, "province": provinces(columns), "size": staff}

    def _add_points(self, assessment: Assessment) -> None:
        points = assessment.innovation
        if points is None:
            return
        together = np.zeros(len(points.score))
        for name, by_row in points.points.items():
            together = together + by_row
            sums = np.array([np.nansum(by_row), points.maximum(name).sum(), np.isnan(points.values[name]).sum()])
            self.indicators[name] = self.indicators.get(name, np.zeros(3)) + sums
        scored = ~np.isnan(points.score)
        self.points_sum.add(np.abs(points.score - together)[scored])

    def sample(self) -> Sample:
        """Return the sampled rows plotted as points."""
        terms, values = zip(*self.sampled_chunks, strict=True)
        return Sample(np.concatenate(terms), np.concatenate(values))

    @property
    def pd(self) -> Floats:
        """PDs over all rows."""
        return np.concatenate(self.pd_chunks)

    @property
    def fallback(self) -> Flags:
        """Whether the companion gave the PD, over all rows."""
        return np.concatenate(self.fallback_chunks)

    @property
    def pd_without(self) -> Floats | None:
        """PDs of the companion over all rows; None where there is none."""
        return np.concatenate(self.pd_without_chunks) if self.pd_without_chunks else None

    @property
    def drawn_values(self) -> Floats:
        """Feature values of all rows drawn, those that the companion answered included."""
        return np.concatenate([features for features, *_ in self.compared])

    def segments(self) -> dict[str, tuple[GroupFigures, ...]]:
        """Return the figures of every group of every kind that the data have."""
        stages = self.bundle.rulebook.stage_ids if self.bundle.rulebook else ()
        order = [stage for stage in stages if stage is not None]
        segments: dict[str, tuple[GroupFigures, ...]] = {}
        for kind, groups in self.groups.items():
            if set(groups) <= _NOT_KNOWN:
                continue
            rank: Any = list(PD_BANDS).index if kind == "pd_band" else group_order(kind, order)
            names = sorted(groups, key=rank)
            segments[kind] = tuple(self._figures(name, groups[name]) for name in names)
        return segments

    def _figures(self, name: str | None, group: _GroupSums) -> GroupFigures:
        with_innovation = self.bundle.model.encoder.innovative.any() and group.size > 0.0
        share = group.innovative / group.size if with_innovation else None
        return GroupFigures(name, group.rows, group.pd / group.rows, share, group.adverse)

    def checks(self) -> list[Check]:
        """Return the checks over all rows."""
        checks = [
            self.adds_up.check("adds_up"),
            self.score.check("score_reconciles"),
            self.pd_in_range.check("pd_proper"),
        ]
        if self.graded.rows:
            checks.append(self.graded.check("grade_holds_pd"))
        if self.points_sum.rows:
            checks.append(self.points_sum.check("points_sum"))
        return checks
