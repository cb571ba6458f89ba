"""A firm's data in the credit register, and its application."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Floats, Ints
from icsml.portfolio.synthetic.panel import Panel
from icsml.portfolio.synthetic.statements import Accounts, Size, fen

__all__ = ["COLLATERALS", "GUARANTEES", "PRODUCTS", "application_columns", "application_texts", "register_columns"]

PRODUCTS = np.array(["working_capital", "fixed_asset", "credit_line", "ip_pledge", "project"])
COLLATERALS = np.array(["none", "real_estate", "equipment", "receivables", "intellectual_property", "other"])
GUARANTEES = np.array(["none", "personal", "corporate", "government_fund"])
_IP_PLEDGE, _IP = 3, 4
_TERMS = np.array([6.0, 12.0, 24.0, 36.0, 60.0])
_LONGEST_BEFORE_DEFAULT = 89.0


def register_columns(
    rng: np.random.Generator, panel: Panel, accounts: Accounts, size: Size, health: Floats, start: int
) -> dict[str, Floats]:
    """Return the columns of the credit register at the decision.

    Parameters
    ----------
    rng : Generator
    panel, accounts, size : Panel, Accounts, Size
        Rows and grids of the block.
    health : Floats
        Health of the decision year, shape (r,).
    start : int
        Calendar year of the first grid column.
    """
    n = len(panel.firm)
    borrows = panel.at_decision(size.has_loan) > 0.0
    debt = panel.at_decision(accounts.short_debt) + panel.at_decision(accounts.long_debt)
    known = (start + panel.now >= size.loan_start[panel.firm]).astype(bool)
    log_size = panel.at_decision(size.log_revenue)
    overdue = np.minimum(rng.poisson(np.exp(-1.9 - 0.95 * health + 0.4 * rng.standard_normal(n))), 200)
    days = np.clip(np.ceil(np.exp(2.0 - 0.3 * health + 0.8 * rng.standard_normal(n))), 1.0, _LONGEST_BEFORE_DEFAULT)
    month = panel.as_of.astype("datetime64[M]").astype(np.int64) % 12
    months = 12.0 * (start + panel.now - size.loan_start[panel.firm]) + month
    lenders = 1.0 + rng.poisson(np.exp(-0.5 + 0.25 * (log_size - 16.5) - 0.1 * health))
    use = expit(0.5 - 0.6 * health + 0.7 * rng.standard_normal(n))
    unknown = np.where(known, 0.0, np.nan)
    return {
        "existing_debt_cny": np.where(borrows, debt, 0.0),
        "existing_lenders": np.where(borrows, lenders, 0.0),
        "credit_history_months": np.maximum(months, 0.0) + unknown,
        "overdue_count_24m": overdue + unknown,
        "overdue_days_max_24m": np.where(overdue > 0, days, 0.0) + unknown,
        "credit_inquiries_6m": rng.poisson(np.exp(0.1 - 0.3 * health + 0.3 * rng.standard_normal(n))) * 1.0,
        "credit_line_utilisation": np.where(borrows, np.round(use, 4), np.nan),
        "limit_granted_cny": np.where(borrows, np.ceil(debt / use / 1e6) * 1e6, np.nan),
    }


def application_texts(rng: np.random.Generator, panel: Panel, has_right: Floats) -> dict[str, Ints]:
    """Return indices into :data:`PRODUCTS`, :data:`COLLATERALS` and :data:`GUARANTEES`, each of shape (r,)."""
    n = len(panel.firm)
    product = np.searchsorted(np.cumsum([0.55, 0.12, 0.2, 0.06]), rng.random(n), side="right")
    product = np.where((product == _IP_PLEDGE) & (has_right == 0.0), 0, product)
    collateral = np.searchsorted(np.cumsum([0.45, 0.27, 0.08, 0.12, 0.05]), rng.random(n), side="right")
    collateral = np.where((collateral == _IP) & (has_right == 0.0), 0, collateral)
    guarantee = np.searchsorted(np.cumsum([0.4, 0.35, 0.15]), rng.random(n), side="right")
    return {
        "application_product": product,
        "collateral_type": np.where(product == _IP_PLEDGE, _IP, collateral),
        "guarantee_type": guarantee,
    }


def application_columns(rng: np.random.Generator, log_revenue: Floats, texts: dict[str, Ints]) -> dict[str, Floats]:
    """Return what is applied for, each column of shape (r,), money in fen."""
    n = len(log_revenue)
    wish = np.exp(0.75 * log_revenue + 2.6 + 0.5 * rng.standard_normal(n))
    amount = np.maximum(np.round(wish, -4), 1e5)
    longer = np.isin(texts["application_product"], [1, 4]).astype(np.int64)
    term = _TERMS[np.minimum(rng.choice(4, size=n, p=[0.15, 0.6, 0.15, 0.1]) + longer, 4)]
    cover = amount * np.exp(0.2 + 0.35 * rng.standard_normal(n))
    share = np.where(texts["guarantee_type"] == 0, 0.0, np.round(0.5 + 0.5 * rng.beta(2.0, 1.0, n), 2))
    return {
        "application_amount_cny": fen(amount),
        "application_term_months": term,
        "collateral_value_cny": np.where(texts["collateral_type"] == 0, 0.0, fen(cover)),
        "guarantee_share": share,
    }
