"""Explanation stability as reported: how well the reasons of other models agree with those of a base."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Final, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from icsml.explain.explanation_stability import TermsComparison

__all__ = ["LEVELS", "Agreement", "Drawn", "Resampling", "Spread", "Stability", "Unknown", "most_moved", "summary"]

LEVELS: Final = ("features", "worded", "alike", "groups")
"""What counts as the same reason: the same feature; with correlated features of a group merged, the same feature named
(``worded``) or the same set of correlated features (``alike``); the same group."""

_LISTED: Final = 10
_DRAWN: Final = re.compile(r"bootstrap|(?P<share>\d+(\.\d+)?) of them")


class Unknown(StrEnum):
    """Why a figure is null."""

    NOT_ASKED = "not_asked"
    """the caller did not request it"""
    NO_ACTIONS = "no_levers"
    """the base has no actionable fields or no rulebook, so it proposes no recourse"""
    NO_RULEBOOK = "no_rulebook"
    """no other model has a rulebook, so none can score the proposals"""
    NO_PROPOSAL = "no_proposal"
    """the base has no proposal for any of these rows"""
    NO_PROMISE = "no_promise"
    """no proposal of the base reaches a better grade"""
    NO_POPULATION = "no_population"
    """no model compares with a reference population"""
    NONE_SHOWN = "none_shown"
    """no reason of a feature without declared direction is displayed for any of these rows"""


@dataclass(frozen=True, slots=True)
class Resampling:
    """Resampling of the enterprises of each retrain: a share of them without replacement, or all with it.

    As text, in the JSON of :class:`Stability`, it is ``bootstrap`` or a share such as ``0.9 of them``.
    """

    share: float | None = None

    def __str__(self) -> str:
        """Return the text."""
        return "bootstrap" if self.share is None else f"{self.share:g} of them"

    @classmethod
    def parse(cls, stated: object) -> object:
        """Return the resampling of a text; anything else unchanged, for pydantic to judge."""
        if not isinstance(stated, str):
            return stated
        match = _DRAWN.fullmatch(stated)
        if match is None:
            raise ValueError("neither a bootstrap nor a share")
        return cls(None if match["share"] is None else float(match["share"]))


Drawn = Annotated[Resampling, BeforeValidator(Resampling.parse), PlainSerializer(str)]
"""A resampling that is a text in JSON."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Spread(_Part):
    """A figure over several models: mean, minimum, maximum."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self | None:
        """Return the spread of the known values; None without any."""
        known = [value for value in values if value is not None]
        return cls(mean=float(np.mean(known)), low=float(min(known)), high=float(max(known))) if known else None


class Agreement(_Part):
    """Agreement of one model's reasons with the base's.

    Parameters
    ----------
    against : str
        Which model.
    all, riskiest : dict of str to TermsComparison
        By level, over all explained rows and over the tenth of them with the highest PD of the base: adverse reasons
        are owed to those who are declined.
    moved : dict of str to float
        Mean movement of each feature's term, in log-odds; not in its JSON.
    recourse_survival : float or None
        Share of the base's proposals for which this model gives a lower PD too; None without any.
    recourse_better_grade : float or None
        Share of the base's better grades that this model gives too; None without any.
    contradictions : float or None
        Share of its reasons that contradict their feature's own effect; None without any, and where not computed.
    """

    against: str
    all: dict[str, TermsComparison]
    riskiest: dict[str, TermsComparison]
    moved: dict[str, float] = Field(exclude=True)
    recourse_survival: float | None
    recourse_better_grade: float | None
    contradictions: float | None


class Stability(_Part):
    """Differences in reasons from a base to other models; its JSON is the output of ``icsml stability --json``.

    Parameters
    ----------
    dataset : str
        Whose rows were explained.
    synthetic : bool
        Whether the rows, or those of a model, are simulated; then no figure is evidence about the world.
    base : str
        The model compared with.
    bundles : dict of str to str
        SHA-256 of the bundles compared, by model; none of models trained for the comparison alone.
    drawn : Resampling or None
        Drawing of the enterprises of the other models; None where nothing was retrained.
    rows, riskiest_rows : int
        Rows explained, and how many of them are the riskiest tenth.
    top : int
        Adverse reasons given of a row.
    reasons : dict of str to int
        How many different reasons each level can give.
    summary : dict
        Spread of each figure over the models, by rows (``all``, ``riskiest``) and level.
    merge_above : float or None
        Rank correlation from which features are merged; None where the base has no reference population, and then no
        levels ``worded`` and ``alike``.
    recourse_survival, recourse_better_grade : Spread or None
        Spread of the confirmed lower PDs, and of the confirmed better grades, over the models compared.
    contradictions : Spread or None
        Spread of the share of contradicting reasons, over all models including the base.
    unknown : dict of str to str
        Reason for each of these three that is None: one of :class:`Unknown`.
    most_moved : dict of str to float
        The ten features whose terms move most, mean over the models, in log-odds.
    comparisons : tuple of Agreement
        One for each other model.
    contradictions_of_base : float or None
        Share of the base's reasons that contradict; not in its JSON.
    """

    dataset: str
    synthetic: bool
    base: str
    bundles: dict[str, str]
    drawn: Drawn | None
    rows: int
    riskiest_rows: int
    top: int
    reasons: dict[str, int]
    summary: dict[str, dict[str, dict[str, Spread | None]]]
    merge_above: float | None
    recourse_survival: Spread | None
    recourse_better_grade: Spread | None
    contradictions: Spread | None
    unknown: dict[str, str]
    most_moved: dict[str, float]
    comparisons: tuple[Agreement, ...]
    contradictions_of_base: float | None = Field(exclude=True)


def summary(agreements: Sequence[Agreement]) -> dict[str, dict[str, dict[str, Spread | None]]]:
    """Return the spread of each figure over the models, by rows (``all``, ``riskiest``) and level."""
    by_rows = {"all": [model.all for model in agreements], "riskiest": [model.riskiest for model in agreements]}
    return {
        rows: {level: _spreads([levels[level] for levels in models]) for level in models[0]}
        for rows, models in by_rows.items()
    }


def most_moved(agreements: Sequence[Agreement]) -> dict[str, float]:
    """Return the ten features whose terms differ most, mean over the models, in log-odds."""
    names = list(dict.fromkeys(name for agreement in agreements for name in agreement.moved))
    mean = {name: float(np.mean([agreement.moved[name] for agreement in agreements])) for name in names}
    return dict(sorted(mean.items(), key=lambda item: -item[1])[:_LISTED])


def _spreads(comparisons: Sequence[TermsComparison]) -> dict[str, Spread | None]:
    figures = [asdict(comparison) for comparison in comparisons]
    return {name: Spread.of(figure[name] for figure in figures) for name in figures[0]}
