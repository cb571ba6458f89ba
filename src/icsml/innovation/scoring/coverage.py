"""Share of rows on which each indicator can be scored, and points lost to gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Flags, Floats
from icsml.innovation.rulebooks.indicators import Indicator, Missing
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.fit_peers import fitted
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.population_groups import PROVINCE_DIGITS, provinces
from icsml.records.columns import Columns, rows
from icsml.records.departments import DEPARTMENTS, department_of
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import is_present
from icsml.texts.label import Label

__all__ = ["Coverage", "DepartmentCoverage", "FieldCoverage", "IndicatorCoverage", "ProvinceCoverage", "coverage"]


@dataclass(frozen=True, slots=True)
class FieldCoverage:
    """Share of rows in which a field is present."""

    id: str
    share: float


@dataclass(frozen=True, slots=True)
class DepartmentCoverage:
    """Share of rows in which all fields of a source department are present, and the share of each field."""

    id: str
    label: Label
    share: float
    fields: list[FieldCoverage]


@dataclass(frozen=True, slots=True)
class IndicatorCoverage:
    """Share of rows with a value, and the points that the missing ones cost; see :class:`Coverage`."""

    id: str
    label: Label
    share: float
    policy: Missing
    max: float
    points_lost: float | None
    points_lost_at_most: float
    departments: list[str]


@dataclass(frozen=True, slots=True)
class ProvinceCoverage:
    """Shares of the indicators in one province; None stands for an unknown region."""

    province: str | None
    rows: int
    indicators: dict[str, float]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of the rows that can be scored, by indicator.

    Parameters
    ----------
    rulebook : str
        The rules.
    rows, rows_refused : int
        All rows, and those without a score.
    indicators : list of IndicatorCoverage
        By indicator the ``share`` of rows with a value for at least one of its options, the ``policy`` for a missing
        one, its ``max``, and what the missing ones cost, as a mean over all rows: ``points_lost`` (as rows with a value
        earn; None where none has) and ``points_lost_at_most`` (the maximum), both 0 where it is left out and the others
        grow.
    departments : list of DepartmentCoverage
        By source department the share of rows in which all its fields are present, and each field's share.
    provinces : list of ProvinceCoverage
        By the first two digits of the region the shares of the indicators.
    """

    rulebook: str
    rows: int
    rows_refused: int
    indicators: list[IndicatorCoverage]
    departments: list[DepartmentCoverage]
    provinces: list[ProvinceCoverage]


def coverage(rulebook: Rulebook, columns: Columns) -> Coverage:
    """Return the share of the rows that can be scored, by indicator.

    Parameters
    ----------
    rulebook : Rulebook
        The rules; where they rank among peers without tables of their own, these rows are the peers.
    columns : mapping of str to ndarray of shape (n,)
        Canonical column arrays.
    """
    points = evaluate(fitted(rulebook, columns, "these rows"), columns)
    known = {i.id: ~np.isnan(points.values[i.id]) for i in rulebook.indicators}
    return Coverage(
        rulebook=rulebook.id,
        rows=rows(columns),
        rows_refused=int(np.isnan(points.score).sum()),
        indicators=[_indicator(indicator, points, known[indicator.id]) for indicator in rulebook.indicators],
        departments=_departments(rulebook, columns),
        provinces=_provinces(columns, known),
    )


def _share(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _indicator(indicator: Indicator, points: Points, known: Flags) -> IndicatorCoverage:
    most = float(np.max(points.ceilings[indicator.id]))
    lost = indicator.missing == "zero" and len(known) > 0
    ceiling = np.where(points.stage >= 0, points.ceilings[indicator.id][points.stage], most)
    return IndicatorCoverage(
        id=indicator.id,
        label=indicator.label,
        share=_share(known),
        policy=indicator.missing,
        max=most,
        points_lost=_expected_loss(indicator, points, known, ceiling) if lost else 0.0,
        points_lost_at_most=float(np.where(known, 0.0, ceiling).mean()) if lost else 0.0,
        departments=list(dict.fromkeys(department_of(FIELD_BY_NAME[name]) for name in indicator.fields)),
    )


def _expected_loss(indicator: Indicator, points: Points, known: Flags, ceiling: Floats) -> float | None:
    """Return the points that the missing rows lose if they would earn the others' share of the maximum.

    Not known where no row has a value.
    """
    most = points.maximum(indicator.id)[known]
    earned = points.points[indicator.id][known]
    if indicator.deduction and len(earned):
        return float(earned.mean() * (~known).mean())
    if not (most > 0.0).any():
        return None
    share = float((earned[most > 0.0] / most[most > 0.0]).mean())
    return float(np.where(known, 0.0, ceiling * share).mean())


def _departments(rulebook: Rulebook, columns: Columns) -> list[DepartmentCoverage]:
    asked: dict[str, list[str]] = {}
    for name in rulebook.inputs():
        asked.setdefault(department_of(FIELD_BY_NAME[name]), []).append(name)
    departments = []
    for department, names in asked.items():
        present = {name: is_present(columns[name]) for name in names}
        complete = np.logical_and.reduce(list(present.values()))
        fields = [FieldCoverage(name, _share(flags)) for name, flags in present.items()]
        departments.append(DepartmentCoverage(department, DEPARTMENTS[department], _share(complete), fields))
    return departments


def _provinces(columns: Columns, known: dict[str, Flags]) -> list[ProvinceCoverage]:
    of_rows = np.array([province or "" for province in provinces(columns)], dtype=f"U{PROVINCE_DIGITS}")
    names, codes = np.unique(of_rows, return_inverse=True)
    counts = np.bincount(codes, minlength=len(names))
    shares = {name: np.bincount(codes, flags, len(names)) / counts for name, flags in known.items()}
    return [
        ProvinceCoverage(
            province=str(name) or None,
            rows=int(counts[index]),
            indicators={indicator: float(share[index]) for indicator, share in shares.items()},
        )
        for index, name in enumerate(names)
    ]
