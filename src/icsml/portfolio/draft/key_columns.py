"""Columns that may identify the firm, date the decision, and date the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from icsml.portfolio.draft.column_guess import Type
from icsml.portfolio.draft.column_profile import Profile
from icsml.portfolio.draft.headings import canonical_name, index_among
from icsml.portfolio.draft.vocabulary import DECISION_DATE, EVENT_DATE, IDENTIFIER, LOANS_FROM, NUMBERED

__all__ = ["KeyGuess", "guess_as_of", "guess_event_date", "guess_id"]

_NEARLY = 0.98
_MOST_EMPTY = 0.005
_LONG = 64


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """A column that identifies or dates a row, with its evidence and open questions."""

    column: str
    evidence: str
    decide: str | None = None


def guess_id(profiles: Sequence[Profile]) -> KeyGuess | None:
    """Return the column that identifies the firm: by its heading, else the first if its short texts all differ."""
    ranked = []
    for index, column in enumerate(profiles):
        rank = _rank(column, IDENTIFIER, "enterprise_id")
        if rank is None or not _may_identify(column) or _other_field(column, "enterprise_id", "uscc"):
            continue
        ranked.append((rank, index, column))
    if ranked:
        rank, _, column = min(ranked, key=lambda item: item[:2])
        of_loans = "it identifies a loan or an application: is there an identifier of the firm?"
        return KeyGuess(column.name, _differ(column), of_loans if rank >= LOANS_FROM else None)
    column = profiles[0]
    if (
        column.type is Type.TEXT
        and column.distinct >= _NEARLY * column.rows > 1
        and _short(column)
        and _nameless(column)
    ):
        return KeyGuess(column.name, _differ(column), "it may identify the firm, by its place and values alone")
    return None


def guess_as_of(profiles: Sequence[Profile], taken: Sequence[str]) -> KeyGuess | None:
    """Return the column of the decision date; none that is partly empty or has dates after today."""
    ranked = []
    for index, column in enumerate(profiles):
        rank = _rank(column, DECISION_DATE, "as_of")
        late = index_among(column.heading, EVENT_DATE) is not None
        if rank is None or late or column.name in taken or column.days is None or _other_field(column, "as_of"):
            continue
        if column.empty > _MOST_EMPTY or not _past(column):
            continue
        ranked.append((rank, index, column))
    if not ranked:
        return None
    rank, _, column = min(ranked, key=lambda item: item[:2])
    days = column.days
    assert days is not None  # noqa: S101 - only such were ranked
    doubt = days.decide
    if doubt is None and column.heading.key not in ("asof", "评估基准日", "decisiondate"):
        doubt = "is it the day of the decision? Nothing that came later may feed a feature"
    return KeyGuess(column.name, f"{days.evidence}; {days.first} to {days.last}", doubt)


def guess_event_date(profiles: Sequence[Profile], taken: Sequence[str]) -> KeyGuess | None:
    """Return the column that may date the event."""
    for phrase in EVENT_DATE:
        for column in profiles:
            if column.days is not None and column.name not in taken and column.heading.speaks_of(phrase):
                days = column.days
                return KeyGuess(column.name, f"{days.evidence}; {column.empty:.1%} empty", days.decide)
    return None


def _may_identify(column: Profile) -> bool:
    """Return whether values may be names of firms; a number that was counted or measured is none."""
    if column.type not in (Type.TEXT, Type.WHOLE) or column.empty > _MOST_EMPTY or column.distinct < 2:
        return False
    return _short(column) and (column.heading.bare not in NUMBERED or column.heading.bare == "id")


def _rank(column: Profile, phrases: Sequence[str], name: str) -> int | None:
    """Return how good a sign the heading is, -1 for the name or label of the field itself."""
    named = canonical_name(column.heading)
    return -1 if named is not None and named[0] == name else index_among(column.heading, phrases)


def _other_field(column: Profile, *but: str) -> bool:
    named = canonical_name(column.heading)
    return named is not None and named[0] not in but


def _short(column: Profile) -> bool:
    return all(0 < len(text) <= _LONG for text in column.words.texts)


def _nameless(column: Profile) -> bool:
    spaced = sum(" " in text or "公司" in text for text in column.words.texts[:200])
    return spaced == 0 and canonical_name(column.heading) is None


def _past(column: Profile) -> bool:
    days = column.days
    return days is not None and days.last is not None and days.last <= date.today() + timedelta(days=1)


def _differ(column: Profile) -> str:
    return f"{column.distinct:,} of {column.rows:,} values differ"
