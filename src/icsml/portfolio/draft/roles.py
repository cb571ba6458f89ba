"""Where each column goes in the mapping, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from icsml.portfolio.draft.fitting import Fit, fit, flag_words, missing_keys, money_doubt, percent_doubt
from icsml.portfolio.draft.guess import ColumnGuess, Role, Type
from icsml.portfolio.draft.headings import canonical_name, feature_names, place_among
from icsml.portfolio.draft.key_columns import KeyGuess, guess_as_of, guess_event_date, guess_id
from icsml.portfolio.draft.outcome_column import OutcomeGuess, guess_outcome, tells_outcome
from icsml.portfolio.draft.profile import FEW, Profile
from icsml.portfolio.draft.vocabulary import (
    CODES,
    CONSEQUENCE,
    LATE,
    NAMES,
    NUMBERED,
    OPINION,
    OUTCOME,
    OUTCOME_WEAK,
    PERSONAL,
)
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["Assigned", "assign"]

_SURE = tuple(phrase for phrase in OUTCOME if phrase not in OUTCOME_WEAK)
_WHEN = "was it known on the day of the decision?"


@dataclass(frozen=True, slots=True)
class Assigned:
    """The columns in their roles, in the order of the table, and the outcome."""

    columns: tuple[ColumnGuess, ...]
    outcome: OutcomeGuess | None


@dataclass(frozen=True, slots=True)
class _Keys:
    """The columns that identify, label and date rows."""

    outcome: OutcomeGuess | None
    id: KeyGuess | None
    as_of: KeyGuess | None
    event: KeyGuess | None

    def role_of(self, name: str) -> tuple[Role, str, str | None] | None:
        if self.outcome is not None and name == self.outcome.column:
            return Role.OUTCOME, self.outcome.evidence, self.outcome.decide
        for role, key in ((Role.ID, self.id), (Role.AS_OF, self.as_of), (Role.EVENT_DATE, self.event)):
            if key is not None and name == key.column:
                return role, key.evidence, key.decide
        return None


def assign(profiles: Sequence[Profile], *, money: float | None = None) -> Assigned:
    """Give every column exactly one role.

    Parameters
    ----------
    profiles : sequence of Profile
        The columns, in the order of the table.
    money : float, optional
        Factor into 元 that is stated for the whole table.
    """
    keys = _keys(profiles)
    names = feature_names([each.heading for each in profiles])
    fits = _fits(profiles, keys, money)
    columns = []
    for each, name in zip(profiles, names, strict=True):
        found = keys.role_of(each.name)
        if found is not None:
            columns.append(_key_column(each, *found))
        else:
            columns.append(_other(each, name, keys, fits))
    return Assigned(tuple(columns), keys.outcome)


def _keys(profiles: Sequence[Profile]) -> _Keys:
    outcome = guess_outcome(profiles)
    taken = [outcome.column] if outcome else []
    identifier = guess_id([each for each in profiles if each.name not in taken] or profiles)
    taken += [identifier.column] if identifier else []
    as_of = guess_as_of(profiles, taken)
    taken += [as_of.column] if as_of else []
    event = guess_event_date(profiles, taken) if outcome else None
    return _Keys(outcome, identifier, as_of, event)


def _fits(profiles: Sequence[Profile], keys: _Keys, money: float | None) -> dict[str, tuple[str, str, Fit]]:
    """Return, by column, its canonical field, how that is known and how it fits; no field is taken twice."""
    named = {each.name: canonical_name(each.heading) for each in profiles if keys.role_of(each.name) is None}
    how_good = ("its name", "its label", "a usual word for it")
    ordered = sorted(
        (
            (each, *found)
            for each in profiles
            if (found := named.get(each.name)) and found[0] not in ("enterprise_id", "as_of")
        ),
        key=lambda item: how_good.index(item[2]),
    )
    taken: dict[str, str] = {}
    fits: dict[str, tuple[str, str, Fit]] = {}
    for each, name, how in ordered:
        fitted = fit(each, FIELD_BY_NAME[name], money=money)
        if name in taken and fitted.problem is None:
            fitted = Fit(problem=f"that field is already taken from {taken[name]}")
        if fitted.problem is None:
            taken[name] = each.name
        fits[each.name] = (name, how, fitted)
    return fits


def _key_column(each: Profile, role: Role, evidence: str, decide: str | None) -> ColumnGuess:
    keys: dict[str, Any] = dict(each.days.keys) if each.days is not None and role is not Role.ID else {}
    if role in (Role.AS_OF, Role.EVENT_DATE):
        keys |= missing_keys(each)
    return _guess(each, role, evidence, decide=decide, keys=keys)


def _other(each: Profile, name: str, keys: _Keys, fits: dict[str, tuple[str, str, Fit]]) -> ColumnGuess:
    if each.name in fits:
        target, how, found = fits[each.name]
        if found.problem is None:
            said = "; ".join(filter(None, [f"the heading is {how}", found.evidence, _emptiness(each)]))
            return _guess(each, Role.FIELD, said, target=target, decide=found.decide, keys=found.keys)
        doubt = f"the heading speaks of {target}, but {found.problem}"
        return replace(_unmapped(each, name), decide=doubt)
    late = _late(each, keys.outcome)
    if late is not None:
        return late
    return _left_out(each) or _unmapped(each, name)


def _late(each: Profile, outcome: OutcomeGuess | None) -> ColumnGuess | None:
    """Return a column that seems to exist only once the outcome is known."""
    if place_among(each.heading, LATE) is not None:
        return _guess(each, Role.KNOWN_AFTER, "by its heading it exists only once the outcome is known", decide=_WHEN)
    if outcome is None:
        return None
    told = tells_outcome(each, outcome)
    if told is not None:
        return _guess(each, Role.KNOWN_AFTER, told, decide=_WHEN)
    if 1 < each.distinct <= FEW and not each.numeric and place_among(each.heading, _SURE) is not None:
        return _guess(each, Role.KNOWN_AFTER, "the heading speaks of an outcome too", decide=_WHEN)
    return None


def _left_out(each: Profile) -> ColumnGuess | None:
    """Return a column that is left out, with the reason; None where it may be of use."""
    if each.type is Type.OTHER:
        return _guess(each, Role.IGNORE, "its cells are of a type that no import reads")
    if each.type is Type.EMPTY:
        return _guess(each, Role.IGNORE, "empty throughout")
    if place_among(each.heading, CONSEQUENCE) is not None:
        return _guess(
            each,
            Role.IGNORE,
            "by its heading it follows from an earlier decision",
            decide="does it follow from a decision, or was it asked for? Only the latter may be a feature",
        )
    if place_among(each.heading, OPINION) is not None:
        said = "by its heading it is an opinion: bank_grade or bank_pd, if the bank's own"
        return _guess(each, Role.IGNORE, said, decide="whose opinion, and formed before the outcome?")
    for phrases, said in (
        (PERSONAL, "of a natural person"),
        (NAMES, "a name"),
    ):
        if place_among(each.heading, phrases) is not None:
            return _guess(each, Role.IGNORE, said)
    if each.heading.bare in NUMBERED:
        return _guess(each, Role.IGNORE, "a number of the row")
    if each.distinct == 1 and each.filled.all() and each.type is not Type.DATE:
        return _guess(each, Role.IGNORE, "one value throughout")
    if each.type in (Type.WHOLE, Type.TEXT) and place_among(each.heading, CODES) is not None:
        return _guess(each, Role.IGNORE, f"a code or identifier, no quantity; {_variety(each)}")
    return None


def _unmapped(each: Profile, name: str) -> ColumnGuess:
    """Return a column without a canonical field: numbers and flags as a feature, anything else left out."""
    if each.type is Type.DATE:
        said = f"{each.days.evidence}; {each.days.first} to {each.days.last}" if each.days is not None else ""
        return _guess(each, Role.IGNORE, f"a date; {said}")
    words = flag_words(each) if each.type is Type.FLAG and each.values is None else None
    if words is not None or (each.values is not None and each.filled.any()):
        return _feature(each, name, words)
    few = 1 < each.distinct <= FEW and each.type is Type.TEXT
    doubt = "translate its values to numbers and make it a feature, or leave it out?" if few else None
    skeleton = tuple(each.words.texts) if few else ()
    return _guess(each, Role.IGNORE, f"{each.type}; {_variety(each)}", decide=doubt, skeleton=skeleton)


def _feature(each: Profile, name: str, words: dict[str, bool] | None) -> ColumnGuess:
    keys: dict[str, Any] = {"values": {word: int(yes) for word, yes in words.items()}} if words else {}
    notes, doubt = [str(each.type), _variety(each), _emptiness(each)], None
    if each.heading.foreign:
        notes.append(f"in {each.heading.unit}")
    elif each.heading.scale is not None and not words:
        doubt = percent_doubt(each)
        keys |= {} if doubt else {"scale": each.heading.scale}
        notes.append(f"the heading says {each.heading.unit}")
    if each.lost:
        notes.append(f"{each.lost:,} cells hold no number")
    if each.type in (Type.NUMBER, Type.WHOLE):
        notes.append(money_doubt("", each, None)[0])
    said = "; ".join(filter(None, notes))
    return _guess(each, Role.FEATURE, said, target=name, decide=doubt, keys=keys | missing_keys(each))


def _variety(each: Profile) -> str:
    if each.counts:
        return "values: " + ", ".join(f"{word} {count:,}" for word, count in each.counts.items())
    return f"{each.distinct:,} of {int(each.filled.sum()):,} values differ"


def _emptiness(each: Profile) -> str:
    if each.type is Type.EMPTY:
        return "empty throughout"
    if 0 < each.empty < 0.0005:
        return f"{int((~each.filled).sum()):,} of {each.rows:,} empty"
    return f"{each.empty:.1%} empty" if each.empty else ""


def _guess(
    each: Profile,
    role: Role,
    evidence: str,
    *,
    target: str | None = None,
    decide: str | None = None,
    keys: dict[str, Any] | None = None,
    skeleton: tuple[str, ...] = (),
) -> ColumnGuess:
    listed = ", ".join(f"{word} {count:,}" for word, count in each.missing.items())
    told = role in (Role.FIELD, Role.FEATURE, Role.AS_OF, Role.EVENT_DATE) and listed
    said = f"{evidence}; not known: {listed}" if told else evidence
    numbers = [word for word in each.missing if word.lstrip("-").isdigit()]
    if told and numbers:
        decide = "; ".join(filter(None, [decide, f"does {', '.join(numbers)} mean that the value is not known?"]))
    return ColumnGuess(
        each.name, each.type, role, said, round(each.empty, 6), each.distinct, target, decide, keys or {}, skeleton
    )
