"""Whether a column can be a canonical field, and its entry in the mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from icsml.portfolio.draft.column_guess import EntryKeys, Type
from icsml.portfolio.draft.column_profile import FEW, Profile
from icsml.portfolio.draft.vocabulary import FLAGS
from icsml.records.enterprise import TEXT
from icsml.records.field import Field, Kind, Outside
from icsml.records.field_rules import outside_range

__all__ = ["Fit", "fit", "flag_words", "missing_keys", "money_doubt", "percent_doubt"]

_TOLERATED = 0.005
_LARGE = ("revenue_cny", "main_revenue_cny", "total_assets_cny", "total_cost_cny", "total_liabilities_cny")
_SMALL_FIRM = 1e5


@dataclass(frozen=True, slots=True)
class Fit:
    """Fit of a column to a canonical field.

    Parameters
    ----------
    keys : EntryKeys
        The keys of its entry beside the column.
    evidence : str
        What was seen.
    decide : str, optional
        What is not settled.
    problem : str, optional
        Why it does not fit.
    """

    keys: EntryKeys = field(default_factory=EntryKeys)
    evidence: str = ""
    decide: str | None = None
    problem: str | None = None


def fit(column: Profile, target: Field, *, money: float | None = None) -> Fit:
    """Compare a column with the definition of a canonical field.

    Parameters
    ----------
    column : Profile
        The column.
    target : Field
        The field that its heading names.
    money : float, optional
        Factor into 元 that is stated for the whole table.
    """
    if column.type is Type.OTHER:
        return Fit(problem="its cells are of a type that no import reads")
    if column.type is Type.EMPTY:
        return Fit(missing_keys(column))
    if target.kind is Kind.DATE:
        days = column.days
        if days is None:
            return Fit(problem="its values read as no dates")
        return Fit(days.keys | missing_keys(column), days.evidence, days.decide)
    if target.kind is Kind.FLAG:
        return _flag(column)
    return _number(column, target, money) if target.numeric else _text(column, target)


def missing_keys(column: Profile) -> EntryKeys:
    """Return the ``missing`` of an entry, where the column has words that mean "not known"."""
    return {"missing": list(column.missing)} if column.missing else {}


def flag_words(column: Profile) -> dict[str, bool] | None:
    """Return which word of a two-valued column means yes; None where its values are 0 and 1."""
    for yes, no in FLAGS[2:]:
        if {text.lower() for text in column.words.texts} <= {yes, no}:
            return {text: text.lower() == yes for text in column.words.texts}
    return None


def money_doubt(name: str, column: Profile, scale: float | None) -> tuple[str, str | None]:
    """Return the median of an amount, and whether it is too small for a firm's figures in 元."""
    if column.values is None:
        return "", None
    known = column.values[np.isfinite(column.values) & (column.values != 0)]
    if not len(known):
        return "", None
    middle = float(np.median(known))
    small = name in _LARGE and scale is None and 0 < middle < _SMALL_FIRM
    doubt = f"median {middle:,.0f} is little for 元: is it 万元 (scale: 10000)?" if small else None
    return f"median {middle:,.0f}" if abs(middle) >= 100 else f"median {middle:.4g}", doubt


def percent_doubt(column: Profile) -> str | None:
    """Return the doubt about a column with a heading in per cent and values that look like fractions."""
    if column.values is None or column.heading.scale is None or column.heading.scale > 1 or column.type is Type.PERCENT:
        return None
    known = np.abs(column.values[np.isfinite(column.values)])
    if not len(known) or known.max() > 1:
        return None
    return f"the heading says {column.heading.unit}, but no value is above 1: is it a fraction already, or scale: 0.01?"


def _flag(column: Profile) -> Fit:
    if column.type is not Type.FLAG:
        only = set(column.words.texts) if column.numeric and not column.lost else set()
        return Fit(missing_keys(column)) if only and only <= {"0", "1"} else Fit(problem="its values are no yes and no")
    words = flag_words(column) if column.values is None else None
    keys: EntryKeys = {"values": words} if words else {}
    return Fit(keys | missing_keys(column), _value_counts(column))


def _number(column: Profile, target: Field, money: float | None) -> Fit:
    if column.values is None:
        return Fit(problem="its values read as no numbers")
    heading = column.heading
    if heading.foreign:
        return Fit(problem=f"it is in {heading.unit}, not in 元")
    stated = heading.scale is not None and (heading.scale < 1) == (target.unit == "fraction")
    scale = heading.scale if stated and target.unit in ("CNY", "fraction") else None
    evidence, doubt = f"the heading says {heading.unit}" if scale else "", None
    if target.unit == "CNY" and heading.unit is None and money is not None:
        scale, evidence = money, "a line above the heading states the unit"
        doubt = "does that unit hold for this column?"
    if target.unit == "fraction" and scale is not None and (doubt := percent_doubt(column)):
        scale = None
    if target.unit == "fraction" and heading.unit is None and _looks_percent(column):
        scale, evidence, doubt = 0.01, "values reach beyond 1 and not beyond 100", "is it in per cent?"
    if target.unit == "CNY":
        middle, small = money_doubt(target.name, column, scale)
        evidence, doubt = "; ".join(filter(None, [evidence, middle])), doubt or small
    refused = _refused(column, target, scale or 1.0)
    if refused > _TOLERATED:
        return Fit(problem=f"{refused:.1%} of its values are out of the range of that field, or no whole number")
    keys: EntryKeys = {"scale": scale} if scale else {}
    return Fit(keys | missing_keys(column), evidence, doubt)


def _looks_percent(column: Profile) -> bool:
    assert column.values is not None  # noqa: S101 - asked of numbers alone
    known = column.values[np.isfinite(column.values)]
    return bool(len(known)) and column.type is not Type.PERCENT and bool(1 < known.max() <= 100) and known.min() >= 0


def _refused(column: Profile, target: Field, scale: float) -> float:
    assert column.values is not None  # noqa: S101 - asked of numbers alone
    values = column.values[np.isfinite(column.values)] * scale
    if not len(values) or target.outside is not Outside.REFUSE:
        return 0.0
    wrong = outside_range(values, target.low, target.high)
    if target.kind is Kind.COUNT:
        wrong |= values != np.floor(values)
    return float(wrong.mean())


def _text(column: Profile, target: Field) -> Fit:
    words = column.words
    if not words.texts:
        return Fit(problem="it holds numbers")
    pattern = re.compile(target.pattern) if target.pattern else None
    wrong = [
        not TEXT.fullmatch(text)
        or (pattern is not None and not pattern.match(text))
        or (bool(target.choices) and text not in target.choices)
        for text in words.texts
    ]
    lost = int(words.counts[np.array(wrong)].sum()) / max(1, int(words.counts.sum()))
    if lost > _TOLERATED:
        what = "among its choices" if target.choices else "written as that field asks"
        return Fit(problem=f"{lost:.1%} of its values are not {what}")
    return Fit(missing_keys(column), f"{len(words.texts):,} values fit")


def _value_counts(column: Profile) -> str:
    return "values: " + ", ".join(f"{word} {count:,}" for word, count in list(column.counts.items())[:FEW])
