"""The three frames of a portfolio, made from the columns of a block: records, outcomes, truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from icsml.core.arrays import Dates, Flags, Floats, Ints, Texts
from icsml.portfolio.synthetic.bank import GRADES
from icsml.portfolio.synthetic.block import Block, draw_block
from icsml.portfolio.synthetic.credit import COLLATERALS, GUARANTEES, PRODUCTS
from icsml.portfolio.synthetic.events import DEFAULT, EVENTS, NOTHING
from icsml.portfolio.synthetic.industries import INDUSTRY_CODES, REGIONS, TECHNICAL
from icsml.portfolio.synthetic.parameters import Effect, Timeline
from icsml.portfolio.synthetic.rng import BLOCK, Part, block_rng
from icsml.records.field import Kind
from icsml.records.fields import FIELDS

__all__ = ["LEFT_OUT", "STAGES", "Portfolio", "block_portfolio"]

LEFT_OUT = (
    *("on_recommended_list", "relending_supported", "interest_subsidised"),
    *("patent_citations", "patent_family_size", "patent_renewal_years", "ip_pledged_cny"),
    *("leading_talents", "future_industry", "safety_accident_3y", "research_blacklist", "dishonest_debtor"),
    "enterprise_name",
)
"""Fields that are not simulated: what follows from a list or from support, patent value, regional items, names."""

STAGES = np.array(["start_up", "growth", "development", "mature"])
_STAGE_EDGES = np.log([7e6, 20e6, 44e6])
_FLAGS = frozenset(field.name for field in FIELDS if field.kind is Kind.FLAG)
_FEN = 100.0


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A synthetic portfolio; row i of each frame is the same decision.

    Parameters
    ----------
    enterprises : DataFrame of shape (r, fields)
        Records, as in ``enterprises.parquet``.
    outcomes : DataFrame of shape (r, 5)
        What the bank saw, as in ``outcomes.parquet``.
    truth : DataFrame
        True PD, latent states and every outcome, seen or hidden. Only tests and simulations may look.
    """

    enterprises: pd.DataFrame
    outcomes: pd.DataFrame
    truth: pd.DataFrame


def _text(values: Texts, codes: Ints, missing: Flags | None = None) -> ExtensionArray:
    taken = np.where(missing, -1, codes) if missing is not None else codes
    texts: ExtensionArray = pd.array(values.tolist(), dtype="str").take(taken, allow_fill=True)
    return texts


def _dates(days: Dates, missing: Flags | None = None) -> Dates:
    stamps = days.astype("datetime64[us]")
    return stamps if missing is None else np.where(missing, np.datetime64("NaT", "us"), stamps)


def _number(name: str, values: Floats) -> Floats | ExtensionArray:
    if name in _FLAGS:
        missing = np.isnan(values)
        return pd.arrays.BooleanArray(np.nan_to_num(values, nan=0.0) > 0.0, missing)
    return values / _FEN if name.endswith("_cny") else values


def _identifiers(block: Block) -> ExtensionArray:
    return _text(np.array([f"E{number + 1:07d}" for number in block.grid.firms.number]), block.grid.panel.firm)


def _described(seed: int, number: int, block: Block) -> dict[str, object]:
    """Return the columns that are no numbers."""
    firms, panel, codes = block.grid.firms, block.grid.panel, block.codes
    firm, rng = panel.firm, block_rng(seed, number, Part.FRAMES)
    gaps = rng.random((4, len(firms.number)))[:, firm]
    personal = codes["guarantee_type"] != np.flatnonzero(GUARANTEES == "personal")[0]
    return {
        "enterprise_id": _identifiers(block),
        "as_of": _dates(panel.as_of),
        "uscc": _text(firms.code, firm, gaps[0] < 0.005),
        "founded_on": _dates(firms.founded[firm], gaps[1] < 0.005),
        "region": _text(REGIONS, firms.region[firm]),
        "industry": _text(INDUSTRY_CODES, firms.industry[firm]),
        "technical_field": _text(TECHNICAL, firms.industry[firm], gaps[2] < 0.03),
        "legal_representative": _text(firms.name, firm, gaps[3] < 0.05),
        "guarantor_name": _text(firms.name, firm, personal),
        "statement_period_end": _dates(panel.period_end, ~block.on_file),
        "statement_published_at": _dates(panel.published, ~block.on_file),
        "application_product": _text(PRODUCTS, codes["application_product"]),
        "collateral_type": _text(COLLATERALS, codes["collateral_type"]),
        "guarantee_type": _text(GUARANTEES, codes["guarantee_type"]),
        "bank_grade": _text(GRADES, block.verdict.grade),
    }


def _enterprises(seed: int, number: int, block: Block) -> pd.DataFrame:
    values = _described(seed, number, block)
    values |= {name: _number(name, column) for name, column in block.columns.items()}
    order = [field.name for field in FIELDS if field.name not in LEFT_OUT]
    return pd.DataFrame({name: values[name] for name in order})


def _fate(block: Block, line: Timeline) -> tuple[Ints, Dates]:
    panel, events = block.grid.panel, block.grid.events
    decision = panel.now - line.lead
    days = events.days[panel.firm, decision].astype("timedelta64[D]")
    return events.event[panel.firm, decision], panel.as_of + days


def _outcome_frame(identifiers: ExtensionArray, as_of: Dates, event: Ints, date: Dates, seen: Flags) -> pd.DataFrame:
    happened = seen & (event != NOTHING)
    bad = pd.arrays.IntegerArray((event == DEFAULT).astype(np.int8), ~seen)
    return pd.DataFrame(
        {
            "enterprise_id": identifiers,
            "as_of": as_of,
            "bad": bad,
            "event": _text(EVENTS, event, ~happened),
            "event_date": _dates(date, ~happened),
        }
    )


def _truth(block: Block, line: Timeline, outcomes: pd.DataFrame, seen: Flags) -> pd.DataFrame:
    grid, panel = block.grid, block.grid.panel
    decision = panel.now - line.lead
    stage = np.digitize(grid.size.log_revenue[panel.firm, panel.now - 1], _STAGE_EDGES)
    states = pd.DataFrame(
        {
            "pd": grid.events.pd[panel.firm, decision],
            "pd_through_cycle": grid.events.pd_through_cycle[panel.firm, decision],
            "health": panel.at_decision(grid.latents.health),
            "capability": panel.at_decision(grid.latents.capability),
            "management": grid.latents.management[panel.firm],
            "macro": grid.macro[panel.now],
            "age": panel.age,
            "stage": _text(STAGES, stage),
            "judgement": block.verdict.judgement,
            "declined": block.verdict.declined,
            "seen": seen,
        }
    )
    return pd.concat([outcomes, states], axis=1)


def block_portfolio(seed: int, number: int, line: Timeline, effect: Effect, keep: int = BLOCK) -> Portfolio:
    """Return the rows of the first ``keep`` firms of one block."""
    block = draw_block(seed, number, line, effect)
    as_of, (event, date) = block.grid.panel.as_of, _fate(block, line)
    seen = ~block.verdict.declined & (as_of <= line.last_labelled)
    identifiers = _identifiers(block)
    outcomes = _outcome_frame(identifiers, _dates(as_of), event, date, seen)
    everything = _outcome_frame(identifiers, _dates(as_of), event, date, np.ones_like(seen))
    rows = slice(0, int(np.searchsorted(block.grid.panel.firm, keep)))
    frames = _enterprises(seed, number, block), outcomes, _truth(block, line, everything, seen)
    return Portfolio(*(frame.iloc[rows].reset_index(drop=True) for frame in frames))
