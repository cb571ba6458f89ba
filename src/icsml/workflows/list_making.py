"""The recommended list of a file of records: making, appeals, withdrawals and letters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic_core import to_jsonable_python

from icsml.core.canonical import sha256_file
from icsml.core.files import whole_file
from icsml.core.progress import Progress
from icsml.core.strict_json import JsonObject
from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.weight_robustness import Robustness, robustness
from icsml.innovation.selection.list_file import read_list, write_list
from icsml.innovation.selection.recommended_list import (
    Appeal,
    GroupCount,
    ListTerms,
    appeal,
    figures,
    make_list,
    standing,
    withdraw,
)
from icsml.innovation.selection.select import Cut
from icsml.records.columns import Columns, take
from icsml.records.dataset import is_synthetic
from icsml.records.enterprise import EnterpriseRecord
from icsml.workflows.population import ranked_by, read_columns, refuse_peers

__all__ = ["RecommendedList", "appeal_against", "entries_of", "peers_file", "recommend", "take_off"]

_STATED = ("evaluated", "selected", "threshold", "max_score", "rulebook", "provenance", "on", "batch")


@dataclass(frozen=True)
class RecommendedList:
    """A list that was made.

    Parameters
    ----------
    rulebook : Rulebook
        The rules, with their peer tables where they rank.
    current : DataFrame
        Who is on the list on its day.
    terms : ListTerms
        On what terms it was made.
    figures : dict
        Counts by stage, field, province and reason.
    robustness : Robustness or None
        How much of the list depends on assumed weights; None where nobody is on it or no weight is assumed.
    """

    rulebook: Rulebook
    current: pd.DataFrame
    terms: ListTerms
    figures: dict[str, list[GroupCount]]
    robustness: Robustness | None

    def as_json(self) -> JsonObject:
        """Return the figures as a JSON object."""
        content: JsonObject = to_jsonable_python(
            {name: getattr(self.terms, name) for name in (*_STATED, "places", "uncut")}
            | {"figures": self.figures, "robustness": self.robustness, "synthetic": self.terms.synthetic}
        )
        return content


def peers_file(list_: Path) -> Path:
    """Return the path of a list's peer tables: beside it."""
    return list_.with_name(f"{list_.name}.peers.json")


def recommend(
    rulebook: Rulebook,
    source: Path,
    out: Path,
    *,
    cut: Cut,
    on: date | None,
    batch: str,
    peers: Path | None,
    progress: Progress,
) -> RecommendedList:
    """Make a list and write it, with its peer tables beside it where the rules rank among peers.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    source, out : Path
        The records, and the list to write.
    cut : Cut
        How many are listed.
    on : date, optional
        Day of selection; the latest date of the records by default.
    batch : str
        Name of the batch.
    peers : Path, optional
        Peer tables; by default those of the file itself.
    progress : callable
        Called with a line of text at each step.

    Raises
    ------
    InputError
        If an input is not acceptable, no record has a date and ``on`` is not given, or a list that entries were added
        to would be replaced.
    """
    columns = read_columns(source)
    on = on or _latest(columns)
    filed = take(columns, ~(columns["as_of"] > np.datetime64(on, "D")))
    rulebook = ranked_by(rulebook, filed, peers, source, progress)
    if not rulebook.in_force.holds(on):
        progress(f"warning: {rulebook.id} was not in force on {on}")
    progress(f"evaluating {len(columns['enterprise_id']):,} records on {on}")
    sha256, synthetic = sha256_file(source), is_synthetic(source)
    made, terms = make_list(rulebook, columns, cut=cut, on=on, batch=batch, source_sha256=sha256, synthetic=synthetic)
    write_list(out, made.frame, terms)
    if rulebook.peer_tables is not None:
        with whole_file(peers_file(out)) as partial:
            rulebook.peer_tables.write(partial)
    current, competing = standing(made.frame, on), made.competing
    share = made.selected / max(int(competing.sum()), 1)
    robust = robustness(rulebook, made.points, among=competing, top_share=share) if made.selected else None
    return RecommendedList(rulebook, current, terms, figures(current, made.points.stages), robust)


def appeal_against(
    list_: Path, rulebook: Rulebook, record: EnterpriseRecord, *, on: date, because: str, peers: Path | None
) -> tuple[ListTerms, Appeal]:
    """Score a corrected record anew by the list's own rules and cut, and add the result to its file.

    Returns
    -------
    tuple of (ListTerms, dict)
        The terms of the list, and its entries of the enterprise before and after.

    Raises
    ------
    InputError
        As :func:`icsml.innovation.selection.recommended_list.appeal`.
    """
    frame, terms = read_list(list_)
    if rulebook.ranked:
        rulebook = rulebook.with_peers(PeerTables.read(peers or peers_file(list_)))
    elif peers is not None:
        refuse_peers(rulebook)
    longer, change = appeal(frame, terms, rulebook, record, on=on, because=because)
    write_list(list_, longer, terms)
    return terms, change


def take_off(list_: Path, enterprise: str, *, on: date, because: str) -> None:
    """Take an enterprise off the list in a file by adding an entry.

    Raises
    ------
    InputError
        If it is not on the list, or the day is before its last entry.
    """
    frame, terms = read_list(list_)
    write_list(list_, withdraw(frame, enterprise, on=on, because=because), terms)


def entries_of(frame: pd.DataFrame, enterprise: str) -> list[JsonObject]:
    """Return every entry of an enterprise as JSON objects.

    Raises
    ------
    InputError
        If it was not evaluated in the list.
    """
    entries = frame[frame["enterprise_id"] == enterprise]
    if entries.empty:
        raise InputError(
            "ICS-SEL-004", "was not evaluated in this list", field="--enterprise", remedy="check the identifier"
        )
    parsed: list[JsonObject] = json.loads(entries.to_json(orient="records", date_format="iso", force_ascii=False))
    return parsed


def _latest(columns: Columns) -> date:
    known = columns["as_of"][~np.isnat(columns["as_of"])]
    if not len(known):
        raise InputError("ICS-SEL-002", "no record has a date", field="as_of", remedy="say the day with --on")
    latest: date = known.max().astype("datetime64[D]").item()
    return latest
