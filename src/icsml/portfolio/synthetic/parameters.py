"""The assumptions of the simulation that carry weight.

Nothing here is a finding. What is claimed to match a published figure has an anchor test; every other number is an
assumption, and the table in ``docs/explanation/synthetic-book.md`` lists it (a test compares the two).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from icsml.errors import InputError

__all__ = ["DATA_END", "LAST_YEAR", "PARAMETERS", "Effect", "Parameters", "Timeline", "capability_effect", "timeline"]

Effect = Literal["none", "small"]

LAST_YEAR = 2025
DATA_END = np.datetime64("2026-06-30", "D")
_TEST_YEARS = 2
_LEAST_YEARS = 5
_MOST_YEARS = 20


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of the simulation.

    Parameters
    ----------
    health_persistence, capability_persistence : float
        AR(1) coefficients by year; both latents have mean 0 and variance 1.
    management_in_health, management_in_capability : float
        Correlation of the fixed management quality with each latent, the source of their confounding.
    asset_correlation : float
        Vasicek: share of the asset variance that one factor a year explains.
    default_threshold : float
        Probit threshold of a firm of average latents, before its age.
    health_in_default : float
        Fall of the probit index for one standard deviation of health.
    youth_in_default : float
        Rise of the probit index of a firm just founded; it decays with ``youth_years``.
    youth_years : float
        Scale of that decay, in years.
    small_effect : float
        Fall of the probit index for one standard deviation of capability, effect ``small`` only.
    merger_rate, closure_rate : float
        Yearly rates of an average firm that does not default.
    churn_rate : float
        Yearly rate at which a firm leaves the bank for a reason that has nothing to do with risk.
    judgement_in_health : float
        Correlation of the bank's judgement, which no column shows, with the health of the decision year.
    decline_cut : float
        The bank declines where its log-odds plus the officer's scatter exceed this.
    decline_scatter : float
        Standard deviation of that scatter.
    bunching_share : float
        Share of the firms just below a threshold of R&D intensity that report just above it.
    bunching_reach : float
        How far below the threshold they come from, as a fraction of revenue.
    """

    health_persistence: float = 0.9
    capability_persistence: float = 0.9
    management_in_health: float = 0.35
    management_in_capability: float = 0.45
    asset_correlation: float = 0.12
    default_threshold: float = -2.63
    health_in_default: float = 0.82
    youth_in_default: float = 0.25
    youth_years: float = 4.0
    small_effect: float = 0.18
    merger_rate: float = 0.01
    closure_rate: float = 0.025
    churn_rate: float = 0.08
    judgement_in_health: float = 0.5
    decline_cut: float = -2.85
    decline_scatter: float = 0.5
    bunching_share: float = 0.35
    bunching_reach: float = 0.004


PARAMETERS = Parameters()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The years of a portfolio.

    Parameters
    ----------
    first : int
        First calendar year with decisions.
    years : int
        Number of decision years; the last is :data:`LAST_YEAR`.
    """

    first: int
    years: int

    @property
    def lead(self) -> int:
        """Grid columns before the first decision year: two years of statements, one more where they are stale."""
        return 3

    @property
    def columns(self) -> int:
        """Columns of the yearly grid."""
        return self.years + self.lead

    @property
    def start(self) -> int:
        """Calendar year of the first grid column."""
        return self.first - self.lead

    @property
    def first_day(self) -> np.datetime64:
        """First day on which a decision can fall."""
        return np.datetime64(f"{self.first}-01-01", "D")

    @property
    def last_labelled(self) -> np.datetime64:
        """Last decision date whose twelve months are over when the data end."""
        return DATA_END - np.timedelta64(365, "D")

    @property
    def test_from(self) -> np.datetime64:
        """First decision date of the out-of-time test: the last two labelled years."""
        return np.datetime64(f"{LAST_YEAR - _TEST_YEARS}-07-01", "D")


def timeline(years: int) -> Timeline:
    """Return the timeline of a portfolio of so many decision years.

    Raises
    ------
    InputError
        ``ICS-DAT-103`` if there are too few years for a training set, an embargo and a test, or too many.
    """
    if not _LEAST_YEARS <= years <= _MOST_YEARS:
        raise InputError(
            "ICS-DAT-103",
            "the number of decision years is out of range",
            field="years",
            remedy=f"choose {_LEAST_YEARS} to {_MOST_YEARS}",
        )
    return Timeline(first=LAST_YEAR - years + 1, years=years)


def capability_effect(effect: Effect) -> float:
    """Return the fall of the probit index for one standard deviation of capability.

    Raises
    ------
    InputError
        ``ICS-DAT-102`` if the effect is unknown.
    """
    effects = {"none": 0.0, "small": PARAMETERS.small_effect}
    if effect not in effects:
        raise InputError("ICS-DAT-102", "unknown innovation effect", field="effect", remedy="choose none or small")
    return effects[effect]
