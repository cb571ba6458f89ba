"""Spending on innovation and its results: R&D, rights, staff, recognition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.synthetic.identity import Firms
from icsml.portfolio.synthetic.industries import industry_column
from icsml.portfolio.synthetic.latents import Latents
from icsml.portfolio.synthetic.parameters import PARAMETERS, Timeline
from icsml.portfolio.synthetic.rng import BLOCK

__all__ = ["RD_THRESHOLDS", "Research", "Rights", "draw_research", "draw_rights"]

RD_THRESHOLDS = (0.02, 0.03, 0.04, 0.05, 0.06)
_LAPSE = 0.05
_GRANTED = 0.5
_GRANT_LAG = 2
_MATURE_STOCK_YEARS = 9.0


@dataclass(frozen=True, slots=True)
class Research:
    """R&D of a block over g years, shapes (n, g), amounts in fen.

    Parameters
    ----------
    expense : Floats
        R&D expense.
    super_deduction : Floats
        Amount deducted beyond the expense itself.
    high_tech : Bools
        Whether the firm is a certified high-tech enterprise.
    """

    expense: Floats
    super_deduction: Floats
    high_tech: Flags


@dataclass(frozen=True, slots=True)
class Rights:
    """Intellectual property of a block over g years, shapes (n, g), counts at the end of the year.

    Parameters
    ----------
    applications, pct_applications : Ints
        Filed in the year.
    class1, class2 : Ints
        Held and valid.
    class1_self_developed, class1_high_value : Ints
        Among ``class1``.
    """

    applications: Ints
    pct_applications: Ints
    class1: Ints
    class1_self_developed: Ints
    class1_high_value: Ints
    class2: Ints


def _bunched(rng: np.random.Generator, intensity: Floats) -> Floats:
    """Lift some of the firms just below a rewarded threshold to just above it."""
    moves = rng.random(intensity.shape) < PARAMETERS.bunching_share
    above = rng.exponential(0.0006, intensity.shape)
    lifted = intensity.copy()
    for threshold in RD_THRESHOLDS:
        near = moves & (intensity < threshold) & (intensity >= threshold - PARAMETERS.bunching_reach)
        lifted = np.where(near, threshold + above, lifted)
    return lifted


def _deduction_rate(line: Timeline) -> Floats:
    year = line.start + np.arange(line.columns)
    return np.where(year >= 2023, 1.0, np.where(year >= 2018, 0.75, 0.5))


def draw_research(
    rng: np.random.Generator, firms: Firms, latents: Latents, log_revenue: Floats, line: Timeline
) -> Research:
    """Draw R&D of one block; ``log_revenue`` is the log of revenue in yuan, shape (n, g)."""
    shape = (BLOCK, line.columns)
    usual = industry_column("rd_log")[firms.industry] + 0.42 * rng.standard_normal(BLOCK)
    scale = -0.1 * (log_revenue - 17.0)
    log_intensity = -3.41 + usual[:, None] + scale + 0.3 * latents.capability + 0.15 * rng.standard_normal(shape)
    intensity = _bunched(rng, np.minimum(np.exp(log_intensity), 1.5))
    none = rng.random(BLOCK)[:, None] < expit(-2.6 - 0.9 * latents.capability - 0.3 * (log_revenue - 16.5))
    expense = np.where(none, 0.0, np.rint(np.exp(log_revenue) * 100.0 * intensity))
    claims = rng.random(BLOCK)[:, None] < expit(0.9 + 0.5 * (log_revenue - 16.0))
    deduction = np.floor(expense * claims * 0.9 * _deduction_rate(line))
    merit = 0.7 * latents.capability + 0.45 * (log_revenue - 16.8) + rng.standard_normal(BLOCK)[:, None]
    return Research(expense=expense, super_deduction=deduction, high_tech=(merit > 0.35) & (expense > 0.0))


def _stock(rng: np.random.Generator, grants: Ints, rate: Floats, age: Floats) -> Ints:
    """Accumulate rights: the stock of a firm when the grid began, new grants, less lapsed ones."""
    stock = np.empty_like(grants)
    in_force = rng.poisson(rate[:, 0] * np.minimum(age[:, 0], _MATURE_STOCK_YEARS))
    for column in range(grants.shape[1]):
        in_force = in_force - rng.binomial(in_force, _LAPSE) + grants[:, column]
        stock[:, column] = in_force
    return stock


def _filing_rate(rng: np.random.Generator, firms: Firms, latents: Latents, log_revenue: Floats) -> Floats:
    """Return the yearly rate of applications; zero for the firms that never file."""
    bent = industry_column("patents_log")[firms.industry]
    files = rng.random(BLOCK) < expit(0.35 + bent + 0.5 * latents.capability[:, 0])
    usual = bent + 0.75 * rng.standard_normal(BLOCK)
    rate = np.exp(0.06 + usual[:, None] + 0.35 * latents.capability + 0.28 * (log_revenue - 16.8))
    return np.where(files[:, None], np.minimum(rate, 300.0), 0.0)


def draw_rights(
    rng: np.random.Generator, firms: Firms, latents: Latents, log_revenue: Floats, age: Floats, line: Timeline
) -> Rights:
    """Draw the intellectual property of one block; ``age`` is in years, shape (n, g)."""
    founded = line.start + np.arange(line.columns) >= firms.founded_year[:, None]
    rate = _filing_rate(rng, firms, latents, log_revenue) * founded
    applications = rng.poisson(rate)
    grants = np.zeros_like(applications)
    granted = rng.binomial(applications, _GRANTED)
    grants[:, _GRANT_LAG:] = granted[:, :-_GRANT_LAG]
    class1 = _stock(rng, grants, 0.8 * _GRANTED * rate, age)
    other = (
        np.exp(0.4 + 0.8 * rng.standard_normal(BLOCK)[:, None] + 0.3 * latents.capability + 0.2 * (log_revenue - 16.8))
        * founded
        * (rng.random(BLOCK)[:, None] < 0.85)
    )
    class2 = _stock(rng, rng.poisson(0.8 * np.minimum(other, 300.0)), 0.6 * np.minimum(other, 300.0), age)
    self_developed = np.floor(class1 * rng.beta(5.0, 1.2, BLOCK)[:, None] + 0.5).astype(np.int64)
    valuable = np.floor(class1 * rng.beta(1.2, 5.0, BLOCK)[:, None] * expit(0.5 * latents.capability) * 2.0)
    return Rights(
        applications=applications,
        pct_applications=rng.binomial(applications, 0.05),
        class1=class1,
        class1_self_developed=np.minimum(self_developed, class1),
        class1_high_value=np.minimum(valuable.astype(np.int64), class1),
        class2=class2,
    )
