"""The Innovation Credit System as data: rulebooks, and the points they give."""

from __future__ import annotations

from icsml.innovation.evaluate import Points, coverage, describe, evaluate, points_frame
from icsml.innovation.lint import Finding
from icsml.innovation.provenance import Provenance
from icsml.innovation.rulebook import lint_rulebook, list_rulebooks, load_rulebook, parse_rulebook, rulebook_as_of
from icsml.innovation.schema import Rulebook

__all__ = [
    "Finding",
    "Points",
    "Provenance",
    "Rulebook",
    "coverage",
    "describe",
    "evaluate",
    "lint_rulebook",
    "list_rulebooks",
    "load_rulebook",
    "parse_rulebook",
    "points_frame",
    "rulebook_as_of",
]
