"""What the auditor's report keeps of the rows while they pass by: sums, deviations, a few of them whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from icsml.core.arrays import Flags, Floats
from icsml.decision.assess import Assessment, ExplainedAssessment, Explanation
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.terms import adverse, by_group, rank_terms
from icsml.innovation.scoring.population_groups import group_order, population_groups, provinces, staff_classes
from icsml.model.bundle import Bundle
from icsml.records.columns import Columns
from icsml.reports.report_findings import PD_BANDS, Check, GroupFigures, Sample

__all__ = ["Accumulators", "pd_bands"]


_ADDS_UP: Final = 1e-9


def pd_bands(pds: Floats) -> NDArray[Any]:
    """Return the band of every PD, shape (n,); see :data:`icsml.reports.report_findings.PD_BANDS`."""
    places = np.searchsorted(list(PD_BANDS.values()), pds, side="right")
    return np.array(list(PD_BANDS), dtype=object)[np.maximum(places - 1, 0)]


@dataclass
class _Group:
    """Sums over one group of rows."""

    adverse: NDArray[np.int64]
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


def _within(places: NDArray[np.intp], first: int, rows: int) -> NDArray[np.intp]:
    """Return those of the places that lie in a chunk, counted from its first row."""
    found: NDArray[np.intp] = places[(places >= first) & (places < first + rows)] - first
    return found


@dataclass
class Accumulators:
    """What is kept of the rows while they pass by.

    Parameters
    ----------
    bundle : Bundle
        The model.
    wanted : ndarray of int of shape (k,)
        Places of the rows that are drawn as dots and held against LightGBM.
    valued : ndarray of int of shape (m,)
        Places of the rows whose feature values are kept besides.
    """

    bundle: Bundle
    wanted: NDArray[np.intp]
    valued: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    pd: list[Floats] = field(default_factory=list)
    grades: Counter[str | None] = field(default_factory=Counter)
    fallback: list[Flags] = field(default_factory=list)
    graded_as: list[NDArray[Any]] = field(default_factory=list)
    scores: list[NDArray[np.int64]] = field(default_factory=list)
    adverse: list[NDArray[np.int16]] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)
    pd_without: list[Floats] = field(default_factory=list)
    innovation: list[Floats] = field(default_factory=list)
    moves: NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    drawn: list[tuple[Floats, Floats]] = field(default_factory=list)
    alone: list[tuple[int, float, bytes]] = field(default_factory=list)
    told: list[tuple[Floats, Flags, Floats, Floats]] = field(default_factory=list)
    groups: dict[str, dict[str | None, _Group]] = field(default_factory=dict)
    indicators: dict[str, Floats] = field(default_factory=dict)
    feature_groups: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        width = len(self.bundle.features)
        self.size, self.missing = np.zeros(width), np.zeros(width)
        self.adds_up, self.points_sum = _Deviation(_ADDS_UP), _Deviation(_ADDS_UP)
        self.score, self.proper, self.graded = _Deviation(0.0), _Deviation(0.0), _Deviation(0.0)

    def add(self, first: int, found: ExplainedAssessment, columns: Columns) -> None:
        """Take a chunk, whose first row has this place."""
        explanation = found.explanation
        terms = explanation.terms.log_odds
        self.pd.append(found.pd)
        self.grades.update(found.grade)
        self.fallback.append(found.fallback)
        self.graded_as.append(found.grade)
        self.scores.append(found.score)
        self.values.append(found.features[_within(self.valued, first, len(terms))])
        self.size += np.abs(terms).sum(axis=0)
        self.missing += np.isnan(found.features).sum(axis=0)
        self._check(found, explanation)
        self._innovation(found)
        self._groups(found, explanation, columns)
        self._sums_by_group(explanation)
        self._points(found)
        own = _within(self.wanted, first, len(terms))
        fed = own[~found.fallback[own]]
        self.drawn.append((terms[fed], found.features[fed]))
        totals = explanation.terms.total
        self.told.append((found.features[own], found.fallback[own], found.log_odds[own], totals[own]))
        self.alone += [(first + int(i), float(found.pd[i]), terms[i].tobytes()) for i in own]

    def _check(self, found: Assessment, explanation: Explanation) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            total = explanation.terms.base + sum_in_order(explanation.terms.log_odds)
            self.adds_up.add(np.abs(logit(found.pd) - total))
        points = explanation.base_points + explanation.points.sum(axis=1)
        self.score.add(np.abs(points - found.score).astype(np.float64))
        self.proper.add((~((found.pd > 0.0) & (found.pd < 1.0))).astype(np.float64))
        if self.bundle.scale.applies_to(self.bundle.event, self.bundle.horizon_months):
            self.graded.add(self._outside_grade(found))

    def _outside_grade(self, found: Assessment) -> Floats:
        """Return 1 for each row whose PD is not within its grade's bounds; a row too short of facts has no grade."""
        uppers = {grade.id: grade.upper for grade in self.bundle.scale.grades}
        lowers = dict(zip(uppers, [0.0, *uppers.values()], strict=False))
        low = np.array([lowers.get(grade, np.nan) for grade in found.grade])
        high = np.array([uppers.get(grade, np.nan) for grade in found.grade])
        graded = np.array([grade is not None for grade in found.grade])
        return (graded & ~((low < found.pd) & (found.pd <= high))).astype(np.float64)

    def _innovation(self, found: ExplainedAssessment) -> None:
        own = found.innovation_log_odds(self.bundle)
        if own is None or found.pd_without_innovation is None:
            return
        self.innovation.append(own)
        self.pd_without.append(found.pd_without_innovation)
        places = {grade.id: place for place, grade in enumerate(self.bundle.scale.grades)}
        without = self.bundle.grade(found.pd_without_innovation)
        if any(grade is None for grade in without):
            return
        pairs = [(a, b) for a, b in zip(found.grade, without, strict=True) if a is not None]
        step = np.sign([places[a] - places[b] for a, b in pairs])
        self.moves += [int((step == way).sum()) for way in (-1, 0, 1)]

    def _groups(self, found: Assessment, explanation: Explanation, columns: Columns) -> None:
        terms, (told, _) = explanation.terms.log_odds, explanation.merged
        against = adverse(told, self.bundle.catalogue.adverse_at_least)
        ranked = rank_terms(against, self.bundle.catalogue.adverse_reasons)
        counted = np.zeros(told.shape, dtype=np.int64)
        np.put_along_axis(counted, ranked, 1, axis=1)
        counted &= against > 0.0
        adverse_to = np.take_along_axis(against, ranked, 1) > 0.0
        self.adverse.append(np.where(adverse_to, ranked, -1).astype(np.int16))
        sizes = np.abs(terms)
        innovative = sizes[:, self.bundle.model.encoder.innovative].sum(axis=1)
        for kind, names in self._kinds(found, columns).items():
            codes, known = pd.factorize(names)
            for code in np.unique(codes):
                own = codes == code
                name = None if code < 0 else str(known[code])
                group = self.groups.setdefault(kind, {}).setdefault(
                    name, _Group(np.zeros(terms.shape[1], dtype=np.int64))
                )
                group.rows += int(own.sum())
                group.pd += float(found.pd[own].sum())
                group.size += float(sizes[own].sum())
                group.innovative += float(innovative[own].sum())
                group.adverse += counted[own].sum(axis=0)

    def _sums_by_group(self, explanation: Explanation) -> None:
        names = [feature.group for feature in self.bundle.features]
        for name, (terms, _) in by_group(names, explanation.terms.log_odds, explanation.points).items():
            self.feature_groups[name] = self.feature_groups.get(name, 0.0) + float(np.abs(terms).sum())

    def by_group(self, count: int) -> tuple[tuple[str, float], ...]:
        """Return the mean size of the sum of each group's terms, from the largest."""
        sizes = [(name, size / count) for name, size in self.feature_groups.items()]
        return tuple(sorted(sizes, key=lambda each: -each[1]))

    def _kinds(self, found: Assessment, columns: Columns) -> dict[str, NDArray[Any]]:
        everybody = {"all": np.full(len(found.pd), "all", dtype=object), "pd_band": pd_bands(found.pd)}
        if found.innovation is not None:
            return everybody | population_groups(columns, found.innovation)
        own = {"technical_field": columns["technical_field"], "province": provinces(columns)}
        return everybody | own | {"size": staff_classes(columns)}

    def _points(self, found: Assessment) -> None:
        points = found.innovation
        if points is None:
            return
        together = np.zeros(len(points.score))
        for name, own in points.points.items():
            together = together + own
            sums = np.array([np.nansum(own), points.maximum(name).sum(), np.isnan(points.values[name]).sum()])
            self.indicators[name] = self.indicators.get(name, np.zeros(3)) + sums
        scored = ~np.isnan(points.score)
        self.points_sum.add(np.abs(points.score - together)[scored])

    def sample(self) -> Sample:
        """Return the rows drawn as dots."""
        terms, values = zip(*self.drawn, strict=True)
        return Sample(np.concatenate(terms), np.concatenate(values))

    @property
    def without(self) -> Floats | None:
        """PDs of the companion over all rows; None where there is none."""
        return np.concatenate(self.pd_without) if self.pd_without else None

    @property
    def drawn_values(self) -> Floats:
        """Feature values of all rows drawn, those that the companion answered included."""
        return np.concatenate([features for features, *_ in self.told])

    def segments(self) -> dict[str, tuple[GroupFigures, ...]]:
        """Return the figures of every group of every kind that the data have."""
        stages = self.bundle.rulebook.stage_ids if self.bundle.rulebook else ()
        order = [stage for stage in stages if stage is not None]
        found: dict[str, tuple[GroupFigures, ...]] = {}
        for kind, groups in self.groups.items():
            if set(groups) in ({None}, {"staff not known"}):
                continue
            place: Any = list(PD_BANDS).index if kind == "pd_band" else group_order(kind, order)
            names = sorted(groups, key=place)
            found[kind] = tuple(self._figures(name, groups[name]) for name in names)
        return found

    def _figures(self, name: str | None, group: _Group) -> GroupFigures:
        with_innovation = self.bundle.model.encoder.innovative.any() and group.size > 0.0
        share = group.innovative / group.size if with_innovation else None
        return GroupFigures(name, group.rows, group.pd / group.rows, share, group.adverse)

    def checks(self) -> list[Check]:
        """Return the checks over all rows."""
        found = [self.adds_up.check("adds_up"), self.score.check("score_reconciles"), self.proper.check("pd_proper")]
        if self.graded.rows:
            found.append(self.graded.check("grade_holds_pd"))
        if self.points_sum.rows:
            found.append(self.points_sum.check("points_sum"))
        return found
