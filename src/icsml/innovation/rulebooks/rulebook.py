"""The schema of a rulebook: data with two time axes and a provenance for every part."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr

from icsml.core.canonical import sha256_hex
from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import MOST_LEVELS, GroupKey, PeerTables, everybody_last
from icsml.innovation.rulebooks.compiled_indicators import CompiledIndicator, compile_indicators, peer_key
from icsml.innovation.rulebooks.eligibility import Eligibility
from icsml.innovation.rulebooks.exact_numbers import Part, Rational
from icsml.innovation.rulebooks.indicators import Category, Indicator, ScoringDomain
from icsml.innovation.rulebooks.provenance import Provenance, weakest
from icsml.innovation.rulebooks.rulebook_tables import RulebookTables, rulebook_tables
from icsml.innovation.rulebooks.stages import Stages
from icsml.records.field import Domain
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

__all__ = [
    "Definition",
    "Edition",
    "Fact",
    "InForce",
    "Outline",
    "Peers",
    "Rulebook",
    "Scope",
    "Source",
    "Totals",
    "Validity",
]


def _as_day(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    """Refuse anything but an ISO date, with a remedy; a bare number would be read as seconds since 1970."""
    if value is None or isinstance(value, date) or (isinstance(value, str) and re.fullmatch(_ISO, value)):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip()
    match = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", text)
    meant = f"; write {match[1]}-{int(match[2]):02d}-{int(match[3]):02d}" if match else ""
    raise ValueError(f"should be a date such as 2026-01-31{meant}")


_ISO = r"\d{4}-\d\d-\d\d(T00:00:00)?"
Day = Annotated[date, BeforeValidator(_as_day)]


class Scope(StrEnum):
    """Which rulebooks compete for a date: only national ones do."""

    NATIONAL = "national"
    REGIONAL = "regional"
    SCORECARD = "scorecard"
    VARIANT = "variant"


class Source(Part):
    """A source that parts of the rulebook cite; ``issuer_text`` means the issuing body's own text was read."""

    id: str
    title: str
    where: str
    issuer_text: bool = False


