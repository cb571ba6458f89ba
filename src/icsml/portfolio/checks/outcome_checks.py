"""Outcomes against their dates and the bank's own PD."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import poisson

from icsml.core.arrays import Dates
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.phrases import percent

__all__ = ["event_date_pile", "event_dates", "unlabelled_good"]

_TENTHS = 10
_NEXT = slice(5, 9)


def event_dates(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Check that bad rows have an event date, after the decision and within the horizon.

    Purpose
        Without the date nobody knows whether an outcome was known when the test began.
    Method
        The share of bad rows without a date, where others have one; the share of dated ones outside their horizon.
    Reading
        A date before the decision means a firm that had defaulted when it applied, or a wrong date column.
    Limits
        Says nothing of a data set without event dates.
    """
    limits = config.event_dates
    bad, dated = data.bad == 1.0, ~np.isnat(data.event_date)
    if int(bad.sum()) < limits.min_bads or not (bad & dated).any():
        return
    missing = float((bad & ~dated).sum() / bad.sum())
    if missing > limits.max_missing:
        yield f"event_date is missing in {percent(missing)} of the bad rows, though the others have it"
    if not data.dated:
        return
    rows = np.flatnonzero(bad & dated)
    early = float((data.event_date[rows] < data.as_of[rows]).mean())
    if early > limits.max_impossible:
        yield f"event_date lies before as_of in {percent(early)} of the bad rows that have one"
    late = float((data.event_date[rows] > _horizon_end(data, data.as_of[rows])).mean())
    if late > limits.max_impossible:
        yield f"event_date lies after the horizon in {percent(late)} of the bad rows that have one"


def event_date_pile(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find a calendar day on which event dates pile up.

    Purpose
        31 December or 1 January stands for "some day of that year", or for "not known".
    Method
        The commonest day of the year among the event dates of bad rows, against the next; and the same for a single
        date.
    Reading
        The day and its share. An outcome dated so may lie months off.
    Limits
        Book-keeping by quarters gives four piles, and is let pass.
    """
    limits = config.event_date_pile
    days = data.event_date[(data.bad == 1.0) & ~np.isnat(data.event_date)]
    if len(days) < limits.min_dates:
        return
    counts = pd.Series(pd.to_datetime(days).strftime("%m-%d")).value_counts()
    following = int(counts.iloc[1]) if len(counts) > 1 else 0
    share = counts.iloc[0] / len(days)
    if share >= limits.min_share and counts.iloc[0] >= limits.times_next * following:
        yield f"{percent(share)} of the event dates lie on one day of the year ({counts.index[0]}): a stand-in?"


def unlabelled_good(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the riskiest tenth by the bank's PD with the next.

    Purpose
        The declined, whose outcomes were never seen, read as good: the riskiest firms then never default.
    Method
        Labelled rows in tenths of ``bank_pd``. Defaults over the sum of ``bank_pd`` in tenths 6 to 9 gives the
        bank's calibration; with it, the defaults expected in the riskiest tenth, and the chance of so few.
    Reading
        The two figures. A bank that approves few of its riskiest, and chooses well, comes to a half; not to so few.
    Limits
        Needs ``bank_pd`` and outcomes that it ranks. Outcomes of the declined among the other tenths are not seen.
    """
    limits = config.unlabelled_good
    if "bank_pd" not in data.frame:
        return
    expected = data.numbers("bank_pd", data.labelled)
    known = ~np.isnan(expected)
    pd_, bad = expected[known], data.bad[data.labelled][known]
    if len(pd_) < _TENTHS:
        return
    order = np.argsort(pd_, kind="stable")
    tenths = np.array_split(order, _TENTHS)
    following = np.concatenate(tenths[_NEXT])
    calibration = bad[following].sum() / max(pd_[following].sum(), np.finfo(float).tiny)
    seen, due = float(bad[tenths[-1]].sum()), float(calibration * pd_[tenths[-1]].sum())
    if due >= limits.min_expected and seen * limits.min_times <= due and poisson.cdf(seen, due) < limits.p:
        yield (
            f"of the tenth with the highest bank_pd {int(seen)} of {len(tenths[-1]):,} rows are bad, where about "
            f"{due:.0f} should be by the next tenths: were outcomes never seen read as good?"
        )


def _horizon_end(data: CheckData, days: Dates) -> Dates:
    """Return the last day of the horizon; the end of time where there is none."""
    horizon = data.meta.outcome.horizon_months if data.meta.outcome else None
    if horizon is None:
        return np.full(len(days), np.datetime64("9999-12-31"), dtype="datetime64[D]")
    ends = pd.to_datetime(days) + pd.DateOffset(months=horizon)
    return np.asarray(ends.to_numpy(), dtype="datetime64[D]")
