"""The synthetic book: a world with a known truth, never evidence about the real one."""

from __future__ import annotations

from icsml.portfolio.synthetic.book import SynthReport, book, synthesize
from icsml.portfolio.synthetic.frames import Book

__all__ = ["Book", "SynthReport", "book", "synthesize"]
