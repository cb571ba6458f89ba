"""Yearly accounts: from size, health and noise to figures that add up to the fen.

Amounts are whole fen held in floats, exact below 2**53, until the frame is made; so identities hold exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.synthetic.identity import Firms
from icsml.portfolio.synthetic.industries import industry_column
from icsml.portfolio.synthetic.latents import Latents, autoregression
from icsml.portfolio.synthetic.parameters import Timeline
from icsml.portfolio.synthetic.research import Research
from icsml.portfolio.synthetic.rng import BLOCK

__all__ = ["Accounts", "Size", "draw_accounts", "draw_size", "fen"]


def fen(yuan: Floats) -> Floats:
    """Round amounts in yuan to whole fen."""
    amount: Floats = np.rint(yuan * 100.0)
    return amount


@dataclass(frozen=True, slots=True)
class Size:
    """Scale of a block of firms over g years, shapes (n, g).

    Parameters
    ----------
    log_revenue : Floats
        Log of yearly revenue in yuan.
    age : Floats
        Full years since founding at the end of the year, 0 in the founding year and before.
    has_loan : Bools
        Whether a bank loan is outstanding.
    loan_start : Ints
        Calendar year of the first loan, shape (n,).
    """

    log_revenue: Floats
    age: Floats
    has_loan: Flags
    loan_start: Ints


@dataclass(frozen=True, slots=True)
class Accounts:
    """Statements of a block over g years, in fen, shapes (n, g)."""

    revenue: Floats
    main_revenue: Floats
    total_cost: Floats
    operating_cost: Floats
    operating_profit: Floats
    interest: Floats
    net_profit: Floats
    super_deduction: Floats
    tax_relief: Floats
    cash: Floats
    receivables: Floats
    inventory: Floats
    current_assets: Floats
    fixed_assets: Floats
    intangible_assets: Floats
    total_assets: Floats
    payables: Floats
    short_debt: Floats
    current_liabilities: Floats
    long_debt: Floats
    total_liabilities: Floats
    retained_earnings: Floats
    equity: Floats
    depreciation: Floats


def draw_size(rng: np.random.Generator, firms: Firms, latents: Latents, macro: Floats, line: Timeline) -> Size:
    """Draw how large each firm is in each year, and whether it has a loan."""
    shape = (BLOCK, line.columns)
    age = np.maximum(line.start + np.arange(line.columns) - firms.founded_year[:, None], 0).astype(np.float64)
    shocks = 0.055 * latents.health + 0.02 * macro + 0.14 * rng.standard_normal(shape)
    drift = np.cumsum(np.where(age > 0, shocks, 0.0), axis=1)
    base = 15.80 + 1.4 * rng.standard_normal(BLOCK) + 0.25 * latents.management
    log_revenue = np.clip(base[:, None] + 0.61 * np.log(0.5 + age) + drift, 10.0, 23.0)
    loan_start = firms.founded_year + np.floor(1.0 + rng.gamma(1.3, 2.6, BLOCK)).astype(np.int64)
    year = line.start + np.arange(line.columns)
    taste = 0.18 + 0.22 * (log_revenue - 16.5) + 0.9 * rng.standard_normal(BLOCK)[:, None]
    wants = taste + 0.4 * rng.standard_normal(shape) > 0.0
    return Size(log_revenue=log_revenue, age=age, has_loan=wants & (year >= loan_start[:, None]), loan_start=loan_start)


def _steady(rng: np.random.Generator, columns: int, firm: float, year: float) -> Floats:
    """Noise with a part that stays with the firm and a part of the year."""
    return firm * rng.standard_normal(BLOCK)[:, None] + year * rng.standard_normal((BLOCK, columns))


def _balance(rng: np.random.Generator, firms: Firms, latents: Latents, size: Size) -> dict[str, Floats]:
    columns, health = size.age.shape[1], latents.health
    turnover = industry_column("turnover_log")[firms.industry][:, None] + 0.05 * health
    slow = autoregression(rng.standard_normal(size.age.shape), 0.8)
    firm_turnover = 0.1 + 0.25 * rng.standard_normal(BLOCK)
    total_assets = fen(np.exp(size.log_revenue - turnover - firm_turnover[:, None] - 0.15 * slow))
    gearing = 1.22 * expit(-0.2 - 0.45 * health + _steady(rng, columns, 0.4, 0.2))
    liabilities = np.rint(total_assets * gearing)
    tilt = industry_column("current_logit")[firms.industry][:, None]
    current = np.rint(total_assets * expit(0.55 + tilt + _steady(rng, columns, 0.45, 0.15)))
    cash = np.rint(current * expit(-1.35 + 0.42 * health + _steady(rng, columns, 0.3, 0.25)))
    rest = current - cash
    receivables = np.floor(rest * (0.25 + 0.5 * rng.beta(3.0, 3.0, BLOCK)[:, None]))
    inventory = np.floor((rest - receivables) * (0.5 + 0.45 * rng.random((BLOCK, columns))))
    fixed = np.floor((total_assets - current) * (0.5 + 0.35 * rng.random(BLOCK)[:, None]))
    intangible = np.floor((total_assets - current - fixed) * (0.2 + 0.6 * rng.random(BLOCK)[:, None]))
    return {
        "total_assets": total_assets,
        "total_liabilities": liabilities,
        "equity": total_assets - liabilities,
        "current_assets": current,
        "cash": cash,
        "receivables": receivables,
        "inventory": inventory,
        "fixed_assets": fixed,
        "intangible_assets": intangible,
        "depreciation": np.rint(fixed * (0.07 + 0.05 * rng.random(BLOCK)[:, None])),
    }


def _debts(rng: np.random.Generator, liabilities: Floats, size: Size) -> dict[str, Floats]:
    columns = size.age.shape[1]
    share = expit(-0.2 + _steady(rng, columns, 0.45, 0.15)) * size.has_loan
    debt = np.floor(liabilities * share)
    long_debt = np.floor(debt * expit(-1.6 + _steady(rng, columns, 0.8, 0.2)))
    other = liabilities - debt
    payables = np.floor(other * (0.35 + 0.35 * rng.random(BLOCK)[:, None]))
    other_long = np.floor((other - payables) * (0.25 * rng.random(BLOCK)[:, None]))
    return {
        "short_debt": debt - long_debt,
        "long_debt": long_debt,
        "payables": payables,
        "current_liabilities": liabilities - long_debt - other_long,
    }


def _income(
    rng: np.random.Generator, firms: Firms, latents: Latents, size: Size, research: Research, debts: dict[str, Floats]
) -> dict[str, Floats]:
    columns, health = size.age.shape[1], latents.health
    revenue = fen(np.exp(size.log_revenue))
    side = np.maximum(1.0 - 0.25 * rng.beta(0.8, 3.0, BLOCK)[:, None] - 0.03 * rng.random((BLOCK, columns)), 0.5)
    shift = industry_column("margin")[firms.industry][:, None] - 0.08 * np.exp(-size.age / 1.5)
    margin = np.clip(0.055 + shift + 0.05 * health + _steady(rng, columns, 0.02, 0.022), -1.5, 0.4)
    rate = 0.0445 * np.exp(-0.03 * health + _steady(rng, columns, 0.1, 0.08))
    interest = np.rint((debts["short_debt"] + debts["long_debt"]) * rate)
    spent = research.expense + interest
    total_cost = np.maximum(np.rint(revenue * (1.0 - margin)), np.rint(1.08 * spent))
    operating_cost = np.floor((total_cost - spent) * (0.65 + 0.3 * rng.random(BLOCK)[:, None]))
    profit = revenue - total_cost
    tax_rate = np.where(research.high_tech, 0.15, 0.25)
    relief = np.floor(tax_rate * np.minimum(research.super_deduction, np.maximum(profit, 0.0)))
    tax = np.rint(tax_rate * np.maximum(profit, 0.0)) - relief
    return {
        "revenue": revenue,
        "main_revenue": np.floor(revenue * side),
        "total_cost": total_cost,
        "operating_cost": operating_cost,
        "operating_profit": profit,
        "interest": interest,
        "net_profit": profit - np.maximum(tax, 0.0),
        "super_deduction": research.super_deduction,
        "tax_relief": relief,
    }


def draw_accounts(rng: np.random.Generator, firms: Firms, latents: Latents, size: Size, research: Research) -> Accounts:
    """Draw the accounts of one block for every year of the grid."""
    balance = _balance(rng, firms, latents, size)
    debts = _debts(rng, balance["total_liabilities"], size)
    income = _income(rng, firms, latents, size, research, debts)
    typical = np.median(balance["total_assets"], axis=1)
    paid_in = np.rint(typical * 0.25 * np.exp(0.5 * rng.standard_normal(BLOCK)))
    return Accounts(**balance, **debts, **income, retained_earnings=balance["equity"] - paid_in[:, None])
