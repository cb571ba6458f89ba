"""Which columns may identify the firm, date the decision, and date the event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from icsml.portfolio.draft.guess import Type
from icsml.portfolio.draft.headings import canonical_name, place_among
from icsml.portfolio.draft.profile import Profile
from icsml.portfolio.draft.vocabulary import DECISION_DATE, EVENT_DATE, IDENTIFIER, LOANS_FROM, NUMBERED

__all__ = ["KeyGuess", "guess_as_of", "guess_event_date", "guess_id"]

_NEARLY = 0.98
_MOST_EMPTY = 0.005
_LONG = 64


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """A column that identifies or dates a row, what speaks for it, and what is not settled."""

    column: str
    evidence: str
    decide: str | None = None


def guess_id(profiles: Sequence[Profile]) -> KeyGuess | None:
    """Return the column that identifies the firm: by its heading, else the first if its short texts all differ."""
    ranked = []
    for place, each in enumerate(profiles):
        rank = _rank(each, IDENTIFIER, "enterprise_id")
        if rank is None or not _may_identify(each) or _other_field(each, "enterprise_id", "uscc"):
            continue
        ranked.append((rank, place, each))
    if ranked:
        rank, _, each = min(ranked, key=lambda item: item[:2])
        of_loans = "it identifies a loan or an application: is there an identifier of the firm?"
        return KeyGuess(each.name, _differ(each), of_loans if rank >= LOANS_FROM else None)
    each = profiles[0]
    if each.type is Type.TEXT and each.distinct >= _NEARLY * each.rows > 1 and _short(each) and _nameless(each):
        return KeyGuess(each.name, _differ(each), "it may identify the firm, by its place and values alone")
    return None


def guess_as_of(profiles: Sequence[Profile], taken: Sequence[str]) -> KeyGuess | None:
    """Return the column of the decision date; one that is partly empty, or lies after today, is none."""
    ranked = []
    for place, each in enumerate(profiles):
        rank = _rank(each, DECISION_DATE, "as_of")
        late = place_among(each.heading, EVENT_DATE) is not None
        if rank is None or late or each.name in taken or each.days is None or _other_field(each, "as_of"):
            continue
        if each.empty > _MOST_EMPTY or not _past(each):
            continue
        ranked.append((rank, place, each))
    if not ranked:
        return None
    rank, _, each = min(ranked, key=lambda item: item[:2])
    days = each.days
    assert days is not None  # noqa: S101 - only such were ranked
    doubt = days.decide
    if doubt is None and each.heading.key not in ("asof", "评估基准日", "decisiondate"):
        doubt = "is it the day of the decision? Nothing that came later may feed a feature"
    return KeyGuess(each.name, f"{days.evidence}; {days.first} to {days.last}", doubt)


def guess_event_date(profiles: Sequence[Profile], taken: Sequence[str]) -> KeyGuess | None:
    """Return the column that may date the event."""
    for phrase in EVENT_DATE:
        for each in profiles:
            if each.days is not None and each.name not in taken and each.heading.speaks_of(phrase):
                days = each.days
                return KeyGuess(each.name, f"{days.evidence}; {each.empty:.1%} empty", days.decide)
    return None


def _may_identify(each: Profile) -> bool:
    """Tell whether values may be names of firms; a number that was counted or measured is none."""
    if each.type not in (Type.TEXT, Type.WHOLE) or each.empty > _MOST_EMPTY or each.distinct < 2:
        return False
    return _short(each) and (each.heading.bare not in NUMBERED or each.heading.bare == "id")


def _rank(each: Profile, phrases: Sequence[str], name: str) -> int | None:
    """Return how good a sign the heading is, -1 for the name or label of the field itself."""
    named = canonical_name(each.heading)
    return -1 if named is not None and named[0] == name else place_among(each.heading, phrases)


def _other_field(each: Profile, *but: str) -> bool:
    named = canonical_name(each.heading)
    return named is not None and named[0] not in but


def _short(each: Profile) -> bool:
    return all(0 < len(text) <= _LONG for text in each.words.texts)


def _nameless(each: Profile) -> bool:
    spaced = sum(" " in text or "公司" in text for text in each.words.texts[:200])
    return spaced == 0 and canonical_name(each.heading) is None


def _past(each: Profile) -> bool:
    days = each.days
    return days is not None and days.last is not None and days.last <= date.today() + timedelta(days=1)


def _differ(each: Profile) -> str:
    return f"{each.distinct:,} of {each.rows:,} values differ"
