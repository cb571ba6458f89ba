"""The page of a change of rules."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from icsml.reports.naming import in_language
from icsml.reports.page import render, write
from icsml.texts.catalogue import phrase
from icsml.texts.label import Label

__all__ = ["diff_page", "write_page"]


def diff_page(comparison: Mapping[str, Any], lang: str, stages: Mapping[str, Label]) -> str:
    """Return the page of a comparison of two rulebooks.

    Parameters
    ----------
    comparison : mapping
        The comparison as JSON, see :class:`icsml.workflows.rulebook_diff.Comparison`.
    lang : str
        Language.
    stages : mapping of str to Label
        Names of the stages.
    """
    effect, model = comparison["impact"], comparison["model"]
    facts = {name: comparison[name] for name in ("a", "b", "sha256", "changes", "impact", "model", "population")}
    remarks = [*comparison["notes"], *(model["notes"] if model is not None else [])]
    facts |= {
        "remarks": [in_language(remark, lang) for remark in remarks],
        "bars": _bars(effect),
        "cut": _cut(effect, lang),
    }
    facts["grades"] = _grades(model)
    return render("rulebook_diff.html", lang, facts, stages)


def write_page(comparison: Mapping[str, Any], path: Path, lang: str, stages: Mapping[str, Label]) -> None:
    """Write the page of a comparison."""
    write(path, diff_page(comparison, lang, stages))


def _bars(effect: Mapping[str, Any] | None) -> list[tuple[float, float, str]]:
    """Return the heights of both histograms, in per cent of the highest bar, and the figures behind them."""
    if effect is None:
        return []
    counts = [effect[side]["histogram"]["counts"] for side in ("a", "b")]
    highest = max(max(histogram) for histogram in counts) or 1
    edges = [f"{100.0 * edge:.0f}" for edge in effect["a"]["histogram"]["edges"]]
    return [
        (round(100.0 * a / highest, 1), round(100.0 * b / highest, 1), f"{low}–{high}%: {a:,} → {b:,}")
        for a, b, (low, high) in zip(*counts, pairwise(edges), strict=True)
    ]


def _grades(model: Mapping[str, Any] | None) -> list[str]:
    """Return the grades that enterprises come from or go to, those that nobody comes from last."""
    moves = model["migration"] if model is not None else []
    return list(dict.fromkeys([move["grade"] for move in moves] + [to for move in moves for to in move["to"]]))


def _cut(effect: Mapping[str, Any] | None, lang: str) -> str:
    if effect is None:
        return ""
    threshold = effect["threshold"]
    if "top_share" in threshold:
        return phrase("pages.best_share", lang, share=threshold["top_share"])
    return phrase("pages.cut_points", lang, points=f"{threshold['cut_off']:g}")
