"""Formats by which a column may be read as dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pyarrow as arrow

from icsml.core.arrays import Dates, Ints
from icsml.errors import InputError
from icsml.portfolio.cells import Converted, dates
from icsml.portfolio.draft.column_guess import EntryKeys
from icsml.portfolio.draft.headings import Heading, index_among
from icsml.portfolio.draft.vocabulary import DATED, DATED_ENDS, YEARLY
from icsml.portfolio.mapping import ISO, DateSource
from icsml.portfolio.reading.table import Column
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["DayGuess", "Words", "is_dated", "ranged", "written_days"]

_FORMATS = (
    *(
        ISO,
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y年%m月%d日",
        "%Y%m%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
    ),
    *("%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M"),
    *("%m/%d/%Y %H:%M", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y-%m", "%Y/%m", "%Y.%m"),
    *("%Y年%m月", "%Y年", "%Y%m", "%Y"),
)
_BARE = ("%Y%m", "%Y")
_UNSURE = ("%Y%m", "%Y", "%Y.%m")  # also a code, a count or a number: only under a heading of dates
_MOST_FORMATS = 4
_LOST = 0.05
_EARLIEST = np.datetime64("1900-01-01", "D")
_PLAUSIBLE = (np.datetime64("1950-01-01", "D"), np.datetime64("2100-12-31", "D"))
_DIGITS = re.compile(r"[0-9]{4}|[0-9]{1,2}\D[0-9]{1,2}\D[0-9]{2}")
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?")
_SAMPLE = 50


@dataclass(frozen=True, slots=True)
class Words:
    """The distinct values of a column as texts, with the number of rows of each."""

    texts: list[str]
    counts: Ints


@dataclass(frozen=True, slots=True)
class DayGuess:
    """A way to read a column as dates.

    Parameters
    ----------
    keys : EntryKeys
        Keys of the mapping: ``format``, ``formats``, or ``unit`` and ``origin``.
    evidence : str
        Its evidence.
    decide : str, optional
        What is not settled.
    first, last : date
        The earliest and latest day.
    lost : int
        Rows that it does not read.
    settled : bool
        Whether another column settles since when days are counted.
    """

    keys: EntryKeys = field(default_factory=EntryKeys)
    evidence: str = ""
    decide: str | None = None
    first: date | None = None
    last: date | None = None
    lost: int = 0
    settled: bool = False


def is_dated(heading: Heading, name: str | None) -> bool:
    """Return whether a heading contains a word for a date, or names a canonical date."""
    if name is not None:
        return FIELD_BY_NAME[name].kind is Kind.DATE
    return index_among(heading, DATED) is not None or heading.bare.endswith(DATED_ENDS)


def written_days(words: Words, heading: Heading, *, dated: bool) -> DayGuess | None:
    """Return the formats that read the texts of a column.

    Parameters
    ----------
    words : Words
        Its values, without those that mean "not known".
    heading : Heading
        Its heading.
    dated : bool
        Whether the heading is of dates; without that, bare years and months are no dates.
    """
    sample = words.texts[:: len(words.texts) // _SAMPLE + 1]
    if not sample or sum(_may_be_day(text, dated=dated) for text in sample) < 0.8 * len(sample):
        return None
    yearly = dated and (index_among(heading, YEARLY) is not None or heading.bare.endswith(DATED_ENDS))
    usable = [form for form in _FORMATS if (dated or form not in _UNSURE) and (yearly or form not in _BARE)]
    usable = [form for form in usable if _read(sample, (form,)) is not None]
    chosen = _chosen(words, usable)
    return None if chosen is None else _guess(words, chosen, usable)


def ranged(guess: DayGuess, days: Dates) -> DayGuess:
    """Return the guess with its earliest and latest day."""
    return replace(guess, first=days.min().item(), last=days.max().item())


def _may_be_day(text: str, *, dated: bool) -> bool:
    """Return at a glance whether a text may be a date: of bare numbers without a fitting heading, only 20240630 may."""
    if not dated and _NUMBER.fullmatch(text):
        return len(text) == 8 and text.isdigit()
    return len(text) <= 40 and _DIGITS.search(text) is not None


def _read(texts: Sequence[str], forms: tuple[str, ...]) -> Dates | None:
    """Return the days of texts, NaT where unread or implausible; None where not one is read."""
    column = Column("dates", arrow.chunked_array([arrow.array(texts, arrow.string())]))
    source = DateSource(column="dates", formats=forms)
    try:
        converted: Converted = dates(column, source, "dates")
    except InputError:
        return None
    days: Dates = converted.values.copy()
    with np.errstate(invalid="ignore"):
        days[(days < _EARLIEST) | (days > _PLAUSIBLE[1])] = np.datetime64("NaT")
    return None if np.isnat(days).all() else days


def _chosen(words: Words, usable: list[str]) -> tuple[str, ...] | None:
    """Add formats, the best first, while they read more rows; None where too many are left."""
    chosen: tuple[str, ...] = ()
    lost = total = int(words.counts.sum())
    while lost and len(chosen) < _MOST_FORMATS:
        trials = {form: _lost(words, (*chosen, form)) for form in usable if form not in chosen}
        best = min(trials, key=lambda form: trials[form], default=None)
        if best is None or trials[best] >= lost:
            break
        chosen, lost = (*chosen, best), trials[best]
    return chosen if chosen and lost <= _LOST * total else None


def _lost(words: Words, forms: tuple[str, ...]) -> int:
    days = _read(words.texts, forms)
    return int(words.counts.sum()) if days is None else int(words.counts[np.isnat(days)].sum())


def _guess(words: Words, chosen: tuple[str, ...], usable: list[str]) -> DayGuess:
    days = _read(words.texts, chosen)
    assert days is not None  # noqa: S101 - it was chosen because it reads some
    lost = int(words.counts[np.isnat(days)].sum())
    keys: EntryKeys = {"formats": list(chosen)} if len(chosen) > 1 else {"format": chosen[0]}
    if chosen == (ISO,):
        keys = {}
    total = int(words.counts.sum())
    evidence = f"{' and '.join(chosen)} reads {'all' if not lost else f'{total - lost:,} of {total:,}'} values"
    doubt = _twin(words, chosen, usable)
    if any(form in ("%Y", "%Y年") for form in chosen):
        evidence += "; a year stands for its last day"
    return ranged(DayGuess(keys, evidence, doubt, lost=lost), days[~np.isnat(days)])


def _twin(words: Words, chosen: tuple[str, ...], usable: list[str]) -> str | None:
    """Return the doubt where day and month could be the other way round in every value."""
    for form in chosen:
        other = form.replace("%d", "%0").replace("%m", "%d").replace("%0", "%m")
        if other == form or other not in usable:
            continue
        here, there = _read(words.texts, (form,)), _read(words.texts, (other,))
        if here is None or there is None or np.isnat(there[~np.isnat(here)]).any():
            continue
        if (here != there)[~np.isnat(here)].any():
            return f"day or month first? {other} reads every value as well"
    return None
