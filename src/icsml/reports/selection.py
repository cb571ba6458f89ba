"""The page of a recommended list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from icsml.innovation.recommended import ListTerms, figures
from icsml.innovation.robustness import Robustness
from icsml.records.labels import Label
from icsml.reports.page import render, write
from icsml.reports.wording import Lang

__all__ = ["selection_page", "write_page"]

_KINDS = ("stage", "technical_field", "province")
_MOST_SHOWN = 200


def selection_page(
    current: pd.DataFrame,
    terms: ListTerms,
    lang: Lang,
    *,
    stages: Mapping[str, Label],
    robustness: Robustness | None,
    synthetic: bool,
) -> str:
    """Return the page of a list.

    Parameters
    ----------
    current : DataFrame
        Who stands on it, see :func:`icsml.innovation.recommended.standing`.
    terms : ListTerms
        How it was made.
    lang : {'en', 'zh'}
        Language.
    stages : mapping of str to Label
        Names of the stages; none where the rulebook has none.
    robustness : Robustness, optional
        How much hangs on assumed weights.
    synthetic : bool
        Whether the enterprises are simulated.
    """
    listed = current[current["status"] == "listed"]
    best = listed.sort_values(["score", "enterprise_id"], ascending=[False, True]).head(_MOST_SHOWN)
    facts: dict[str, Any] = {
        "terms": asdict(terms),
        "listed": len(listed),
        "figures": figures(current, list(stages)),
        "robustness": None if robustness is None else robustness.as_json(),
        "synthetic": synthetic,
        "firms": [_firm(row) for row in best.to_dict("records")],
        "more": len(listed) - len(best),
    }
    facts["kinds"] = [kind for kind in _KINDS if stages or kind != "stage"]
    facts["widest"] = {kind: _widest(facts["figures"][kind]) for kind in facts["kinds"]}
    return render("selection.html", lang, facts, stages)


def write_page(current: pd.DataFrame, terms: ListTerms, path: Path, lang: Lang, **facts: Any) -> None:  # noqa: ANN401
    """Write the page of a list; see :func:`selection_page`."""
    write(path, selection_page(current, terms, lang, **facts))


def _widest(groups: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest share listed of any group, which fills its bar."""
    return max((each["selected"] / each["evaluated"] for each in groups), default=0.0) or 1.0


def _firm(row: Mapping[Any, Any]) -> dict[str, Any]:
    shown = {str(name): None if pd.isna(value) else value for name, value in row.items()}
    until = shown["valid_until"]
    return shown | {"valid_until": None if until is None else str(until)[:10]}
