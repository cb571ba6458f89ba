"""The synthetic book: a world with a known truth, never evidence about the real one."""

from __future__ import annotations

from icsml.portfolio.synthetic.frames import Book
from icsml.portfolio.synthetic.portfolio import SynthReport, book, synthesize

__all__ = ["Book", "SynthReport", "book", "synthesize"]
