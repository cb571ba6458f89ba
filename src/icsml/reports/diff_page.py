"""The page of a change of rules."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from icsml.innovation.impact.population_impact import Impact
from icsml.innovation.impact.rulebook_comparison import PdChange, RulebookComparison
from icsml.reports.page import render, write
from icsml.texts.catalogue import phrase

__all__ = ["diff_page", "write_page"]


def diff_page(comparison: RulebookComparison, lang: str) -> str:
    """Return the page of a comparison of two rulebooks in a language."""
    effect, model = comparison.impact, comparison.model
    names = ("a", "b", "sha256", "changes", "impact", "model", "population")
    facts = {name: getattr(comparison, name) for name in names}
    remarks = [*comparison.notes, *(model.notes if model is not None else [])]
    facts |= {
        "remarks": [remark.text(lang) for remark in remarks],
        "bars": _bars(effect),
        "cut": _cut(effect, lang),
        "grades": _grades(model),
    }
    return render("rulebook_diff.html", lang, facts, comparison.stages)


def write_page(comparison: RulebookComparison, path: Path, lang: str) -> None:
    """Write the page of a comparison."""
    write(path, diff_page(comparison, lang))


def _bars(effect: Impact | None) -> list[tuple[float, float, str]]:
    """Return the heights of both histograms, in per cent of the highest bar, and the figures behind them."""
    if effect is None:
        return []
    counts = [side.histogram.counts for side in (effect.a, effect.b)]
    highest = max(max(histogram) for histogram in counts) or 1
    edges = [f"{100.0 * edge:.0f}" for edge in effect.a.histogram.edges]
    return [
        (round(100.0 * a / highest, 1), round(100.0 * b / highest, 1), f"{low}–{high}%: {a:,} → {b:,}")
        for a, b, (low, high) in zip(*counts, pairwise(edges), strict=True)
    ]


def _grades(model: PdChange | None) -> list[str]:
    """Return the grades that enterprises come from or go to, those that nobody comes from last."""
    migrations = model.migration if model is not None else []
    return list(dict.fromkeys([one.grade for one in migrations] + [to for one in migrations for to in one.to]))


def _cut(effect: Impact | None, lang: str) -> str:
    if effect is None:
        return ""
    if "top_share" in effect.threshold:
        return phrase("pages.best_share", lang, share=effect.threshold["top_share"])
    return phrase("pages.cut_points", lang, points=f"{effect.threshold['cut_off']:g}")
