"""The rules in force on a day, as known on a day: the two time axes of a rulebook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from icsml.errors import InputError, MissingError
from icsml.innovation.rulebooks.load import list_editions
from icsml.innovation.rulebooks.rulebook import Edition, Outline, Rulebook, Scope

__all__ = ["as_known", "in_force_on", "rulebook_as_of"]


def as_known(editions: Iterable[Edition], known_on: date) -> list[Edition]:
    """Return the editions public by a day, without those replaced by a correction public by then.

    A correction entered later does not change what was known before.
    """
    public = [edition for edition in editions if edition.known(known_on)]
    corrected = {edition.corrects for edition in public if edition.corrects is not None}
    return [edition for edition in public if edition.id not in corrected]


def rulebook_as_of(on: date, known_on: date | None = None) -> Rulebook:
    """Return the one national rulebook that was in force on a day, as it was known on a day.

    Parameters
    ----------
    on : date
        The day the rules must have been in force.
    known_on : date, optional
        The day whose knowledge counts; by default the same day.

    Raises
    ------
    InputError
        If there is none, or more than one.
    MissingError
        If the one in force is documented only.
    """
    return in_force_on(list_editions(), on, known_on)


def in_force_on(editions: Iterable[Rulebook | Outline], on: date, known_on: date | None = None) -> Rulebook:
    """Return the one national rulebook of these that was in force on a day; otherwise as :func:`rulebook_as_of`."""
    seen = on if known_on is None else known_on
    national = [edition for edition in as_known(editions, seen) if edition.scope is Scope.NATIONAL]
    apply = [edition for edition in national if edition.in_force.holds(on)]
    if len(apply) > 1:
        names = ", ".join(edition.id for edition in apply)
        raise InputError(
            "ICS-RUL-011",
            f"several national rulebooks apply on {on}: {names}",
            field="as_of",
            remedy="close the time in force of one of them, or name a rulebook",
        )
    if not apply:
        known = "known then" if known_on is None else f"known on {seen}"
        raise InputError(
            "ICS-RUL-011",
            f"no national rulebook was in force on {on} and {known}",
            field="as_of",
            remedy="name a rulebook instead of a date, see `icsml rulebook list`",
        )
    (current,) = apply
    if isinstance(current, Outline):
        raise MissingError(
            "ICS-RUL-021",
            f"in force on {on}, but documented only: its points cannot be evaluated",
            field=current.id,
            remedy="name another rulebook, or complete this one",
        )
    assert isinstance(current, Rulebook)  # noqa: S101 - the two kinds of edition
    return current
