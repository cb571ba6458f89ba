"""The bank before icsml: its own scorecard on its data, its judgement, and the firms that it turned down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.synthetic.parameters import PARAMETERS

__all__ = ["GRADES", "Verdict", "bank_verdict"]

GRADES = np.array(["AAA", "AA", "A", "BBB", "BB", "B", "CCC"])
_UPPER = np.array([0.003, 0.006, 0.012, 0.024, 0.048, 0.096])
_BASE = -4.25
_NO_STATEMENT = 0.45


@dataclass(frozen=True, slots=True)
class Verdict:
    """The bank's decision on each row, shapes (r,).

    Parameters
    ----------
    pd : Floats
        The bank's own PD.
    grade : Ints
        Index into :data:`GRADES`.
    judgement : Floats
        Standard normal; high is good. No column shows it.
    declined : Bools
        Whether the application was turned down, so that its outcome was never seen.
    """

    pd: Floats
    grade: Ints
    judgement: Floats
    declined: Flags


def _term(value: Floats, middle: float, spread: float) -> Floats:
    """Return a capped deviation in units of the spread; 0 where the value is missing."""
    return np.nan_to_num(np.clip((value - middle) / spread, -2.5, 2.5), nan=0.0)


def _score(on_file: dict[str, Floats], age: Floats) -> Floats:
    """Return log-odds of default by the bank's scorecard."""
    gearing = on_file["total_liabilities_cny"] / on_file["total_assets_cny"]
    margin = on_file["net_profit_cny"] / on_file["revenue_cny"]
    cash = on_file["cash_cny"] / on_file["total_assets_cny"]
    silent = np.isnan(gearing) * 1.0
    return (
        _BASE
        + 0.4 * _term(gearing, 0.57, 0.16)
        - 0.4 * _term(margin, 0.035, 0.06)
        - 0.25 * _term(cash, 0.14, 0.07)
        + 0.35 * _term(np.log1p(on_file["overdue_count_24m"]), 0.15, 0.3)
        + 0.2 * _term(on_file["credit_line_utilisation"], 0.6, 0.2)
        - 0.1 * _term(np.log1p(age), 2.2, 0.7)
        + _NO_STATEMENT * silent
    )


def bank_verdict(rng: np.random.Generator, on_file: dict[str, Floats], age: Floats, health: Floats) -> Verdict:
    """Rate and decide every row.

    Parameters
    ----------
    rng : Generator
    on_file : dict of str to Floats, shape (r,) each
        What is on file, missing as NaN.
    age : Floats
        Years since founding.
    health : Floats
        Health of the decision year, with which the judgement correlates.
    """
    correlation = PARAMETERS.judgement_in_health
    judgement = correlation * health + np.sqrt(1.0 - correlation**2) * rng.standard_normal(len(age))
    log_odds = _score(on_file, age) - 0.35 * judgement
    pd = np.round(expit(log_odds), 6)
    scatter = PARAMETERS.decline_scatter * rng.standard_normal(len(age))
    return Verdict(
        pd=pd,
        grade=np.searchsorted(_UPPER, pd, side="right"),
        judgement=judgement,
        declined=log_odds + scatter > PARAMETERS.decline_cut,
    )
