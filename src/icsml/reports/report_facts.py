"""Content of the auditor's report, as figures: computed by a workflow, rendered here in each language.

Every part that another package may not have computed is None or empty, and the page then states that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats
from icsml.features.feature import Feature
from icsml.model.card import CardFacts
from icsml.model.certificate import Certificate
from icsml.records.decision import InterventionalReference, Reference
from icsml.reports.stability_figures import StabilityFigures
from icsml.reports.validation_figures import Evidence
from icsml.texts.label import Label

__all__ = [
    "PD_BANDS",
    "Check",
    "ContradictionFigures",
    "Example",
    "GroupFigures",
    "IndicatorFigures",
    "InnovationFigures",
    "Interactions",
    "Origin",
    "Pair",
    "PdFigures",
    "ReportFacts",
    "Sample",
    "Thresholds",
]


PD_BANDS: Final = {
    "below_1_percent": 0.0,
    "1_to_5_percent": 0.01,
    "5_to_20_percent": 0.05,
    "20_percent_or_more": 0.2,
}
"""Bands of PDs that figures are displayed by, with the lowest PD of each."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Source of the report: model, data and versions.

    Parameters
    ----------
    name, version, event, horizon_months
        The model, and what its PD is a PD of.
    synthetic_model, synthetic_data : bool
        Whether the model was trained on simulated rows, and whether the rows assessed are simulated.
    dataset, source, licence : str
        The rows assessed.
    rows, rows_held : int
        How many were assessed, and how many are in the data set.
    rulebook : (str, str) or None
        Identifier and provenance of the rulebook in the bundle.
    reference : Reference or InterventionalReference
        That of its decisions: compared with whom the reasons are meant.
    hashes : mapping of str to str
        SHA-256 by what it is of: ``bundle``, ``data``, ``rulebook``, ``peers``, ``reference``.
    bundle_code, code : str
        Version of icsml that wrote the bundle, and the one that made the report.
    """

    name: str
    version: str | None
    event: str | None
    horizon_months: int | None
    synthetic_model: bool
    synthetic_data: bool
    dataset: str
    source: str
    licence: str
    rows: int
    rows_held: int
    rulebook: tuple[str, str] | None
    reference: Reference | InterventionalReference
    hashes: Mapping[str, str]
    bundle_code: str
    code: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Parameters
    ----------
    id : str
        Which.
    rows : int
        How many rows it looked at.
    failed : int
        How many of them did not pass.
    worst : float or None
        The largest deviation seen, where the check measures one; NaN where one could not be computed.
    bound : float or None
        The largest that passes.
    """

    id: str
    rows: int
    failed: int
    worst: float | None = None
    bound: float | None = None

    @property
    def passed(self) -> bool:
        """Whether no row failed, and there was one to look at."""
        return self.failed == 0 and self.rows > 0


