"""Rows that can be looked up in a page without a server: the data that its script searches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from icsml.features.feature import Feature
from icsml.reports.validation_figures import EMBARGO, OTHER, TESTED, TRAINED, UNLABELLED, Firms
from icsml.texts.catalogue import phrase

__all__ = ["AdverseCode", "FirmRow", "firm_columns", "firm_data", "firm_rows", "usage_name"]

_USAGES: Final = {
    OTHER: "report.other_rows",
    TRAINED: "report.part_train",
    TESTED: "report.part_test",
    EMBARGO: "report.part_embargo",
    UNLABELLED: "report.part_unlabelled",
}
_OUTCOMES: Final = {"0": "report.firms_outcome_good", "1": "report.firms_outcome_bad"}
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class AdverseCode:
    """An adverse reason of a row: its code and the name of its feature."""

    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmRow:
    """A row that can be looked up."""

    id: str
    as_of: str
    pd: float
    without: float | None
    grade: str
    score: int
    outcome: str
    usage: str
    model: str
    adverse: list[AdverseCode]


def usage_name(usage: int, lang: str) -> str:
    """Return how training used a row."""
    return phrase(_USAGES[usage], lang)


def firm_columns(firms: Firms, grades: list[str]) -> dict[str, bool]:
    """Return which of the columns that would be empty of some data sets are displayed."""
    return {
        "date": any(firms.as_of),
        "grade": bool(grades),
        "without": firms.without is not None,
        "model": bool(firms.fallback.any()),
    }


def firm_data(firms: Firms, features: tuple[Feature, ...], grades: list[str], lang: str, *, same: bool) -> Markup:
    """Return the rows as JSON that cannot end the element around it.

    Parameters
    ----------
    firms : Firms
        The rows.
    features : tuple of Feature
        Of the model, in order.
    grades : list of str
        Grades from the best; none where the master scale does not apply.
    lang : str
        Language.
    same : bool
        Whether the data set is the one trained on; of another, no row is known not to have been.
    """
    dates = sorted(set(firms.as_of))
    indices = {day: at for at, day in enumerate(dates)}
    data = {
        "words": _words(lang),
        "columns": firm_columns(firms, grades),
        "codes": [[feature.code, feature.label.text(lang)] for feature in features],
        "grades": [*grades, "–"],
        "dates": dates,
        "untrained": "".join(str(use) for use in ((TESTED, EMBARGO, UNLABELLED) if same else ())),
        "most": firms.adverse.shape[1],
        "id": firms.ids,
        "date": [indices[day] for day in firms.as_of],
        "pd": _rounded(firms.pd),
        "without": None if firms.without is None else _rounded(firms.without),
        "grade": _grade_indices(firms, grades),
        "score": firms.score.tolist(),
        "usage": "".join(str(use) for use in firms.usage.tolist()),
        "fallback": "".join("1" if flag else "0" for flag in firms.fallback.tolist()),
        "bad": "".join(_outcome(value) for value in firms.bad.tolist()),
        "adverse": firms.adverse.ravel().tolist(),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign is left in it that HTML knows


def firm_rows(firms: Firms, features: tuple[Feature, ...], most: int, lang: str) -> list[FirmRow]:
    """Return the rows with the highest PD, as the page displays them before anything is searched."""
    order = np.argsort(-firms.pd, kind="stable")[:most]
    return [_row(firms, features, int(row), lang) for row in order]


def _row(firms: Firms, features: tuple[Feature, ...], row: int, lang: str) -> FirmRow:
    outcome = _outcome(float(firms.bad[row]))
    adverse = [features[index] for index in firms.adverse[row].tolist() if index >= 0]
    return FirmRow(
        id=firms.ids[row],
        as_of=firms.as_of[row],
        pd=float(firms.pd[row]),
        without=None if firms.without is None else float(firms.without[row]),
        grade=firms.grade[row] or "–",
        score=int(firms.score[row]),
        outcome=phrase(_OUTCOMES[outcome], lang) if outcome in _OUTCOMES else "–",
        usage=usage_name(int(firms.usage[row]), lang),
        model=phrase("report.firms_companion" if firms.fallback[row] else "report.make_model", lang),
        adverse=[AdverseCode(feature.code, feature.label.text(lang)) for feature in adverse],
    )


def _words(lang: str) -> dict[str, object]:
    return {
        "matches": phrase("report.firms_matches", lang, n="{n}", shown="{shown}"),
        "model": [phrase("report.make_model", lang), phrase("report.firms_companion", lang)],
        "usage": {str(usage): usage_name(usage, lang) for usage in _USAGES},
        "outcome": {_UNKNOWN: "–"} | {outcome: phrase(key, lang) for outcome, key in _OUTCOMES.items()},
    }


def _rounded(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    return [round(value, 6) for value in values.tolist()]


def _grade_indices(firms: Firms, grades: list[str]) -> list[int]:
    indices = {grade: at for at, grade in enumerate(grades)}
    return [indices.get(grade, len(grades)) for grade in firms.grade.tolist()]


def _outcome(bad: float) -> str:
    return _UNKNOWN if np.isnan(bad) else str(int(bad))