class InForce(Part):
    """When the rule applies: both days included, an open end is null."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    since: Annotated[date | None, BeforeValidator(_as_day)] = Field(alias="from")
    until: Annotated[date | None, BeforeValidator(_as_day)] = Field(alias="to")
    provenance: Provenance
    note: str | None = None

    def holds(self, on: date) -> bool:
        """Return whether the rule applies on a date; False if its first day is unknown."""
        return self.since is not None and self.since <= on and (self.until is None or on <= self.until)


class Validity(Part):
    """How long a score stays valid after its date, and what becomes of an older one.

    ``expired: refuse`` takes the score away; ``warn`` keeps it and states its age.
    """

    months: Annotated[int, Field(ge=1)]
    expired: Literal["refuse", "warn"] = "refuse"
    provenance: Provenance
    note: str | None = None


class Totals(Part):
    """Base and bonus points of the whole."""

    base: Rational
    bonus: Rational = Fraction(0)
    provenance: Provenance


class Peers(Part):
    """Who an enterprise is ranked among: groups from fine to coarse, the first that is large enough counts."""

    groups: Annotated[tuple[tuple[GroupKey, ...], ...], Field(min_length=1, max_length=MOST_LEVELS - 1)]
    min_peers: Annotated[int, Field(ge=1)]
    provenance: Provenance
    sources: tuple[str, ...] = ()
    note: str | None = None


class Definition(Part):
    """A term of the rule whose meaning lies outside the score, such as what a record counts as Class I."""

    term: Label
    meaning: Label
    provenance: Provenance


class Edition(Part):
    """What every edition states of itself, whether or not its points can be evaluated."""

    format: Literal[2]
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    edition: str
    scope: Scope
    title: Label
    issuer: Label
    in_force: InForce
    known_since: Day
    corrects: str | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    note: str | None = None

    def known(self, on: date) -> bool:
        """Return whether the rule was public on a date."""
        return self.known_since <= on


class Fact(Part):
    """One thing that is known of an edition."""

    text: Label
    provenance: Provenance


class Outline(Edition):
    """An edition that is documented and cannot be evaluated, with what is known and what is missing."""

    evaluable: Literal[False]
    facts: Annotated[tuple[Fact, ...], Field(min_length=1)]
    missing: Annotated[tuple[Label, ...], Field(min_length=1)]


class Rulebook(Edition):
    """An edition of a point system.

    Notes
    -----
    :attr:`provenance` speaks for everything the points and the eligibility rest on, :attr:`score_provenance` for the
    total alone. The time axes and the definitions carry a label of their own: they decide which rulebook is used and
    what a record counts, not what a count is worth.
    """

    evaluable: Literal[True] = True
    validity: Validity | None = None
    totals: Totals
    stages: Stages | None = None
    peers: Peers | None = None
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    eligibility: Eligibility | None = None
    definitions: tuple[Definition, ...] = ()
    derived_from: tuple[str, ...] = ()
    _source_text: str = PrivateAttr("")
    _peer_tables: PeerTables | None = PrivateAttr(None)

    @property
    def source_text(self) -> str:
        """The YAML of this rulebook; of an overlay, merged with its base."""
        return self._source_text

    @property
    def sha256(self) -> str:
        """SHA-256 of the UTF-8 bytes of :attr:`source_text`."""
        return sha256_hex(self._source_text.encode())

    @property
    def peer_tables(self) -> PeerTables | None:
        """The peer tables for its rankings; None where it has none yet or needs none."""
        return self._peer_tables

    @cached_property
    def compiled(self) -> tuple[CompiledIndicator, ...]:
        """The indicators as arrays; made once for each rulebook."""
        groups = self.peers.groups if self.peers is not None else ()
        return compile_indicators(self.indicators, self.stage_ids, groups)

    @cached_property
    def tables(self) -> RulebookTables:
        """The rulebook as arrays; made once for each rulebook."""
        return rulebook_tables(self.compiled, self.categories, self.eligibility)

    @cached_property
    def ranked(self) -> tuple[Indicator, ...]:
        """Indicators ranked among peers."""
        return tuple(i for i in self.indicators if any(o.points.ranked for o in i.options))

    @cached_property
    def max_score(self) -> float:
        """Base and bonus points together."""
        return float(self.totals.base + self.totals.bonus)

    @cached_property
    def stage_ids(self) -> tuple[str | None, ...]:
        """Identifiers of the stages; one, None, where there are no stages."""
        return self.stages.ids if self.stages is not None else (None,)

    @cached_property
    def stage_labels(self) -> dict[str, Label]:
        """Names of the stages by their ids."""
        return {stage.id: stage.label for stage in self.stages.list} if self.stages is not None else {}

    @cached_property
    def score_provenance(self) -> Provenance:
        """Provenance of the weakest part that the total depends on."""
        return weakest(self._score_parts())

    @cached_property
    def provenance(self) -> Provenance:
        """Provenance of the weakest part that the points and the eligibility depend on."""
        parts = self._score_parts()
        parts += [part for category in self.categories for part in (category.provenance.name, category.provenance.max)]
        if self.eligibility is not None:
            parts += [condition.provenance for condition in self.eligibility.in_use]
            parts += [condition.provenance for condition in self.eligibility.presumed]
        return weakest(parts)

    def _score_parts(self) -> list[Provenance]:
        parts = [self.totals.provenance, *(indicator.weakest_provenance for indicator in self.indicators)]
        if self.stages is not None:
            parts += [self.stages.provenance.names, self.stages.provenance.rule]
        if self.peers is not None:
            parts.append(self.peers.provenance)
        return parts

    def with_peers(self, tables: PeerTables) -> Rulebook:
        """Return this rulebook, ranking by the given peer tables.

        Raises
        ------
        InputError
            ``ICS-RUL-033`` if the tables were fitted for another rulebook, or another version of this one; so too if
            their groups are others, or an indicator has none: compiled code finds points by their place among them.
        """
        if tables.rulebook_sha256 != self.sha256 or not self._fits(tables):
            raise InputError(
                "ICS-RUL-033",
                f"were fitted for another version of {tables.rulebook}",
                field="peer tables",
                remedy=f"fit them anew with `icsml rulebook fit {self.id}`",
            )
        fitted = self.model_copy()
        fitted._source_text, fitted._peer_tables = self._source_text, tables
        return fitted

    def _fits(self, tables: PeerTables) -> bool:
        """Return whether tables have the groups that this rulebook ranks in, and all that it ranks."""
        groups = self.peers.groups if self.peers is not None else ()
        ranks = {peer_key(i, option) for i in self.ranked for option in i.options if option.points.ranked}
        return tables.levels == everybody_last(groups) and tables.thresholds.keys() >= ranks

    def inputs(self) -> tuple[str, ...]:
        """Return every field that points, stage and eligibility read, in order, each once."""
        names = [name for indicator in self.indicators for name in indicator.fields]
        staged = self.stages.rule.value.fields if self.stages is not None else ()
        conditions = self.eligibility.in_use if self.eligibility is not None else ()
        asked = [name for condition in conditions for name in condition.fields]
        return tuple(dict.fromkeys([*names, *staged, *asked]))

    def innovation_inputs(self) -> tuple[str, ...]:
        """Return the innovation fields among the inputs of the innovation-domain indicators."""
        names = [n for i in self.indicators if i.domain is ScoringDomain.INNOVATION for n in i.fields]
        return tuple(dict.fromkeys(n for n in names if FIELD_BY_NAME[n].domain is Domain.INNOVATION))
