"""Values not on file: never at random, and mostly those of young, small and ailing firms."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Flags, Floats
from icsml.portfolio.synthetic.panel import Panel

__all__ = ["PREVIOUS_COLUMNS", "STATEMENT_COLUMNS", "blank", "statement_on_file"]

_FLOWS = ("operating_cash_flow_cny", "investing_cash_flow_cny", "financing_cash_flow_cny")
_NOTES = (
    "interest_expense_cny",
    "depreciation_cny",
    "intangible_assets_cny",
    "retained_earnings_cny",
    "inventory_cny",
    "payables_cny",
)
_MAIN = (
    "revenue_cny",
    "main_revenue_cny",
    "total_cost_cny",
    "operating_cost_cny",
    "operating_profit_cny",
    "net_profit_cny",
    "cash_cny",
    "receivables_cny",
    "current_assets_cny",
    "fixed_assets_cny",
    "total_assets_cny",
    "short_term_debt_cny",
    "current_liabilities_cny",
    "long_term_debt_cny",
    "total_liabilities_cny",
    "equity_cny",
)
PREVIOUS_COLUMNS = ("revenue_prev_cny", "main_revenue_prev_cny", "net_profit_prev_cny", "total_assets_prev_cny")
STATEMENT_COLUMNS = (*_MAIN, *_NOTES, *_FLOWS, *PREVIOUS_COLUMNS)
_RESEARCH = ("rd_expense_cny", "rd_expense_prev_cny", "rd_super_deduction_cny", "rd_tax_relief_cny")
_PEOPLE = ("staff_st", "staff_rd", "staff_postgraduate", "graduates_hired")
_RATES = {
    "staff_total": 0.03,
    "tech_contract_turnover_cny": 0.12,
    "venture_capital_cny": 0.1,
    "equity_raised_3y_cny": 0.15,
    "ip_class1_high_value": 0.2,
    "platforms_2y": 0.05,
    "awards_2y": 0.05,
    "awards_3y": 0.05,
    "projects_2y": 0.05,
    "key_rd_projects": 0.05,
    "led_standard": 0.08,
    "strategic_field": 0.04,
    "collateral_value_cny": 0.02,
    "application_amount_cny": 0.01,
    "application_term_months": 0.01,
    "abnormal_list": 0.01,
}


def statement_on_file(rng: np.random.Generator, panel: Panel, health: Floats, log_revenue: Floats) -> Flags:
    """Return whether the bank has any statements: firms too young have none, and ailing firms withhold them."""
    reluctance = -3.0 + 1.8 * np.exp(-panel.age / 3.0) - 0.4 * health - 0.25 * (log_revenue - 16.5)
    return panel.has_statement & (rng.random(len(health)) >= expit(reluctance))


def _hide(columns: dict[str, Floats], names: tuple[str, ...], hidden: Flags) -> None:
    for name in names:
        columns[name] = np.where(hidden, np.nan, columns[name])


def blank(
    rng: np.random.Generator,
    columns: dict[str, Floats],
    panel: Panel,
    on_file: Flags,
    log_revenue: Floats,
    capability: Floats,
) -> dict[str, Floats]:
    """Return the columns with values that are not on file as NaN.

    Parameters
    ----------
    rng : Generator
    columns : dict of str to Floats, shape (r,) each
        Complete columns.
    panel : Panel
        Rows of the block.
    on_file : Bools
        From :func:`statement_on_file`.
    log_revenue, capability : Floats
        Of the statement year, shape (r,).
    """
    filed, n, small = dict(columns), len(on_file), 16.5 - log_revenue
    _hide(filed, STATEMENT_COLUMNS, ~on_file)
    _hide(filed, (*PREVIOUS_COLUMNS, "rd_expense_prev_cny"), ~panel.has_previous)
    _hide(filed, _FLOWS, rng.random(n) < expit(-1.6 + 0.8 * small))
    _hide(filed, _NOTES, rng.random(n) < expit(-2.8 + 0.8 * small))
    idle = (columns["rd_expense_cny"] == 0.0) * 1.0
    silent = rng.random(n) < expit(-2.0 + 0.4 * small - 0.5 * capability + 1.5 * idle)
    _hide(filed, _RESEARCH, silent | ~panel.has_statement)
    _hide(filed, _PEOPLE, rng.random(n) < expit(-1.7 + 0.3 * small - 0.3 * capability))
    uncertified = columns["high_tech_enterprise"] == 0.0
    _hide(filed, ("hightech_revenue_cny",), ~panel.has_statement | (uncertified & (rng.random(n) < 0.45)))
    for name, rate in _RATES.items():
        _hide(filed, (name,), rng.random(n) < rate)
    return filed
