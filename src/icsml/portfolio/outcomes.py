"""The outcome of each row: bad, good or never seen, and when the event happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.errors import InputError
from icsml.portfolio.convert import dates, token, tokens
from icsml.portfolio.mapping import OutcomeSource

__all__ = ["Outcomes", "read_outcomes"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of n rows.

    Parameters
    ----------
    bad : ndarray of float of shape (n,)
        1 bad, 0 good, NaN never seen.
    event : str or None
        What bad means; None where not known.
    event_date : ndarray of datetime64[D] of shape (n,)
        When the event happened; NaT for rows that are not bad, or not dated.
    lost : int
        Event dates that could not be read.
    """

    bad: NDArray[np.float64]
    event: str | None
    event_date: NDArray[np.datetime64]
    lost: int

    def frame(
        self, enterprise_id: NDArray[Any], as_of: NDArray[np.datetime64], kept: NDArray[np.bool_]
    ) -> pd.DataFrame:
        """Return ``outcomes.parquet`` of the rows that are kept."""
        event = np.full(len(self.bad), None, dtype=object)
        event[self.bad == 1] = self.event
        return pd.DataFrame(
            {
                "enterprise_id": pd.Series(enterprise_id[kept], dtype="str"),
                "as_of": as_of[kept].astype("datetime64[us]"),
                "bad": self.bad[kept],
                "event": pd.Series(event[kept], dtype="str"),
                "event_date": self.event_date[kept].astype("datetime64[us]"),
            }
        )


def read_outcomes(frame: pd.DataFrame, source: OutcomeSource | None) -> Outcomes:
    """Read the outcome of every row.

    Raises
    ------
    InputError
        If not one row holds a positive value: a slip in ``positive`` would otherwise make every firm a good one.
    """
    undated = np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
    if source is None:
        return Outcomes(np.full(len(frame), np.nan), None, undated, 0)
    found = tokens(frame[source.column])
    positive = {token(value) for value in source.positive}
    bad = np.array([np.nan if item is None else float(item in positive) for item in found], dtype=np.float64)
    if not (bad == 1).any():
        raise InputError(
            "ICS-DAT-009",
            f"no row of column {source.column!r} holds a positive value",
            field="outcome.positive",
            remedy="write the values as the column does (yes and no in quotes), or outcome: null",
        )
    if source.event_date is None:
        return Outcomes(bad, source.event, undated, 0)
    read = dates(frame[source.event_date.column], source.event_date, "outcome.event_date")
    happened = np.where(bad == 1, read.values, np.datetime64("NaT"))
    return Outcomes(bad, source.event, happened, read.lost)
