"""Pages that commands write on request. Their modules are imported then: a bare installation has no jinja2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from icsml.innovation.impact.rulebook_comparison import RulebookComparison
    from icsml.innovation.rulebooks.rulebook import Rulebook
    from icsml.innovation.selection.recommended_list import ListTerms
    from icsml.reports.stability_figures import StabilityFigures
    from icsml.workflows.list_making import RecommendedList

__all__ = ["write_comparison_page", "write_decision_page", "write_letter", "write_list_page"]


def write_decision_page(
    decision: Mapping[str, Any],
    path: Path,
    lang: str,
    stability: StabilityFigures | None,
    rulebook: Rulebook | None = None,
) -> str:
    """Write the page of a decision, and return the line that names it."""
    from icsml.reports.decision_page import write_page

    write_page(decision, path, lang, stability, rulebook)
    return f"page: {path}"


def write_list_page(made: RecommendedList, path: Path, lang: str) -> str:
    """Write the page of a recommended list, and return the line that names it."""
    from icsml.reports.list_page import write_page

    facts = {"robustness": made.robustness, "synthetic": made.terms.synthetic, "stages": made.rulebook.stage_labels}
    write_page(made.current, made.terms, path, lang, **facts)
    return f"page: {path}"


def write_comparison_page(compared: RulebookComparison, path: Path, lang: str) -> str:
    """Write the page of two rulebooks, and return the line that names it."""
    from icsml.reports.diff_page import write_page

    write_page(compared, path, lang)
    return f"page: {path}"


def write_letter(
    frame: pd.DataFrame,
    terms: ListTerms,
    enterprise: str,
    path: Path,
    lang: str,
    *,
    on: date,
    issuer: str,
    contact: str,
) -> None:
    """Write the letter with an enterprise's result."""
    from icsml.reports import list_page

    list_page.write_letter(frame, terms, enterprise, path, lang, on=on, issuer=issuer, contact=contact)
