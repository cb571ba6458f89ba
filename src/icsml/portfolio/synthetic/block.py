"""One block of enterprises, from its seed to columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.synthetic.bank import Verdict, bank_verdict
from icsml.portfolio.synthetic.credit import application_columns, application_texts, register_columns
from icsml.portfolio.synthetic.events import Events, draw_events
from icsml.portfolio.synthetic.identity import Firms, draw_firms
from icsml.portfolio.synthetic.latents import Latents, draw_latents
from icsml.portfolio.synthetic.missingness import blank, statement_on_file
from icsml.portfolio.synthetic.panel import Panel, draw_panel
from icsml.portfolio.synthetic.parameters import Effect, Timeline
from icsml.portfolio.synthetic.people import conduct_columns, recognition_columns, staff_columns
from icsml.portfolio.synthetic.research import Research, Rights, draw_research, draw_rights
from icsml.portfolio.synthetic.rng import Part, block_rng, macro_path
from icsml.portfolio.synthetic.statements import Accounts, Size, draw_accounts, draw_size

__all__ = ["Block", "draw_block"]

_ACCOUNT_COLUMNS = {
    "revenue_cny": "revenue",
    "main_revenue_cny": "main_revenue",
    "total_cost_cny": "total_cost",
    "operating_cost_cny": "operating_cost",
    "operating_profit_cny": "operating_profit",
    "interest_expense_cny": "interest",
    "depreciation_cny": "depreciation",
    "net_profit_cny": "net_profit",
    "cash_cny": "cash",
    "receivables_cny": "receivables",
    "inventory_cny": "inventory",
    "current_assets_cny": "current_assets",
    "fixed_assets_cny": "fixed_assets",
    "intangible_assets_cny": "intangible_assets",
    "total_assets_cny": "total_assets",
    "payables_cny": "payables",
    "short_term_debt_cny": "short_debt",
    "current_liabilities_cny": "current_liabilities",
    "long_term_debt_cny": "long_debt",
    "total_liabilities_cny": "total_liabilities",
    "retained_earnings_cny": "retained_earnings",
    "equity_cny": "equity",
    "rd_super_deduction_cny": "super_deduction",
    "rd_tax_relief_cny": "tax_relief",
}
_PREVIOUS = {
    "revenue_prev_cny": "revenue",
    "main_revenue_prev_cny": "main_revenue",
    "net_profit_prev_cny": "net_profit",
    "total_assets_prev_cny": "total_assets",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """Everything of one block that has a value every year, and the layout of its rows."""

    firms: Firms
    latents: Latents
    macro: Floats
    size: Size
    research: Research
    accounts: Accounts
    rights: Rights
    events: Events
    panel: Panel


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its grid, and the columns of its rows.

    Parameters
    ----------
    grid : Grid
        Yearly states.
    verdict : Verdict
        What the bank made of each row.
    on_file : Bools
        Whether the bank has statements of a row.
    columns : dict of str to Floats, shape (r,) each
        Numbers, counts and flags, missing as NaN; money in fen.
    codes : dict of str to Ints, shape (r,) each
        Indices of categories.
    """

    grid: Grid
    verdict: Verdict
    on_file: Flags
    columns: dict[str, Floats]
    codes: dict[str, Ints]


def _grid(seed: int, block: int, line: Timeline, effect: Effect) -> Grid:
    macro = macro_path(seed, line.columns)
    firms = draw_firms(block_rng(seed, block, Part.IDENTITY), block, seed, line)
    latents = draw_latents(block_rng(seed, block, Part.LATENTS), line.columns)
    events = draw_events(block_rng(seed, block, Part.EVENTS), firms, latents, macro, line, effect)
    size = draw_size(block_rng(seed, block, Part.SIZE), firms, latents, macro, line)
    inventive = block_rng(seed, block, Part.INNOVATION)
    research = draw_research(inventive, firms, latents, size.log_revenue, line)
    rights = draw_rights(inventive, firms, latents, size.log_revenue, size.age, line)
    accounts = draw_accounts(block_rng(seed, block, Part.STATEMENTS), firms, latents, size, research)
    return Grid(firms, latents, macro, size, research, accounts, rights, events, draw_panel(firms, events, line))


