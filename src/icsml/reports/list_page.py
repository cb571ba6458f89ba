"""The page of a recommended list, and the letter to one enterprise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.errors import InputError
from icsml.innovation.scoring.weight_robustness import Robustness
from icsml.innovation.selection.list_reasons import REASON_IN
from icsml.innovation.selection.list_wording import cut_text, in_parts, is_alternative, own_text
from icsml.innovation.selection.recommended_list import ListTerms, figures, standing
from icsml.reports.naming import field_name
from icsml.reports.page import render, script, write
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK

__all__ = ["letter_page", "selection_page", "write_letter", "write_page"]

_KINDS = ("stage", "technical_field", "province")
_MOST = 20_000
"""Enterprises of either kind on the page; the list itself contains all. Half a million would be a page of 200 MB."""
_AT_ONCE = 100
_PRINTED = 2_000
"""Enterprises not on the list that are printed."""


@dataclass(frozen=True, slots=True)
class Requested:
    """Request for a list: all with enough points, or a share as a number of firms, and those with equal points."""

    points: str | None = None
    share: str | None = None
    places: int | None = None
    over: int = 0


def selection_page(
    current: pd.DataFrame,
    terms: ListTerms,
    lang: str,
    *,
    stages: Mapping[str, Label],
    robustness: Robustness | None,
    synthetic: bool,
) -> str:
    """Return the page of a list.

    Parameters
    ----------
    current : DataFrame
        Who is on it, see :func:`icsml.innovation.selection.recommended_list.standing`.
    terms : ListTerms
        How it was made.
    lang : str
        Language.
    stages : mapping of str to Label
        Names of the stages; none where the rulebook has none.
    robustness : Robustness, optional
        How much depends on assumed weights.
    synthetic : bool
        Whether the enterprises are simulated.
    """
    listed = current[current["status"] == "listed"]
    others = current[current["status"] != "listed"]
    best, nearest = _best(listed), _nearest(others)
    by_group = figures(current, list(stages))
    kinds = [kind for kind in _KINDS if stages or kind != "stage"]
    facts: dict[str, object] = {
        "terms": asdict(terms),
        "asked": _requested(terms),
        "cut": cut_text(terms.threshold),
        "no_cut": terms.uncut or (terms.threshold <= 0.0 and not (current["reason"] == "below_cut").any()),
        "listed": len(listed),
        "now": len(listed) if (current["action"] != "evaluated").any() else None,
        "figures": by_group,
        "kinds": kinds,
        "widest": {kind: _widest(by_group[kind]) for kind in kinds},
        "robustness": robustness,
        "synthetic": synthetic,
        "firms": [_firm(row) for row in best.to_dict("records")],
        "more": len(listed) - len(best),
        "others": [_firm_with_reasons(row, lang) for row in nearest.to_dict("records")],
        "more_others": len(others) - len(nearest),
        "named": bool(current["enterprise_name"].notna().any()),
        "at_once": _AT_ONCE,
        "printed": _PRINTED,
        **script("selection.js"),
    }
    return render("selection.html", lang, facts, stages)


def letter_page(
    frame: pd.DataFrame,
    terms: ListTerms,
    enterprise: str,
    lang: str,
    *,
    on: date,
    issuer: str = "",
    contact: str = "",
) -> str:
    """Return the letter with one enterprise's result.

    Parameters
    ----------
    frame : DataFrame
        The list with all its entries.
    terms : ListTerms
        How it was made.
    enterprise : str
        Identifier of the enterprise.
    lang : str
        Language.
    on : date
        Date of the letter.
    issuer, contact : str
        Who issues it, and where to ask for a review; blank where not given.

    Raises
    ------
    InputError
        ``ICS-SEL-004`` if the enterprise was not evaluated in the list by that day.
    """
    current = standing(frame, on)
    entries = current[current["enterprise_id"] == enterprise]
    if entries.empty:
        raise InputError(
            "ICS-SEL-004",
            f"was not evaluated in this list by {on}",
            field="--enterprise",
            remedy="check the identifier and --on",
        )
    firm = _firm_with_reasons(entries.iloc[-1].to_dict(), lang)
    before = _before(frame, firm) if firm["action"] == "appeal" else None
    changed = bool((current["action"] != "evaluated").any())
    stands, competes = firm["status"] != "withdrawn", firm["reason"] in ("selected", "below_cut")
    required = firm["reason"] == "below_cut" or not (terms.uncut or terms.threshold <= 0.0)
    facts: dict[str, object] = {
        "firm": firm,
        "terms": asdict(terms),
        "own": None if firm["score"] is None else own_text(firm["score"], terms.threshold),
        "cut": cut_text(terms.threshold, firm["score"]),
        "before": before,
        "before_points": None
        if before is None or before["score"] is None
        else own_text(before["score"], terms.threshold),
        "missing": _missing(firm["missing"], lang),
        "required": stands and required,
        "asked": _requested(terms) if stands and competes and required else None,
        "now": int((current["status"] == "listed").sum()) if changed else None,
        "record_sha256": _record_hash(frame, firm),
        "ranked": int((frame["rank"].notna() & (frame["action"] == "evaluated")).sum()) if stands else 0,
        "too_old": "expired" in (firm["status"], firm["reason"]),
        "issuer": issuer,
        "contact": contact,
        "on": str(on),
    }
    return render("selection_letter.html", lang, facts)


def _record_hash(frame: pd.DataFrame, firm: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 of the record of the last review so far, which is in no file of records; None if none was."""
    entries = frame[(frame["batch"] == firm["batch"]) & (frame["enterprise_id"] == firm["enterprise_id"])]
    reviewed = entries[(entries["entry"] <= firm["entry"]) & entries["record"].notna()].sort_values("entry")
    return None if reviewed.empty else hashlib.sha256(reviewed["record"].iloc[-1].encode()).hexdigest()