@dataclass(frozen=True, slots=True)
class PdFigures:
    """PDs over all rows: mean, and rows by grade from best to worst; none where the master scale does not apply.

    Rows too short of facts for a grade are counted last, by None.
    """

    mean: float
    grades: tuple[tuple[str | None, int], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows drawn as dots, those without an innovation feed left out.

    Parameters
    ----------
    log_odds, values : ndarray of shape (m, p)
        Terms in calibrated log-odds, and feature values.
    """

    log_odds: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Pair:
    """An interaction: two features by their indices, its mean size over the sample, and its value by row."""

    first: int
    second: int
    size: float
    log_odds: Floats


@dataclass(frozen=True, slots=True)
class Interactions:
    """The strongest interactions on a bounded sample.

    Parameters
    ----------
    values : ndarray of shape (m, p)
        Feature values of that sample.
    pairs : tuple of Pair
        From the strongest.
    main : float
        Share of the total size of all terms that single features explain.
    """

    values: Floats
    pairs: tuple[Pair, ...]
    main: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of a rulebook on the scale of a feature that measures the same.

    Parameters
    ----------
    feature : int
        Index of the feature.
    indicator : Label
        The indicator.
    provenance : str
        How far its rule may be trusted.
    at : tuple of (float, str)
        Thresholds on the feature's scale, and how the rule writes them.
    """

    feature: int
    indicator: Label
    provenance: str
    at: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One decision that is displayed whole; ``role`` is ``good``, ``middling`` or ``poor``.

    ``log_odds``, ``values`` and ``points`` have shape (p,); ``reasons`` are the texts of the foremost; ``usage`` tells
    how training used the row (:mod:`icsml.reports.validation_figures`), ``fallback`` whether the companion gave its PD.
    """

    role: str
    enterprise_id: str
    as_of: str | None
    usage: int
    fallback: bool
    pd: float
    grade: str | None
    score: int
    base: float
    base_points: int
    log_odds: Floats
    values: Floats
    points: NDArray[np.int64]
    reasons: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Figures of one group of rows.

    Parameters
    ----------
    name : str or None
        The group; None where it is not known.
    rows : int
        How many.
    pd_mean : float
        Their mean PD.
    innovation_share : float or None
        Innovation's part of the whole size of their terms; None without innovation features.
    adverse : ndarray of int of shape (p,)
        In how many of them each feature is among the adverse reasons.
    """

    name: str | None
    rows: int
    pd_mean: float
    innovation_share: float | None
    adverse: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class IndicatorFigures:
    """One indicator over all rows: mean points, mean maximum, share of rows without a value."""

    label: Label
    domain: str
    points: float
    maximum: float
    missing: float
    provenance: str


@dataclass(frozen=True, slots=True)
class InnovationFigures:
    """Effect of innovation.

    Parameters
    ----------
    share : float
        Its part of the whole size of all terms.
    quantiles : tuple of (float, float)
        Of its summed log-odds over rows, as (share, log-odds).
    pd_mean, pd_mean_without : float
        Mean PD of the model, and of the companion without innovation.
    better, same, worse : int or None
        Rows whose grade is better, the same or worse than the companion's; None where there are no grades.
    fallback : int
        Rows without an innovation feed, where the companion decided.
    evidence : str
        What the out-of-time test of this bundle gave.
    indicators : tuple of IndicatorFigures
        Of the rulebook in the bundle.
    """

    share: float
    quantiles: tuple[tuple[float, float], ...]
    pd_mean: float
    pd_mean_without: float
    better: int | None
    same: int | None
    worse: int | None
    fallback: int
    evidence: str
    indicators: tuple[IndicatorFigures, ...]


@dataclass(frozen=True, slots=True)
class ContradictionFigures:
    """Reasons of free features whose sign contradicts the feature's effect taken alone.

    Parameters
    ----------
    rows : int
        Rows of the sample looked at.
    most : int
        Reasons displayed of each.
    rate : float or None
        Share of the displayed reasons of free features that contradict; None where none was displayed.
    features : tuple of (int, int, int)
        Index of a feature, its displayed reasons, and those of them that contradict; the most contradicting first.
    """

    rows: int
    most: int
    rate: float | None
    features: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """Content of the auditor's report.

    Parameters
    ----------
    origin : Origin
        Where everything comes from.
    features : tuple of Feature
        The model's features, in the order of its columns.
    sizes : ndarray of shape (p,)
        Mean |term| over all rows, in log-odds.
    missing : ndarray of shape (p,)
        Share of rows without a value.
    groups : tuple of (str, float)
        Groups of features, and the mean size of the sum of their terms, from the largest.
    certificates : mapping of str to Certificate
        The direction certificates by file of the bundle, ``model.txt`` and ``companion.txt``.
    contradictions : ContradictionFigures, optional
        None without a reference population.
    stability : StabilityFigures, optional
        As ``icsml stability`` measured it; None where it was not given.
    adverse_most : int
        How many adverse reasons a decision has at most.
    pd : PdFigures
        PDs over all rows.
    sample : Sample
        The rows drawn as dots.
    interactions : Interactions, optional
        The strongest pairs.
    thresholds : tuple of Thresholds
        The rulebook's thresholds.
    examples : tuple of Example
        Decisions displayed whole, from the best.
    segments : mapping of str to tuple of GroupFigures
        By ``stage``, ``technical_field``, ``province`` and ``size``, as the data have them; under ``all``, all rows.
    innovation : InnovationFigures, optional
        None without innovation features.
    stages : mapping of str to Label
        Names of the rulebook's stages.
    metrics : mapping of str to Label
        Names of the metrics that training reports.
    checks : tuple of Check
        What was checked.
    card : str
        The bundle's model card, Markdown.
    card_facts : CardFacts, optional
        Its facts from the bundle; None where it does not state its training.
    proposes : bool
        Whether its decisions propose steps that would move the answer.
    evidence : Evidence
        What a validator looks for first.
    """

    origin: Origin
    features: tuple[Feature, ...]
    sizes: Floats
    missing: Floats
    groups: tuple[tuple[str, float], ...]
    certificates: Mapping[str, Certificate]
    contradictions: ContradictionFigures | None
    stability: StabilityFigures | None
    adverse_most: int
    pd: PdFigures
    sample: Sample
    interactions: Interactions | None
    thresholds: tuple[Thresholds, ...]
    examples: tuple[Example, ...]
    segments: Mapping[str, tuple[GroupFigures, ...]]
    innovation: InnovationFigures | None
    stages: Mapping[str, Label]
    metrics: Mapping[str, Label]
    checks: tuple[Check, ...]
    card: str
    card_facts: CardFacts | None
    proposes: bool
    evidence: Evidence

    @property
    def order(self) -> list[int]:
        """Indices of the features that had any effect, from the largest mean size; ties in the order of the columns."""
        return [int(index) for index in np.argsort(-self.sizes, kind="stable") if self.sizes[index] > 0.0]
