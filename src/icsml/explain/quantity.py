"""How a value reads in a text, by the unit of its feature: percent, times, days, 万元, persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from icsml.records.labels import Label

__all__ = ["quantity"]

_MILLION: Final = 1e6
_WAN: Final = 1e4


def quantity(value: float, unit: str) -> Label:
    """Return a finite value in words of both languages; the same value always reads the same.

    Parameters
    ----------
    value : float
        The value.
    unit : str
        The feature's unit; one that is not known here leaves the number alone.
    """
    return _UNITS.get(unit, _number)(value)


def _number(value: float) -> Label:
    return _same(_decimals(value, 0 if abs(value) >= 1000 else 2) if abs(value) >= 1 else f"{value + 0.0:.3g}")


def _money(value: float) -> Label:
    en = f"CNY {_decimals(value / _MILLION, 2)} million" if abs(value) >= _MILLION else f"CNY {_decimals(value, 0)}"
    return Label(en=en, zh=f"{_decimals(value / _WAN, 1)}万元")


def _percent(value: float) -> Label:
    return _same(f"{_fixed(100.0 * value, 1)}%")


def _with(places: int, en: str, zh: str, before: str = "") -> Callable[[float], Label]:
    def words(value: float) -> Label:
        number = _fixed(value, places)
        return Label(en=f"{number} {en}", zh=f"{before}{number}{zh}")

    return words


_UNITS: Final[Mapping[str, Callable[[float], Label]]] = {
    "CNY": _money,
    "count": _number,
    "days": _with(0, "days", "天"),
    "fraction": _percent,
    "months": _with(0, "months", "个月"),
    "persons": _with(0, "persons", "人"),
    "points": _with(1, "points", "分"),
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
