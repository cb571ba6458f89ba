"""Exact numbers as text: decimals in messages, usual units in rules."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

__all__ = ["decimal", "number_text"]

_PLACES: Final = 6


def decimal(number: Fraction | int) -> str:
    """Return a number as a decimal: exact where it ends, else cut to six places with an ellipsis.

    Examples
    --------
    >>> decimal(Fraction(1, 10) + Fraction(2, 10)), decimal(Fraction(100)), decimal(Fraction(100, 3))
    ('0.3', '100', '33.333333…')
    """
    exact = Fraction(number)
    sign, size = "-" if exact < 0 else "", abs(exact)
    decimals = _decimal_places(exact.denominator)
    kept = _PLACES if decimals is None else decimals
    whole, rest = divmod(size.numerator * 10**kept // size.denominator, 10**kept)
    digits = f".{rest:0{kept}d}" if kept else ""
    return f"{sign}{whole}{digits}{'…' if decimals is None else ''}"


def number_text(value: Fraction, *, percent: bool) -> str:
    """Return a number as written in a rule: ``6 %``, ``10,000,000`` or ``0.5``."""
    scaled = value * 100 if percent else value
    text = f"{scaled.numerator:,}" if scaled.denominator == 1 else f"{float(scaled):g}"
    return f"{text} %" if percent else text


def _decimal_places(denominator: int) -> int | None:
    """Return the number of decimal places of a fraction of this denominator; None if they do not end."""
    counted = {2: 0, 5: 0}
    for prime in counted:
        while denominator % prime == 0:
            denominator //= prime
            counted[prime] += 1
    return max(counted.values()) if denominator == 1 else None
