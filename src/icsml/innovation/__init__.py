"""The Innovation Credit System as data: rulebooks, and the points they give."""

from __future__ import annotations

from icsml.innovation.coverage import coverage
from icsml.innovation.describe import describe
from icsml.innovation.evaluate import evaluate, fit_peers, fitted
from icsml.innovation.lint import Finding
from icsml.innovation.peers import PeerTables
from icsml.innovation.points import Points, points_frame
from icsml.innovation.provenance import Provenance
from icsml.innovation.rulebook import (
    lint_rulebook,
    list_editions,
    list_rulebooks,
    load_edition,
    load_rulebook,
    parse_rulebook,
)
from icsml.innovation.schema import Outline, Rulebook
from icsml.innovation.timeline import rulebook_as_of

__all__ = [
    "Finding",
    "Outline",
    "PeerTables",
    "Points",
    "Provenance",
    "Rulebook",
    "coverage",
    "describe",
    "evaluate",
    "fit_peers",
    "fitted",
    "lint_rulebook",
    "list_editions",
    "list_rulebooks",
    "load_edition",
    "load_rulebook",
    "parse_rulebook",
    "points_frame",
    "rulebook_as_of",
]