def _before(frame: pd.DataFrame, firm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of an enterprise that a review replaced."""
    entries = frame[(frame["batch"] == firm["batch"]) & (frame["enterprise_id"] == firm["enterprise_id"])]
    return _firm(entries[entries["entry"] == firm["entry"] - 1].iloc[0].to_dict())


def write_letter(
    frame: pd.DataFrame,
    terms: ListTerms,
    enterprise: str,
    path: Path,
    lang: str,
    **facts: Any,  # noqa: ANN401
) -> None:
    """Write the letter to one enterprise; see :func:`letter_page`."""
    write(path, letter_page(frame, terms, enterprise, lang, **facts))


def write_page(current: pd.DataFrame, terms: ListTerms, path: Path, lang: str, **facts: Any) -> None:  # noqa: ANN401
    """Write the page of a list; see :func:`selection_page`."""
    write(path, selection_page(current, terms, lang, **facts))


def _widest(groups: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest share listed of any group, which fills its bar."""
    return max((group["selected"] / group["evaluated"] for group in groups), default=0.0) or 1.0


def _requested(terms: ListTerms) -> Requested:
    if terms.places is None:
        return Requested(points=cut_text(terms.threshold))
    share = f"{100.0 * (terms.top_share or 0.0):.6g}%"
    return Requested(share=share, places=terms.places, over=max(terms.selected - terms.places, 0))


def _best(firms: pd.DataFrame) -> pd.DataFrame:
    return firms.sort_values(["score", "enterprise_id"], ascending=[False, True]).head(_MOST)


def _nearest(firms: pd.DataFrame) -> pd.DataFrame:
    """Return the firms not on the list: first those that only the cut excluded, last those that expired."""
    too_old = (firms["status"] == "expired") | (firms["reason"] == "expired")
    last = np.select([too_old, firms["reason"] == "below_cut"], [2, 0], 1)
    ordered = firms.assign(last=last).sort_values(["last", "score", "enterprise_id"], ascending=[True, False, True])
    return ordered.drop(columns="last").head(_MOST)


_DAYS = ("as_of", "decided_on", "valid_from", "valid_until")


def _firm(row: Mapping[Any, Any]) -> dict[str, Any]:
    values = {str(name): None if pd.isna(value) else value for name, value in row.items()}
    return values | {name: str(values[name])[:10] for name in _DAYS if values[name] is not None}


def _firm_with_reasons(row: Mapping[Any, Any], lang: str) -> dict[str, Any]:
    """Return a firm with the parts of its reason, and whether each is one of several alternatives."""
    firm = _firm(row)
    reason = firm.get(f"{REASON_IN}{lang}") or firm[f"{REASON_IN}{FALLBACK}"]
    return firm | {"reasons": [(part, is_alternative(part)) for part in in_parts(reason)]}


def _missing(names: str | None, lang: str) -> list[str] | None:
    """Return the fields of the rules that an enterprise's record lacks; None where that is not known."""
    return None if names is None else [field_name(name, lang) for name in names.split(", ") if name]
