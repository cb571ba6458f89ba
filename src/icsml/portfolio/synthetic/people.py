"""Staff, and the recognition that an innovative firm collects."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Floats
from icsml.portfolio.synthetic.identity import Firms
from icsml.portfolio.synthetic.industries import industry_column
from icsml.portfolio.synthetic.latents import Latents
from icsml.portfolio.synthetic.panel import Panel
from icsml.portfolio.synthetic.research import Research
from icsml.portfolio.synthetic.rng import BLOCK
from icsml.portfolio.synthetic.statements import Size

__all__ = ["conduct_columns", "recognition_columns", "staff_columns"]


def staff_columns(
    rng: np.random.Generator, panel: Panel, latents: Latents, size: Size, research: Research
) -> dict[str, Floats]:
    """Return counts of persons, each of shape (r,); no group exceeds the whole staff."""
    n, capability = len(panel.firm), panel.on_statement(latents.capability)
    output = (13.25 + 0.4 * rng.standard_normal(BLOCK))[panel.firm]
    total = np.maximum(np.round(np.exp(0.85 * (panel.on_statement(size.log_revenue) - 16.8) + 16.8 - output)), 2.0)
    spends = panel.on_statement(research.expense) > 0.0
    habit = rng.standard_normal((3, BLOCK))[:, panel.firm]
    technical = np.floor(total * expit(-1.35 + 0.4 * spends + 0.35 * capability + 0.6 * habit[0]))
    research_staff = np.floor(technical * expit(0.6 + 0.3 * capability + 0.5 * habit[1]))
    postgraduate = np.floor(total * expit(-3.0 + 0.4 * capability + 0.7 * habit[2]))
    hired = np.minimum(rng.poisson(total * 0.03 * np.exp(0.2 * capability + 0.4 * rng.standard_normal(n))), total)
    return {
        "staff_total": total,
        "staff_st": technical,
        "staff_rd": research_staff,
        "staff_postgraduate": postgraduate,
        "graduates_hired": hired.astype(np.float64),
    }


def _money(rng: np.random.Generator, probability: Floats, log_amount: Floats) -> Floats:
    """Return zero-inflated log-normal amounts in fen."""
    amount = np.rint(100.0 * np.exp(log_amount + rng.standard_normal(len(log_amount))))
    return np.where(rng.random(len(log_amount)) < probability, amount, 0.0)


def _equity(rng: np.random.Generator, capability: Floats, log_revenue: Floats, age: Floats) -> dict[str, Floats]:
    venture = _money(rng, expit(-4.2 + 0.8 * capability + 0.8 * np.exp(-age / 5.0)), 15.9 + 0.2 * (log_revenue - 16.8))
    earlier = _money(rng, expit(-3.0 + 0.7 * capability), 15.6 + 0.2 * (log_revenue - 16.8))
    return {"venture_capital_cny": venture, "equity_raised_3y_cny": venture + earlier}


def recognition_columns(
    rng: np.random.Generator,
    panel: Panel,
    firms: Firms,
    latents: Latents,
    size: Size,
    research: Research,
    revenue: Floats,
) -> dict[str, Floats]:
    """Return contracts, venture capital, projects, awards and lists, each of shape (r,).

    Parameters
    ----------
    rng : Generator
    panel, firms, latents, size, research : Panel, Firms, Latents, Size, Research
        Rows and grids of the block.
    revenue : Floats
        Revenue of the statement year in fen, shape (r,).
    """
    n, capability = len(panel.firm), panel.on_statement(latents.capability)
    log_revenue = panel.on_statement(size.log_revenue)
    lift = 0.6 * capability + 0.3 * (log_revenue - 16.8)
    recent, earlier = rng.poisson(0.06 * np.exp(lift)), rng.poisson(0.03 * np.exp(lift))
    certified = panel.at_decision(research.high_tech)
    share = np.where(certified > 0.0, 0.6 + 0.4 * rng.beta(2.0, 2.0, n), 0.9 * rng.beta(0.6, 1.6, n))
    contracts = _money(rng, expit(-1.7 + 0.7 * capability), log_revenue - 2.6)
    growth = log_revenue - panel.year_before(size.log_revenue)
    fixed = rng.random((3, BLOCK))[:, panel.firm]
    strategic = industry_column("strategic")[firms.industry[panel.firm]]
    return {
        "tech_contract_turnover_cny": np.minimum(contracts, revenue),
        "hightech_revenue_cny": np.floor(revenue * share),
        "key_rd_projects": rng.poisson(0.05 * np.exp(lift)).astype(np.float64),
        "platforms_2y": rng.poisson(0.12 * np.exp(lift)).astype(np.float64),
        "awards_2y": recent.astype(np.float64),
        "awards_3y": (recent + earlier).astype(np.float64),
        "projects_2y": rng.poisson(0.15 * np.exp(lift)).astype(np.float64),
        "high_growth_list": (rng.random(n) < expit(-4.5 + 0.6 * capability + 4.0 * np.minimum(growth, 0.6))) * 1.0,
        "high_tech_enterprise": certified,
        "provincial_rd_institution": (fixed[0] < expit(-3.6 + 1.3 * lift)) * 1.0,
        "led_standard": (fixed[1] < expit(-4.2 + 1.2 * lift)) * 1.0,
        "strategic_field": (fixed[2] < strategic) * 1.0,
        **_equity(rng, capability, log_revenue, panel.age),
    }


def conduct_columns(rng: np.random.Generator, health: Floats) -> dict[str, Floats]:
    """Return rare public records of misconduct, each of shape (r,)."""
    draws = rng.random((4, len(health)))
    strain = np.exp(-0.4 * health - 0.08)
    return {
        "prohibited_business": (draws[0] < 0.001) * 1.0,
        "serious_violation": (draws[1] < 0.003 * strain) * 1.0,
        "abnormal_list": (draws[2] < 0.012 * strain) * 1.0,
        "serious_illegal_list": (draws[3] < 0.0015 * strain) * 1.0,
    }