def _flows(rng: np.random.Generator, panel: Panel, accounts: Accounts) -> dict[str, Floats]:
    """Return cash flows whose sum is the change of cash; a firm's first year began with none."""
    before = np.where(panel.has_previous, panel.year_before(accounts.cash), 0.0)
    assets, profit = panel.on_statement(accounts.total_assets), panel.on_statement(accounts.net_profit)
    depreciation = panel.on_statement(accounts.depreciation)
    operating = np.rint(profit + depreciation + 0.03 * assets * rng.standard_normal(len(assets)))
    investing = -np.rint(depreciation * np.exp(0.1 + 0.5 * rng.standard_normal(len(assets))))
    change = panel.on_statement(accounts.cash) - before
    return {
        "operating_cash_flow_cny": operating,
        "investing_cash_flow_cny": investing,
        "financing_cash_flow_cny": change - operating - investing,
    }


def _account_columns(
    rng: np.random.Generator, panel: Panel, accounts: Accounts, research: Research
) -> dict[str, Floats]:
    current = {name: panel.on_statement(getattr(accounts, part)) for name, part in _ACCOUNT_COLUMNS.items()}
    before = {name: panel.year_before(getattr(accounts, part)) for name, part in _PREVIOUS.items()}
    spent = {
        "rd_expense_cny": panel.on_statement(research.expense),
        "rd_expense_prev_cny": panel.year_before(research.expense),
    }
    return {**current, **before, **spent, **_flows(rng, panel, accounts)}


def _right_columns(panel: Panel, rights: Rights) -> dict[str, Floats]:
    # Rights are filed at the decision, so they are those of the last full year, whatever statements are out.
    firm, last = panel.firm, panel.now - 1
    names = {
        "invention_applications": rights.applications,
        "pct_applications": rights.pct_applications,
        "ip_class1": rights.class1,
        "ip_class1_self_developed": rights.class1_self_developed,
        "ip_class1_high_value": rights.class1_high_value,
        "ip_class2": rights.class2,
    }
    return {name: grid[firm, last].astype(np.float64) for name, grid in names.items()}


def _complete(seed: int, block: int, grid: Grid, line: Timeline) -> tuple[dict[str, Floats], dict[str, Ints]]:
    """Return all columns before anything is missing, and the categories."""
    panel, health = grid.panel, grid.panel.at_decision(grid.latents.health)
    columns = _account_columns(block_rng(seed, block, Part.FLOWS), panel, grid.accounts, grid.research)
    columns |= _right_columns(panel, grid.rights)
    rng = block_rng(seed, block, Part.PEOPLE)
    columns |= staff_columns(rng, panel, grid.latents, grid.size, grid.research)
    columns |= recognition_columns(
        rng, panel, grid.firms, grid.latents, grid.size, grid.research, columns["revenue_cny"]
    )
    columns |= conduct_columns(rng, health)
    rng = block_rng(seed, block, Part.CREDIT)
    columns |= register_columns(rng, panel, grid.accounts, grid.size, health, line.start)
    codes = application_texts(rng, panel, columns["ip_class1"] + columns["ip_class2"])
    columns |= application_columns(rng, panel.at_decision(grid.size.log_revenue), codes)
    return columns, codes


def draw_block(seed: int, block: int, line: Timeline, effect: Effect) -> Block:
    """Draw one whole block; it is the same whatever else is drawn."""
    grid = _grid(seed, block, line, effect)
    panel, log_revenue = grid.panel, grid.panel.on_statement(grid.size.log_revenue)
    health = panel.at_decision(grid.latents.health)
    columns, codes = _complete(seed, block, grid, line)
    rng = block_rng(seed, block, Part.MISSINGNESS)
    on_file = statement_on_file(rng, panel, health, log_revenue)
    filed = blank(rng, columns, panel, on_file, log_revenue, panel.on_statement(grid.latents.capability))
    verdict = bank_verdict(block_rng(seed, block, Part.BANK), filed, panel.age, health)
    return Block(grid, verdict, on_file, {**filed, "bank_pd": verdict.pd}, codes)
