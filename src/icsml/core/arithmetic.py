"""The only definition of division, growth, sums, ages and missing values, for features, rulebooks and aggregates.

It is below all three, so that a ratio which a rulebook scores and one which a model reads are missing on the same
rows.

Rules, the same for one row and for a million:

- A missing operand makes the result missing (NaN); nothing is replaced by zero.
- A result that is not finite is missing: an overflow is no fact about an enterprise.
- A ratio exists only over a base that is finite and above zero. Over a negative base the sign turns round (a firm whose
  equity is wiped out would show *negative* debt to equity, which a model reads as "less debt than anyone"), and a
  declared direction would then be false. So the base at or below zero is its own case: missing, with its own branch in
  a tree, while features whose base stays positive (debt to assets) still carry the bad news.

Only elementwise NumPy functions are used, so that a row has the same bits alone and in a batch. Given symbols instead
of arrays, each function records itself (:mod:`icsml.core.formulas`), and compiled code gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

from icsml.core.arrays import Dates, Floats
from icsml.core.formulas import Operation, Symbol

__all__ = ["add", "age", "growth", "known", "product", "ratio", "scale", "subtract"]


Function = TypeVar("Function", bound=Callable[..., Floats])


def _recorded_as(operation: Operation) -> Callable[[Function], Function]:
    """Let a function record itself where an operand is a symbol."""

    def decorate(function: Function) -> Function:
        @wraps(function)
        def either(*operands: Any) -> Any:  # noqa: ANN401 - arrays or symbols
            for operand in operands:
                if isinstance(operand, Symbol):
                    return operand.trace.apply(operation, *operands)
            return function(*operands)

        return cast(Function, either)

    return decorate


@_recorded_as(Operation.KNOWN)
def known(values: Floats) -> Floats:
    """Return the values with everything that is not finite as NaN."""
    return np.where(np.isfinite(values), values, np.nan)


@_recorded_as(Operation.ADD)
def add(a: Floats, b: Floats) -> Floats:
    """Return a + b, NaN where either is missing or the sum overflows."""
    return _quietly(np.add, a, b)


@_recorded_as(Operation.SUBTRACT)
def subtract(a: Floats, b: Floats) -> Floats:
    """Return a - b, NaN where either is missing or the difference overflows."""
    return _quietly(np.subtract, a, b)


@_recorded_as(Operation.PRODUCT)
def product(a: Floats, b: Floats) -> Floats:
    """Return a times b, NaN where either is missing or the product overflows."""
    return _quietly(np.multiply, a, b)


@_recorded_as(Operation.PRODUCT)
def scale(values: Floats, factor: float) -> Floats:
    """Return the values times a constant, such as 365 for days; NaN where missing or overflowing."""
    return _quietly(np.multiply, values, factor)


@_recorded_as(Operation.RATIO)
def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Return numerator / denominator where the denominator is finite and above zero, else NaN."""
    base = np.where(denominator > 0.0, known(denominator), np.nan)
    return _quietly(np.divide, numerator, base)


def growth(now: Floats, before: Floats) -> Floats:
    """Return (now - before) / before as a fraction, NaN where the value before is missing or not above zero."""
    return ratio(subtract(now, before), before)


def age(since: Dates, until: Dates, days_per_unit: float) -> Floats:
    """Return the time between two dates in units of so many days, NaN where a date is missing or the order reversed.

    Parameters
    ----------
    since, until : ndarray of datetime64[D], shape (n,)
        First and last day.
    days_per_unit : float
        365.25 for years, 30.4375 for months.

    Returns
    -------
    ndarray of float64, shape (n,)
        Never negative.
    """
    return scale(_days(since, until), 1.0 / days_per_unit)


@_recorded_as(Operation.AGE)
def _days(since: Dates, until: Dates) -> Floats:
    days: Floats = (until - since) / np.timedelta64(1, "D")
    return np.where(days >= 0.0, days, np.nan)


def _quietly(operation: Callable[..., Any], *operands: Floats | float) -> Floats:
    with np.errstate(all="ignore"):
        return known(operation(*operands))
