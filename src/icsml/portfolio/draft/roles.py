"""Role of each column in the mapping, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from icsml.portfolio.draft.column_guess import ColumnGuess, EntryKeys, Role, Type
from icsml.portfolio.draft.column_profile import FEW, Profile
from icsml.portfolio.draft.field_fit import Fit, fit, flag_words, missing_keys, money_doubt, percent_doubt
from icsml.portfolio.draft.headings import NamedBy, canonical_name, feature_names, index_among
from icsml.portfolio.draft.key_columns import KeyGuess, guess_as_of, guess_event_date, guess_id
from icsml.portfolio.draft.outcome_column import OutcomeGuess, guess_outcome, reveals_outcome
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
    names = feature_names([column.heading for column in profiles])
    fits = _fits(profiles, keys, money)
    columns = []
    for column, name in zip(profiles, names, strict=True):
        key_role = keys.role_of(column.name)
        if key_role is not None:
            columns.append(_key_column(column, *key_role))
        else:
            columns.append(_other(column, name, keys, fits))
    return Assigned(tuple(columns), keys.outcome)


def _keys(profiles: Sequence[Profile]) -> _Keys:
    outcome = guess_outcome(profiles)
    taken = [outcome.column] if outcome else []
    identifier = guess_id([column for column in profiles if column.name not in taken] or profiles)
    taken += [identifier.column] if identifier else []
    as_of = guess_as_of(profiles, taken)
    taken += [as_of.column] if as_of else []
    event = guess_event_date(profiles, taken) if outcome else None
    return _Keys(outcome, identifier, as_of, event)


def _fits(profiles: Sequence[Profile], keys: _Keys, money: float | None) -> dict[str, tuple[str, NamedBy, Fit]]:
    """Return, by column, its canonical field, how that is known and how it fits; no field is taken twice."""
    named = {column.name: canonical_name(column.heading) for column in profiles if keys.role_of(column.name) is None}
    ordered = sorted(
        (
            (column, *field)
            for column in profiles
            if (field := named.get(column.name)) and field[0] not in ("enterprise_id", "as_of")
        ),
        key=lambda item: list(NamedBy).index(item[2]),
    )
    taken: dict[str, str] = {}
    fits: dict[str, tuple[str, NamedBy, Fit]] = {}
    for column, name, how in ordered:
        fitted = fit(column, FIELD_BY_NAME[name], money=money)
        if name in taken and fitted.problem is None:
            fitted = Fit(problem=f"that field is already taken from {taken[name]}")
        if fitted.problem is None:
            taken[name] = column.name
        fits[column.name] = (name, how, fitted)
    return fits


def _key_column(column: Profile, role: Role, evidence: str, decide: str | None) -> ColumnGuess:
    keys = column.days.keys if column.days is not None and role is not Role.ID else EntryKeys()
    if role in (Role.AS_OF, Role.EVENT_DATE):
        keys = keys | missing_keys(column)
    return _guess(column, role, evidence, decide=decide, keys=keys)


def _other(column: Profile, name: str, keys: _Keys, fits: dict[str, tuple[str, NamedBy, Fit]]) -> ColumnGuess:
    if column.name in fits:
        target, how, fitting = fits[column.name]
        if fitting.problem is None:
            evidence = "; ".join(filter(None, [f"the heading is {how}", fitting.evidence, _emptiness(column)]))
            return _guess(column, Role.FIELD, evidence, target=target, decide=fitting.decide, keys=fitting.keys)
        doubt = f"the heading speaks of {target}, but {fitting.problem}"
        return replace(_unmapped(column, name), decide=doubt)
    late = _late(column, keys.outcome)
    if late is not None:
        return late
    return _left_out(column) or _unmapped(column, name)


def _late(column: Profile, outcome: OutcomeGuess | None) -> ColumnGuess | None:
    """Return a column that seems to exist only once the outcome is known."""
    if index_among(column.heading, LATE) is not None:
        return _guess(column, Role.KNOWN_AFTER, "by its heading it exists only once the outcome is known", decide=_WHEN)
    if outcome is None:
        return None
    evidence = reveals_outcome(column, outcome)
    if evidence is not None:
        return _guess(column, Role.KNOWN_AFTER, evidence, decide=_WHEN)
    if 1 < column.distinct <= FEW and not column.numeric and index_among(column.heading, _SURE) is not None:
        return _guess(column, Role.KNOWN_AFTER, "the heading speaks of an outcome too", decide=_WHEN)
    return None


def _left_out(column: Profile) -> ColumnGuess | None:
    """Return a column that is left out, with the reason; None where it may be of use."""
    if column.type is Type.OTHER:
        return _guess(column, Role.IGNORE, "its cells are of a type that no import reads")
    if column.type is Type.EMPTY:
        return _guess(column, Role.IGNORE, "empty throughout")
    if index_among(column.heading, CONSEQUENCE) is not None:
        return _guess(
            column,
            Role.IGNORE,
            "by its heading it follows from an earlier decision",
            decide="does it follow from a decision, or was it asked for? Only the latter may be a feature",
        )
    if index_among(column.heading, OPINION) is not None:
        evidence = "by its heading it is an opinion: bank_grade or bank_pd, if the bank's own"
        return _guess(column, Role.IGNORE, evidence, decide="whose opinion, and formed before the outcome?")
    for phrases, evidence in (
        (PERSONAL, "of a natural person"),
        (NAMES, "a name"),
    ):
        if index_among(column.heading, phrases) is not None:
            return _guess(column, Role.IGNORE, evidence)
    if column.heading.bare in NUMBERED:
        return _guess(column, Role.IGNORE, "a number of the row")
    if column.distinct == 1 and column.filled.all() and column.type is not Type.DATE:
        return _guess(column, Role.IGNORE, "one value throughout")
    if column.type in (Type.WHOLE, Type.TEXT) and index_among(column.heading, CODES) is not None:
        return _guess(column, Role.IGNORE, f"a code or identifier, no quantity; {_variety(column)}")
    return None


def _unmapped(column: Profile, name: str) -> ColumnGuess:
    """Return a column without a canonical field: numbers and flags as a feature, anything else left out."""
    if column.type is Type.DATE:
        evidence = (
            f"{column.days.evidence}; {column.days.first} to {column.days.last}" if column.days is not None else ""
        )
        return _guess(column, Role.IGNORE, f"a date; {evidence}")
    words = flag_words(column) if column.type is Type.FLAG and column.values is None else None
    if words is not None or (column.values is not None and column.filled.any()):
        return _feature(column, name, words)
    few = 1 < column.distinct <= FEW and column.type is Type.TEXT
    doubt = "translate its values to numbers and make it a feature, or leave it out?" if few else None
    skeleton = tuple(column.words.texts) if few else ()
    return _guess(column, Role.IGNORE, f"{column.type}; {_variety(column)}", decide=doubt, skeleton=skeleton)


def _feature(column: Profile, name: str, words: dict[str, bool] | None) -> ColumnGuess:
    keys: EntryKeys = {"values": {word: int(yes) for word, yes in words.items()}} if words else {}
    notes, doubt = [str(column.type), _variety(column), _emptiness(column)], None
    if column.heading.foreign:
        notes.append(f"in {column.heading.unit}")
    elif column.heading.scale is not None and not words:
        doubt = percent_doubt(column)
        keys |= {} if doubt else {"scale": column.heading.scale}
        notes.append(f"the heading says {column.heading.unit}")
    if column.lost:
        notes.append(f"{column.lost:,} cells hold no number")
    if column.type in (Type.NUMBER, Type.WHOLE):
        notes.append(money_doubt("", column, None)[0])
    evidence = "; ".join(filter(None, notes))
    return _guess(column, Role.FEATURE, evidence, target=name, decide=doubt, keys=keys | missing_keys(column))


def _variety(column: Profile) -> str:
    if column.counts:
        return "values: " + ", ".join(f"{word} {count:,}" for word, count in column.counts.items())
    return f"{column.distinct:,} of {int(column.filled.sum()):,} values differ"


def _emptiness(column: Profile) -> str:
    if column.type is Type.EMPTY:
        return "empty throughout"
    if 0 < column.empty < 0.0005:
        return f"{int((~column.filled).sum()):,} of {column.rows:,} empty"
    return f"{column.empty:.1%} empty" if column.empty else ""


def _guess(
    column: Profile,
    role: Role,
    evidence: str,
    *,
    target: str | None = None,
    decide: str | None = None,
    keys: EntryKeys | None = None,
    skeleton: tuple[str, ...] = (),
) -> ColumnGuess:
    listed = ", ".join(f"{word} {count:,}" for word, count in column.missing.items())
    names_missing = role in (Role.FIELD, Role.FEATURE, Role.AS_OF, Role.EVENT_DATE) and listed
    stated = f"{evidence}; not known: {listed}" if names_missing else evidence
    numbers = [word for word in column.missing if word.lstrip("-").isdigit()]
    if names_missing and numbers:
        decide = "; ".join(filter(None, [decide, f"does {', '.join(numbers)} mean that the value is not known?"]))
    return ColumnGuess(
        column.name,
        column.type,
        role,
        stated,
        round(column.empty, 6),
        column.distinct,
        target,
        decide,
        keys or {},
        skeleton,
    )
