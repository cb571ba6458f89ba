"""The schema of a rulebook: data with two time axes and a provenance for every part."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from icsml.core.canonical import sha256_hex
from icsml.innovation.eligibility import Eligibility
from icsml.innovation.indicators import Category, Indicator, ScoringDomain
from icsml.innovation.numbers import Part, Rational
from icsml.innovation.provenance import Provenance, weakest
from icsml.records.field import Domain
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.labels import Label

__all__ = ["Definition", "Rulebook", "Scope", "Source", "Timeline", "Totals"]


class Scope(StrEnum):
    """Which rulebooks compete for a date: only national ones do."""

    NATIONAL = "national"
    REGIONAL = "regional"
    SCORECARD = "scorecard"


class Source(Part):
    """A source that parts of the rulebook cite; ``issuer_text`` means the issuing body's own text was read."""

    id: str
    title: str
    where: str
    issuer_text: bool = False


class Timeline(Part):
    """When the rule applies (both ends included; an open end is null), and since when it was known."""

    in_force_from: date
    in_force_to: date | None = None
    known_since: date
    provenance: Provenance
    note: str | None = None


class Totals(Part):
    """Base and bonus points of the whole."""

    base: Rational
    bonus: Rational = Fraction(0)
    provenance: Provenance


class Definition(Part):
    """A term of the rule whose meaning lies outside the score, such as what a record counts as Class I."""

    term: Label
    meaning: Label
    provenance: Provenance


class Rulebook(Part):
    """An edition of a point system.

    Notes
    -----
    :attr:`provenance` speaks for everything the points and the eligibility rest on. The time axes and the definitions
    carry a label of their own: they decide which rulebook is used and what a record counts, not what a count is worth.
    """

    format: Literal[1]
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    edition: str
    scope: Scope
    title: Label
    issuer: Label
    timeline: Timeline
    missing: Literal["zero"] = "zero"
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    totals: Totals
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    eligibility: Eligibility | None = None
    definitions: tuple[Definition, ...] = ()
    note: str | None = None
    _source_text: str = PrivateAttr("")

    @property
    def source_text(self) -> str:
        """The YAML this rulebook was read from."""
        return self._source_text

    @property
    def sha256(self) -> str:
        """SHA-256 of the UTF-8 bytes of :attr:`source_text`."""
        return sha256_hex(self._source_text.encode())

    @property
    def max_score(self) -> float:
        """Base and bonus points together."""
        return float(self.totals.base + self.totals.bonus)

    @property
    def provenance(self) -> Provenance:
        """Provenance of the weakest part that the points and the eligibility rest on."""
        parts = [self.totals.provenance]
        parts += [part for category in self.categories for part in (category.provenance.name, category.provenance.max)]
        parts += [indicator.trust for indicator in self.indicators]
        if self.eligibility is not None:
            parts += [condition.provenance for condition in self.eligibility.in_use]
            parts += [condition.provenance for condition in self.eligibility.presumed]
        return weakest(parts)

    def in_force(self, on: date) -> bool:
        """Return whether the rule applies on a date."""
        end = self.timeline.in_force_to
        return self.timeline.in_force_from <= on and (end is None or on <= end)

    def known(self, on: date) -> bool:
        """Return whether the rule was public on a date."""
        return self.timeline.known_since <= on

    def inputs(self) -> tuple[str, ...]:
        """Return every field that points and eligibility read, in order, each once."""
        names = [name for indicator in self.indicators for name in indicator.fields]
        conditions = self.eligibility.in_use if self.eligibility is not None else ()
        return tuple(dict.fromkeys([*names, *(name for condition in conditions for name in condition.fields)]))

    def innovation_inputs(self) -> tuple[str, ...]:
        """Return the innovation fields among the inputs of the innovation-domain indicators."""
        names = [n for i in self.indicators if i.domain is ScoringDomain.INNOVATION for n in i.fields]
        return tuple(dict.fromkeys(n for n in names if FIELD_BY_NAME[n].domain is Domain.INNOVATION))
