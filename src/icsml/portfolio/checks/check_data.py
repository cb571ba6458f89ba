"""A data set for the checks: its columns by use, its outcomes, and samples for estimates."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from icsml.core.arithmetic import known
from icsml.core.arrays import Dates, Flags, Floats, Ints, Objects
from icsml.portfolio.checks.content import Content, content_of
from icsml.portfolio.checks.ranking import Ranking, rank
from icsml.portfolio.splits import OutOfTime, out_of_time
from icsml.records.dataset import Dataset, OutOfTimeSplit
from icsml.records.extra import EXTRA_PREFIX
from icsml.records.field import Kind, Purpose
from icsml.records.fields import FIELDS, is_flag

__all__ = ["CheckData", "evenly"]


# With 20,000 rows a share is known to a third of a per cent, and an AUC better than any threshold requires.
_SPREAD_ROWS = 20_000
_CASES_OF_EACH = 10_000


def evenly(rows: Ints, most: int) -> Ints:
    """Return at most so many rows, evenly spaced, so that the same rows are drawn every time."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


class CheckData:
    """A data set, read-only; what several checks use is computed once.

    Parameters
    ----------
    dataset : Dataset
        As :func:`icsml.records.dataset.read_dataset` returns it.
    distinct : float
        Share of distinct values from which on a column holds measured figures, which two firms do not share by chance.
    parts : ndarray of str of shape (n,), optional
        The source file of each row, where there are several.
    """

    def __init__(self, dataset: Dataset, distinct: float, parts: Objects | None = None) -> None:
        self._distinct = distinct
        self.parts = parts
        self.meta = dataset.meta
        self.frame = dataset.enterprises
        self.rows = len(self.frame)
        self._outcomes = dataset.outcomes

    @cached_property
    def features(self) -> list[str]:
        """Columns of numbers that may enter the model: canonical numbers, counts and flags, and extra features."""
        canonical = [f.name for f in FIELDS if f.numeric and f.purpose is Purpose.FEATURE and f.name in self.frame]
        return canonical + self.extras

    @cached_property
    def extras(self) -> list[str]:
        """Columns of the extra features."""
        return [str(name) for name in self.frame.columns if str(name).startswith(EXTRA_PREFIX)]

    @cached_property
    def quantities(self) -> list[str]:
        """Features that are no flags."""
        return [name for name in self.features if not is_flag(name)]

    @cached_property
    def amounts(self) -> list[str]:
        """Columns of money in yuan."""
        return [field.name for field in FIELDS if field.unit == "CNY" and field.name in self.frame]

    @cached_property
    def codes(self) -> list[str]:
        """Columns of text with the kind of a firm or loan."""
        kinds = [f.name for f in FIELDS if f.kind is Kind.CATEGORY or f.name in ("region", "industry", "bank_grade")]
        return [name for name in kinds if name in self.frame]

    def numbers(self, name: str, rows: Ints | None = None) -> Floats:
        """Return a column of numbers, NaN where not known; of some rows, or of all."""
        column = self.frame[name]
        chosen = column if rows is None else column.iloc[rows]
        floats = chosen.dtype == np.float64
        return known(chosen.to_numpy() if floats else chosen.to_numpy(dtype=np.float64, na_value=np.nan))

    def absent(self, name: str, rows: Ints) -> Flags:
        """Return where a column of any type has no value."""
        flags: Flags = self.frame[name].iloc[rows].isna().to_numpy(dtype=np.bool_)
        return flags

    @cached_property
    def bad(self) -> Floats:
        """1 and 0, NaN where the outcome was never seen."""
        return self._outcomes["bad"].to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def labelled(self) -> Ints:
        """Rows whose outcome was seen."""
        return np.flatnonzero(~np.isnan(self.bad))

    @cached_property
    def firms(self) -> Ints:
        """A number for each firm."""
        return pd.factorize(self.frame["enterprise_id"])[0].astype(np.int64)

    @cached_property
    def as_of(self) -> Dates:
        """Decision dates, NaT where not known."""
        return self._days(self.frame, "as_of")

    @cached_property
    def event_date(self) -> Dates:
        """Dates of what happened, NaT where not known."""
        return self._days(self._outcomes, "event_date")

    @cached_property
    def dated(self) -> bool:
        """Whether every row has a decision date."""
        return self.rows > 0 and not bool(np.isnat(self.as_of).any())

    @cached_property
    def year(self) -> Ints:
        """Decision year of every row; only for a dated data set."""
        return self.as_of.astype("datetime64[Y]").astype(np.int64) + 1970

    @cached_property
    def out_of_time(self) -> OutOfTime | None:
        """The split by time, None where the data set is split otherwise."""
        split = self.meta.split
        if not isinstance(split, OutOfTimeSplit) or not self.dated:
            return None
        return out_of_time(self.as_of, split.test_from, split.embargo_months)

    @cached_property
    def spread(self) -> Ints:
        """Rows evenly spaced over the whole: a sample for shares and distributions."""
        return evenly(np.arange(self.rows, dtype=np.int64), _SPREAD_ROWS)

    @cached_property
    def cases(self) -> Ints:
        """Bad rows and good rows, each up to a number that does for an AUC."""
        bads, goods = np.flatnonzero(self.bad == 1.0), np.flatnonzero(self.bad == 0.0)
        return np.concatenate([evenly(bads, _CASES_OF_EACH), evenly(goods, _CASES_OF_EACH)])

    @cached_property
    def measured(self) -> list[str]:
        """Features whose known values other than zero are mostly distinct, but for what is applied for: no trait."""
        names = []
        for name in self.quantities:
            values = self.numbers(name, self.spread)
            values = values[(values != 0.0) & ~np.isnan(values)]
            if len(values) and len(np.unique(values)) >= self._distinct * len(values):
                names.append(name)
        return [name for name in names if not name.startswith("application_")]

    @cached_property
    def content(self) -> Content:
        """Content of every row in the measured columns."""
        return content_of((self.numbers(name) for name in self.measured), self.rows)

    @cached_property
    def rankings(self) -> dict[str, Ranking]:
        """Ranking of the outcome by each feature alone, the bank's PD and the firm's age."""
        bad = self.bad[self.cases]
        rankings = {name: rank(values, bad, least=1) for name, values in self._single()}
        return {name: ranking for name, ranking in rankings.items() if ranking is not None}

    def _single(self) -> list[tuple[str, Floats]]:
        names = [*self.features, *(["bank_pd"] if "bank_pd" in self.frame else [])]
        pairs = [(name, self.numbers(name, self.cases)) for name in names]
        if "founded_on" in self.frame:
            founded = self._days(self.frame, "founded_on")[self.cases]
            pairs.append(("founded_on", np.where(np.isnat(founded), np.nan, founded.astype(np.float64))))
        return pairs

    @staticmethod
    def _days(frame: pd.DataFrame, name: str) -> Dates:
        if name not in frame:
            return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
        return pd.to_datetime(frame[name]).to_numpy(dtype="datetime64[D]")
