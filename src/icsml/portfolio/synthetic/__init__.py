"""The synthetic portfolio: a simulation whose truth is known, never evidence about the real one."""

from __future__ import annotations

from icsml.portfolio.synthetic.frames import Portfolio
from icsml.portfolio.synthetic.portfolio import SynthReport, draw_portfolio, synthesize

__all__ = ["Portfolio", "SynthReport", "draw_portfolio", "synthesize"]
