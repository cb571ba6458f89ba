"""Default rates over time: a year with a rate far from the others', and an end without events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm, t

from icsml.core.arrays import Floats, Ints
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.check_thresholds import CohortRate
from icsml.portfolio.checks.phrases import percent

__all__ = ["cohort_rate", "silent_end"]

_DAYS_A_MONTH = 30.4375
_YEAR = 365
# Of two years judged together each must be low by itself, or the better one would be blamed for the other.
_BOTH = 0.1


@dataclass(frozen=True, slots=True)
class _Cohorts:
    """Labelled rows and defaults by decision year, in order of time."""

    year: Ints
    rows: Floats
    defaults: Floats


def cohort_rate(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the default rate of each decision year with those of the others.

    Purpose
        The outcomes of the last years read as good before they were known; one year under another definition of
        default.
    Method
        Rates on the probit scale, on which they are normal under the one-factor model (Vasicek): the year against
        the mean and spread of the others, by a t distribution; the spread leans on an assumed one, as few years tell
        it badly. So a portfolio whose years differ much needs more.
        The last two years are also judged together (Fisher).
    Reading
        The year, its rate, and that of the others.
    Limits
        In a portfolio with few defaults, or whose years differ widely, another definition looks like a bad year.
    """
    limits = config.cohort_rate
    cohorts = _cohorts(data)
    if cohorts is None:
        return
    late = _late(cohorts, limits)
    if late and _times(cohorts, late) <= 1.0 / limits.min_times:
        yield f"{_rates(cohorts, late)}: were outcomes not yet known read as good?"
    for index in range(len(cohorts.year)):
        chance = _chances(cohorts, index, [index], limits)
        times = _times(cohorts, [index])
        far = times >= limits.min_times or times <= 1.0 / limits.min_times
        if chance is not None and index not in late and far and min(chance) < limits.p_year:
            yield f"{_rates(cohorts, [index])}: another definition of default?"


def silent_end(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Look for an end of the record that good rows outlive.

    Purpose
        Rows whose horizon runs on after the last event was recorded were not seen to the end, and are no good rows.
    Method
        The last event of any kind ends the record. Events of labelled rows in the year before it, over their time at
        risk in that year, give a rate; with it, the time at risk after the end says how many events are lacking.
    Reading
        How many events should have been seen, and how many rows run on.
    Limits
        Needs event dates and a horizon; a short overhang, or few defaults, may be chance.
    """
    limits = config.silent_end
    horizon = data.meta.outcome.horizon_months if data.meta.outcome else None
    recorded = ~np.isnat(data.event_date)
    if horizon is None or not data.dated or not recorded.any():
        return
    labelled = ~np.isnan(data.bad)
    start = data.as_of[labelled].astype(np.float64)
    end = start + horizon * _DAYS_A_MONTH
    last = float(data.event_date[recorded].max().astype(np.float64))
    events = data.event_date[recorded & labelled].astype(np.float64)
    recent = int((events > last - _YEAR).sum())
    at_risk = _exposure(start, end, last - _YEAR, last)
    expected = recent / at_risk * _exposure(start, end, last, np.inf) if at_risk > 0.0 else 0.0
    if recent >= limits.min_recent and expected >= limits.min_expected:
        good = int(((end > last) & (data.bad[labelled] == 0.0)).sum())
        month = data.event_date[recorded].max().astype("datetime64[M]")
        yield (
            f"no event is recorded after {month}, though the horizon of {good:,} good rows runs on and about "
            f"{expected:.0f} events should have been seen: were outcomes not yet known read as good?"
        )


def _exposure(start: Floats, end: Floats, since: float, until: float) -> float:
    """Return the days that rows were at risk in an interval."""
    return float(np.clip(np.minimum(end, until) - np.maximum(start, since), 0.0, None).sum())


def _cohorts(data: CheckData) -> _Cohorts | None:
    if not data.dated or not len(data.labelled):
        return None
    year, code = np.unique(data.year[data.labelled], return_inverse=True)
    defaults = np.bincount(code, weights=data.bad[data.labelled]).astype(np.float64)
    return _Cohorts(year, np.bincount(code).astype(np.float64), defaults)


def _chances(cohorts: _Cohorts, index: int, apart: list[int], limits: CohortRate) -> tuple[float, float] | None:
    """Return the chance of a rate so low, and so high, given the other years; None if these are too few."""
    others = ~np.isin(np.arange(len(cohorts.year)), apart)
    pooled = float(cohorts.defaults[others].sum() / max(cohorts.rows[others].sum(), 1.0))
    # A year that should have had hardly one default has no rate to compare with.
    others &= cohorts.rows * pooled >= 1.0
    m = int(others.sum())
    enough = max(cohorts.rows[index] * pooled, cohorts.defaults[index]) >= limits.min_expected
    if m < limits.min_years or not enough or pooled in (0.0, 1.0):
        return None
    score = norm.ppf((cohorts.defaults + 0.5) / (cohorts.rows + 1.0))
    noise = pooled * (1.0 - pooled) / (cohorts.rows * norm.pdf(norm.ppf(pooled)) ** 2)
    spread = max(float(score[others].var(ddof=1)) - float(noise[others].mean()), 0.0)
    freedom = m - 1 + limits.prior_years
    between = ((m - 1) * spread + limits.prior_years * limits.prior_spread**2) / freedom
    error = np.sqrt(between + noise[index] + (between + noise[others].mean()) / m)
    distance = float((score[index] - score[others].mean()) / error)
    return float(t.cdf(distance, freedom)), float(t.sf(distance, freedom))


def _late(cohorts: _Cohorts, limits: CohortRate) -> list[int]:
    """Return the last year, or the last two, where their rate is too low to be chance."""
    last = len(cohorts.year) - 1
    two = [last - 1, last]
    pair = [_chances(cohorts, index, two, limits) for index in two] if last else []
    low = [chance[0] for chance in pair if chance is not None]
    if len(low) == len(two) and chi2.sf(-2.0 * np.log(low).sum(), 2 * len(two)) < limits.p_last and max(low) < _BOTH:
        return two
    one = _chances(cohorts, last, [last], limits)
    return [last] if one is not None and one[0] < limits.p_last else []


def _times(cohorts: _Cohorts, indices: list[int]) -> float:
    """Return the rate of some years over that of the others."""
    others = np.setdiff1d(np.arange(len(cohorts.year)), indices)
    rest = cohorts.defaults[others].sum() / max(cohorts.rows[others].sum(), 1.0)
    rate = cohorts.defaults[indices].sum() / cohorts.rows[indices].sum()
    return float(rate / rest) if rest > 0.0 else np.inf


def _rates(cohorts: _Cohorts, indices: list[int]) -> str:
    others = np.setdiff1d(np.arange(len(cohorts.year)), indices)
    rate = float(cohorts.defaults[indices].sum() / cohorts.rows[indices].sum())
    rest = float(cohorts.defaults[others].sum() / max(cohorts.rows[others].sum(), 1.0))
    years = " and ".join(str(cohorts.year[index]) for index in indices)
    return (
        f"the default rate of {years} is {percent(rate)} of {int(cohorts.rows[indices].sum()):,} rows, "
        f"that of the other years {percent(rest)}"
    )
