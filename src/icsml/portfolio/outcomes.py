"""The outcome of each row: bad, good or not seen, and the date of the event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.compute as compute

from icsml.core.arrays import Array, Dates, Flags, Floats
from icsml.errors import InputError
from icsml.portfolio.cells import Cells, Converted, Missing, dates, token, tokens
from icsml.portfolio.mapping import OutcomeSource
from icsml.portfolio.reading.table import Column, SourceTable

__all__ = ["LabelValues", "Outcomes", "horizon_end", "read_outcomes"]

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class LabelValues:
    """Rows of each value of the label column, by what it was read as; ``negative_inferred`` where none was declared."""

    positive: dict[str, int]
    negative: dict[str, int]
    unknown: dict[str, int]
    negative_inferred: bool


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of n rows.

    Parameters
    ----------
    bad : ndarray of float of shape (n,)
        1 bad, 0 good, NaN not seen.
    event : str or None
        What bad means; None where not known.
    event_date : ndarray of datetime64[D] of shape (n,)
        When the event happened; NaT for rows that are not bad, or not dated.
    labels : LabelValues, optional
        How the label values were read; None without labels.
    after_horizon, good_with_event : int
        Rows labelled bad whose event came after the horizon, so that they are good; rows labelled good that have an
        event date within the horizon.
    converted : dict of str to Converted
        What became of the cells of the label and of the event date.
    """

    bad: Floats
    event: str | None
    event_date: Dates
    labels: LabelValues | None
    after_horizon: int
    good_with_event: int
    converted: dict[str, Converted]

    def frame(self, enterprise_id: Array, as_of: Dates, kept: Flags) -> pd.DataFrame:
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


def read_outcomes(
    table: SourceTable, source: OutcomeSource | None, as_of: Dates, *, today: date, missing: Iterable[object] = ()
) -> Outcomes:
    """Read the outcome of every row.

    Parameters
    ----------
    table : SourceTable
        The main table of n rows.
    source : OutcomeSource, optional
        What bad means; None is a table without labels.
    as_of : ndarray of datetime64[D] of shape (n,)
        Decision dates, NaT where undated.
    today : date
        The day of import.
    missing : iterable
        What means "not known" in every column of the table.

    Raises
    ------
    InputError
        If not one row holds a positive value, or a value is neither positive, negative nor unknown: nothing is good by
        default.
    """
    undated = np.full(table.rows, np.datetime64("NaT"), dtype="datetime64[D]")
    if source is None:
        return Outcomes(np.full(table.rows, np.nan), None, undated, None, 0, 0, {})
    labels, values, converted = _labels(table.columns[source.column], source, missing)
    if source.event_date is None:
        return Outcomes(labels, source.event, undated, values, 0, 0, {"outcome": converted})
    absent = Missing.of([*missing, *source.event_date.missing])
    key = "outcome.event_date"
    event_dates = dates(table.columns[source.event_date.column], source.event_date, key, today=today, missing=absent)
    happened = np.where(labels == 1, event_dates.values, np.datetime64("NaT"))
    late, now = np.zeros(table.rows, dtype=bool), np.datetime64(today, "D")
    # A month or a year is late only where its first day is: the event may have been then.
    begins = event_dates.values.astype(f"datetime64[{source.event_date.period}]").astype("datetime64[D]")
    end: Dates = np.full(table.rows, now)
    if source.horizon_months is not None:
        end = horizon_end(as_of, source.horizon_months)
        # What is dated after the day of import has not happened: such a row is refused, not read as good.
        late = (labels == 1) & (begins > end) & (begins <= now)
        labels = np.where(late, 0.0, labels)
        happened = np.where(late, np.datetime64("NaT"), happened)
    # Of a period that began in time, the last day in time is taken.
    for limit in (end, np.full(table.rows, now)):
        happened = np.where((begins <= limit) & (happened > limit), limit, happened)
    unlike = (labels == 0) & ~late & (begins <= end) & (event_dates.values >= as_of)
    cells = {"outcome": converted, "event_date": event_dates}
    return Outcomes(labels, source.event, happened, values, int(late.sum()), int(unlike.sum()), cells)


def horizon_end(as_of: Dates, months: int) -> Dates:
    """Return the last day of the horizon of each decision, NaT where undated: the same day so many months later."""
    month = as_of.astype("datetime64[M]")
    first = (month + months).astype("datetime64[D]")
    last = (month + months + 1).astype("datetime64[D]") - 1
    end: Dates = np.minimum(first + (as_of - month.astype("datetime64[D]")), last)
    return end


def _labels(column: Column, source: OutcomeSource, missing: Iterable[object]) -> tuple[Floats, LabelValues, Converted]:
    groups = {
        name: {token(value) for value in getattr(source, name) or ()} for name in ("positive", "negative", "unknown")
    }
    listed = set().union(*groups.values())
    absent = Missing.of([*missing, *source.missing], but=listed)
    cells_read = tokens(column, "outcome.column", decimals=True, listed=listed | absent.tokens)
    declared = absent.among(cells_read)
    coded = compute.dictionary_encode(cells_read.values.combine_chunks())
    words = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(len(words)).to_numpy()
    counts = Counter(dict(zip(words, np.bincount(codes[~declared], minlength=len(words) + 1).tolist(), strict=False)))
    _refuse_broken(cells_read.broken, source)
    if not any(counts[word] for word in groups["positive"] if word):
        raise InputError(
            "ICS-DAT-009",
            f"no row of column {source.column!r} holds a positive value",
            field="outcome.positive",
            remedy="write the values as the column does (yes and no in quotes), or outcome: null",
        )
    rest = {word: count for word, count in counts.items() if count and word not in listed}
    inferred = source.negative is None and len(rest) == 1
    if rest and not inferred:
        raise _undeclared(rest, source)
    good = set(rest) if inferred else groups["negative"]
    meaning = [1.0 if word in groups["positive"] else 0.0 if word in good else np.nan for word in words]
    bad = np.array([*meaning, np.nan])[codes]
    bad[declared] = np.nan
    read = LabelValues(
        positive=_counted(counts, groups["positive"]),
        negative=_counted(counts, good),
        unknown=_counted(counts, groups["unknown"]) | _counted({"": int((cells_read.empty | declared).sum())}, {""}),
        negative_inferred=inferred,
    )
    cells = Cells(int((~cells_read.empty & ~declared).sum()), int(cells_read.empty.sum()), int(declared.sum()), 0)
    return bad, read, Converted(bad, cells)


def _refuse_broken(broken: Flags, source: OutcomeSource) -> None:
    if broken.any():
        raise InputError(
            "ICS-DAT-012",
            f"{int(broken.sum()):,} cells of column {source.column!r} hold an error or a number that lost digits",
            field="outcome.column",
            remedy="correct them, or list the error under outcome.unknown",
        )


def _undeclared(rest: dict[str, int], source: OutcomeSource) -> InputError:
    most = sorted(rest.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{word!r} {count:,}" for word, count in most[:_SHOWN])
    more = f" and {len(most) - _SHOWN} more" if len(most) > _SHOWN else ""
    return InputError(
        "ICS-DAT-012",
        f"column {source.column!r} holds values that are neither positive nor negative nor unknown: {listed}{more}",
        field="outcome.negative",
        remedy="list each under outcome.positive, negative or unknown",
        details=[("outcome", f"{word!r} {count:,}") for word, count in most],
    )


def _counted(counts: dict[str, int], words: Iterable[str | None]) -> dict[str, int]:
    return {word: counts[word] for word in sorted(word for word in words if word is not None) if counts.get(word)}
