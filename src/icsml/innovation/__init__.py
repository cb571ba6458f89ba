"""The Innovation Credit System as data: rulebooks, and the points they give."""

from __future__ import annotations

from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.lint.lint import Finding
from icsml.innovation.rulebooks.load import (
    lint_rulebook,
    list_editions,
    list_rulebooks,
    load_edition,
    load_rulebook,
    parse_rulebook,
)
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.innovation.rulebooks.timeline import rulebook_as_of
from icsml.innovation.scoring.coverage import coverage
from icsml.innovation.scoring.describe import describe
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.fit_peers import fit_peers, fitted
from icsml.innovation.scoring.points import Points, points_frame

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
