"""Rows of a block, taken from its yearly grid: firm, decision, and the statements published by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Dates, Flags, Floats, Ints
from icsml.portfolio.synthetic.events import Events
from icsml.portfolio.synthetic.identity import Firms
from icsml.portfolio.synthetic.parameters import Timeline

__all__ = ["Panel", "draw_panel"]


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows of one block, r of them, by firm and then by date.

    Parameters
    ----------
    firm : Ints
        Row of the block's firms.
    now : Ints
        Grid column of the decision year.
    statement : Ints
        Grid column of the latest statements published by the decision.
    as_of, period_end, published : Dates
        Decision date, end of the statement period, publication.
    has_statement, has_previous : Bools
        Whether the firm existed in the statement year, and in the year before.
    age : Floats
        Years since founding at the decision.
    """

    firm: Ints
    now: Ints
    statement: Ints
    as_of: Dates
    period_end: Dates
    published: Dates
    has_statement: Flags
    has_previous: Flags
    age: Floats

    def at_decision(self, grid: Floats | Ints | Flags) -> Floats:
        """Return grid values of the decision year, shape (r,)."""
        return grid[self.firm, self.now].astype(np.float64)

    def on_statement(self, grid: Floats | Ints | Flags) -> Floats:
        """Return grid values of the statement year, shape (r,)."""
        return grid[self.firm, self.statement].astype(np.float64)

    def year_before(self, grid: Floats | Ints | Flags) -> Floats:
        """Return grid values of the year before the statement year, shape (r,)."""
        return grid[self.firm, self.statement - 1].astype(np.float64)


def _day(year: Ints) -> Dates:
    return (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")


def draw_panel(firms: Firms, events: Events, line: Timeline) -> Panel:
    """Lay out the rows of one block."""
    firm, decision = np.nonzero(events.present)
    now = decision + line.lead
    year = line.start + now
    as_of = _day(year) + firms.day[firm].astype("timedelta64[D]")
    fresh = firms.day[firm] >= firms.lag[firm]
    statement = np.where(fresh, now - 1, now - 2)
    period_end = _day(line.start + statement + 1) - np.timedelta64(1, "D")
    founded_year = firms.founded_year[firm]
    return Panel(
        firm=firm,
        now=now,
        statement=statement,
        as_of=as_of,
        period_end=period_end,
        published=period_end + firms.lag[firm].astype("timedelta64[D]"),
        has_statement=line.start + statement >= founded_year,
        has_previous=line.start + statement - 1 >= founded_year,
        age=(as_of - firms.founded[firm]).astype(np.float64) / 365.25,
    )
