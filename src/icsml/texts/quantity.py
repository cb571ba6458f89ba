"""How a value reads in a text, by the unit of its feature: percent, times, days, 万元, persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from icsml.texts.label import Label

__all__ = ["apart", "apart_from_bounds", "quantity"]

_MILLION: Final = 1e6
_WAN: Final = 1e4
_TRILLION: Final = 1e12
_HUGE: Final = 1e15  # no amount is larger; a value beyond it is an error, and its digits say nothing
_MOST_DIGITS: Final = 6  # two values that read alike with these are told as the same


def quantity(value: float, unit: str, more: int = 0) -> Label:
    """Return a finite value in words of both languages; the same value always reads the same.

    Parameters
    ----------
    value : float
        The value.
    unit : str
        The feature's unit; one that is not known here leaves the number alone.
    more : int
        Digits beyond those that the unit is usually told with.
    """
    return _UNITS.get(unit, _number)(min(max(float(value), -_HUGE), _HUGE), more)


def apart(value: float, reference: float, unit: str) -> tuple[Label, Label] | None:
    """Return two values with as many digits as it takes to see which is which; None where they are the same.

    Parameters
    ----------
    value, reference : float
        Finite values.
    unit : str
        As for :func:`quantity`.
    """
    for more in range(_MOST_DIGITS + 1):
        seen, other = quantity(value, unit, more), quantity(reference, unit, more)
        if _differs(seen, other):
            return seen, other
    return None


def apart_from_bounds(value: float, bounds: tuple[float | None, float | None], unit: str) -> Label:
    """Return a value with as many digits as show on which side of a range's bounds it lies; see :func:`quantity`."""
    for more in range(_MOST_DIGITS + 1):
        seen = quantity(value, unit, more)
        if all(bound is None or bound == value or _differs(seen, quantity(bound, unit, more)) for bound in bounds):
            break
    return seen


def _differs(one: Label, other: Label) -> bool:
    return one.en != other.en and one.zh != other.zh


def _number(value: float, more: int) -> Label:
    if abs(value) < 1:
        return _same(f"{value + 0.0:.{3 + more}g}")
    return _same(_decimals(value, more if abs(value) >= 1000 else 2 + more))


def _money(value: float, more: int) -> Label:
    size = abs(value)
    if size >= _TRILLION:
        number = _decimals(value / _TRILLION, 2 + more)
        return Label(en=f"CNY {number} trillion", zh=f"{number}万亿元")
    en = f"CNY {_decimals(value / _MILLION, 2 + more)} million" if size >= _MILLION else f"CNY {_decimals(value, more)}"
    return Label(
        en=en, zh=f"{_decimals(value / _WAN, 1 + more)}万元" if size >= _WAN else f"{_decimals(value, more)}元"
    )


def _percent(value: float, more: int) -> Label:
    return _same(f"{_fixed(100.0 * value, 1 + more)}%")


def _with(places: int, en: str, zh: str, before: str = "") -> Callable[[float, int], Label]:
    def words(value: float, more: int) -> Label:
        number = _fixed(value, places + more)
        return Label(en=f"{number} {en}", zh=f"{before}{number}{zh}")

    return words


def _rank(value: float, more: int) -> Label:
    number = _decimals(value, 2 + more)
    return Label(en=f"rank {number}", zh=f"第{number}位")


_UNITS: Final[Mapping[str, Callable[[float, int], Label]]] = {
    "CNY": _money,
    "count": _number,
    "days": _with(0, "days", "天"),
    "fraction": _percent,
    "months": _with(0, "months", "个月"),
    "persons": _with(0, "persons", "人"),
    "points": _with(1, "points", "分"),
    "rank": _rank,
    "rights per 100 R&D staff": _with(1, "per 100 R&D staff", "件", "每百人"),
    "rights per million CNY": _with(2, "per million CNY", "件", "每百万元"),
    "times": _with(2, "times", "倍"),
    "years": _with(1, "years", "年"),
}


def _same(text: str) -> Label:
    return Label(en=text, zh=text)


def _decimals(value: float, places: int) -> str:
    text = _fixed(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fixed(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text  # no minus zero
