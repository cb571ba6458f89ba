"""Age of a score, and whether it is still valid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from icsml.core.arithmetic import age
from icsml.core.arrays import Dates, Flags, Floats
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.points import Points

__all__ = ["Ages", "aged", "ages", "valid_until"]

_DAYS_A_MONTH = 30.4375


@dataclass(frozen=True, slots=True, eq=False)
class Ages:
    """The age of n scores on a day.

    Parameters
    ----------
    months : ndarray of shape (n,)
        Months from the date of the record to the day; NaN where the record has none, or a later one.
    until : ndarray of datetime64[D] of shape (n,)
        Last day on which the score counts; NaT where that is not known.
    expired : ndarray of bool of shape (n,)
        Scores that no longer count.
    """

    months: Floats
    until: Dates
    expired: Flags


def valid_until(rulebook: Rulebook, scored_on: Dates) -> Dates:
    """Return the last day on which scores of these dates are valid, shape (n,); NaT where the rulebook has no limit."""
    if rulebook.validity is None:
        return np.full(scored_on.shape, np.datetime64("NaT"), dtype="datetime64[D]")
    month = scored_on.astype("datetime64[M]")
    day_of_month = scored_on - month.astype("datetime64[D]")
    then = month + np.timedelta64(rulebook.validity.months, "M")
    last_of_month = (then + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    until: Dates = np.minimum(then.astype("datetime64[D]") + day_of_month, last_of_month)
    return until


def ages(rulebook: Rulebook, scored_on: Dates, on: date) -> Ages:
    """Return the ages of scores of these dates on a day."""
    today = np.datetime64(on, "D")
    until = valid_until(rulebook, scored_on)
    return Ages(age(scored_on, np.full(scored_on.shape, today), _DAYS_A_MONTH), until, until < today)


def aged(rulebook: Rulebook, points: Points, row_ages: Ages) -> Points:
    """Return the points without the scores that have expired, where the rulebook refuses them."""
    if rulebook.validity is None or rulebook.validity.expired == "warn" or not row_ages.expired.any():
        return points
    return replace(
        points,
        score=np.where(row_ages.expired, np.nan, points.score),
        innovation_score=np.where(row_ages.expired, np.nan, points.innovation_score),
    )
