"""A recommended list with its terms: entries are only added, so that past listings stay known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NotRequired, TypedDict

import numpy as np
import pandas as pd

from icsml.errors import InputError
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.population_groups import group_order
from icsml.innovation.scoring.validity import ages
from icsml.innovation.selection.list_reasons import REASON_IN
from icsml.innovation.selection.select import (
    NOT_EVALUATED,
    REASONS,
    Cut,
    Entries,
    entries,
    exclusion_reasons,
    reason_text,
    select,
)
from icsml.records.columns import Columns, record_columns
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.screening import screen

__all__ = [
    "Appeal",
    "EntryResult",
    "GroupCount",
    "ListTerms",
    "appeal",
    "figures",
    "make_list",
    "standing",
    "withdraw",
]


Entry = dict[str, Any]
"""The cells of one row of a list, by column."""


class GroupCount(TypedDict):
    """Enterprises evaluated and listed in one group; for a reason, the enterprises with it, and its text."""

    group: str | None
    evaluated: int
    selected: NotRequired[int]
    text: NotRequired[dict[str, str]]


class EntryResult(TypedDict):
    """Result of an entry for an enterprise; the reason is that of a review alone."""

    entry: int
    score: float | None
    selected: bool
    reason: NotRequired[str]


class Appeal(TypedDict):
    """An enterprise before and after the review of a corrected record, and its points by indicator."""

    enterprise_id: str
    before: EntryResult
    after: EntryResult
    points: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class ListTerms:
    """Terms of a list; kept in its file.

    Parameters
    ----------
    rulebook, rulebook_sha256, provenance : str
        The rules.
    peers_sha256 : str or None
        The peer tables they ranked by.
    batch : str
        Name of the batch.
    on : str
        Day of selection.
    top_share, cut_off : float or None
        How it was cut.
    threshold, max_score : float
        Fewest points that were enough, and the scale.
    evaluated, selected : int
        Enterprises evaluated, and those on the list that day.
    source_sha256 : str
        The file of records.
    stages : tuple of str
        Stages of the rulebook, in order.
    synthetic : bool
        Whether the enterprises are simulated.
    """

    rulebook: str
    rulebook_sha256: str
    provenance: str
    peers_sha256: str | None
    batch: str
    on: str
    top_share: float | None
    cut_off: float | None
    threshold: float
    max_score: float
    evaluated: int
    selected: int
    source_sha256: str
    stages: tuple[str, ...] = ()
    synthetic: bool = False

    @property
    def places(self) -> int | None:
        """Number of firms the list takes; None where a number of points was the cut."""
        return Cut(self.top_share, self.cut_off).places(self.evaluated)

    @property
    def uncut(self) -> bool:
        """Whether all eligible firms are on the list because the list takes more."""
        return self.places is not None and self.selected < self.places


def make_list(
    rulebook: Rulebook, columns: Columns, *, cut: Cut, on: date, batch: str, source_sha256: str, synthetic: bool = False
) -> tuple[Entries, ListTerms]:
    """Return a list and its terms; see :func:`icsml.innovation.selection.select.select`."""
    made = select(rulebook, columns, cut=cut, on=on, batch=batch)
    tables = rulebook.peer_tables
    return made, ListTerms(
        rulebook=rulebook.id,
        rulebook_sha256=rulebook.sha256,
        provenance=str(rulebook.provenance),
        peers_sha256=tables.sha256 if tables is not None else None,
        batch=batch,
        on=str(on),
        top_share=cut.top_share,
        cut_off=cut.cut_off,
        threshold=made.threshold,
        max_score=rulebook.max_score,
        evaluated=made.evaluated,
        selected=made.selected,
        stages=made.points.stages,
        source_sha256=source_sha256,
        synthetic=synthetic,
    )


def withdraw(frame: pd.DataFrame, enterprise: str, *, on: date, because: str) -> pd.DataFrame:
    """Return the list with one more entry that withdraws an enterprise; earlier entries stay.

    Raises
    ------
    InputError
        If the enterprise is not on the list, or the day is before its last entry.
    """
    _refuse_without_cause(because)
    last = _last_entry(frame, enterprise, on)
    if not last["selected"]:
        raise InputError("ICS-SEL-004", "is not on the list", field="--enterprise", remedy="see `icsml selection show`")
    entry = _next(last, "withdrawn", "withdrawn", on, because)
    return _appended(frame, entry | {"selected": False, "valid_from": pd.NaT, "valid_until": pd.NaT})


def appeal(
    frame: pd.DataFrame, terms: ListTerms, rulebook: Rulebook, record: EnterpriseRecord, *, on: date, because: str
) -> tuple[pd.DataFrame, Appeal]:
    """Return the list with one more entry for an enterprise scored on a corrected record, and the changes.

    The same rules, peers and cut apply, to a record of the same date; nobody else is moved. Both entries are kept, the
    new one with its record.

    Raises
    ------
    InputError
        If the rules or peer tables are not those of the list, or the enterprise was not evaluated in it on a record
        of that date.
    """
    _refuse_without_cause(because)
    _refuse_other_rules(terms, rulebook)
    last = _last_entry(frame, record.enterprise_id, on)
    if record.as_of != _date(last["as_of"]):
        raise InputError(
            "ICS-SEL-004",
            "is not the date of the record that was evaluated",
            field="as_of",
            remedy=f"correct the record of {_date(last['as_of'])}",
        )
    columns = screen(record_columns(record)).columns
    points = evaluate(rulebook, columns)
    age = ages(rulebook, columns["as_of"], on)
    reason = exclusion_reasons(rulebook, points, age, columns, on)
    if reason[0] == "":
        enough = points.score[0] >= terms.threshold or _has_capacity(frame, terms, on)
        reason[0] = "selected" if enough else "below_cut"
    made = entries(
        rulebook,
        points,
        age,
        columns,
        reason,
        on=on,
        batch=terms.batch,
        threshold=terms.threshold,
        uncut=terms.uncut,
    )
    row = _fields(made.iloc[0])
    kept = record.model_dump(mode="json", exclude_none=True)
    entry = row | {
        "entry": int(last["entry"]) + 1,
        "action": "appeal",
        "because": because,
        "record": json.dumps(kept, ensure_ascii=False, sort_keys=True),
        "rank": pd.NA,
    }
    return _appended(frame, entry), {
        "enterprise_id": record.enterprise_id,
        "before": {"entry": int(last["entry"]), "score": _number(last["score"]), "selected": bool(last["selected"])},
        "after": {
            "entry": entry["entry"],
            "score": _number(row["score"]),
            "selected": bool(row["selected"]),
            "reason": row["reason"],
        },
        "points": _points(points),
    }


def standing(frame: pd.DataFrame, on: date) -> pd.DataFrame:
    """Return the last entry of every enterprise by a day, with ``status``: listed, expired, withdrawn or not listed."""
    day = pd.Timestamp(on)
    known = frame[(frame["decided_on"] <= day) & ~frame["reason"].isin(NOT_EVALUATED)]
    last = known.sort_values(["batch", "enterprise_id", "entry"], kind="stable").groupby(
        ["batch", "enterprise_id"], sort=False, as_index=False
    )
    current = last.tail(1).sort_index()
    expired = current["selected"] & (current["valid_until"] < day)
    status = np.select(
        [expired, current["selected"], current["reason"] == "withdrawn"],
        ["expired", "listed", "withdrawn"],
        "not listed",
    )
    return current.assign(status=pd.array(status, dtype="str"))


def figures(current: pd.DataFrame, stages: Sequence[str] = ()) -> dict[str, list[GroupCount]]:
    """Return evaluated, listed and their share by batch, province, stage and field, and the number of each reason.

    Parameters
    ----------
    current : DataFrame
        What :func:`standing` returned.
    stages : sequence of str
        Stages in their order.
    """
    listed = current["status"] == "listed"
    counts_by: dict[str, list[GroupCount]] = {}
    for name in ("batch", "province", "stage", "technical_field"):
        order = group_order(name, stages)
        counted = sorted(_counted(current[name], listed), key=lambda group: order(group[0]))
        counts_by[name] = [{"group": group, "evaluated": count, "selected": inside} for group, count, inside in counted]
    counts = current["reason"].value_counts(sort=False)
    counts_by["reason"] = [
        {"group": code, "evaluated": int(counts[code]), "text": reason_text(code).model_dump()}
        for code in REASONS
        if code in counts
    ]
    return counts_by


def _counted(groups: pd.Series[Any], listed: pd.Series[bool]) -> list[tuple[str | None, int, int]]:
    names = groups.astype(object).where(groups.notna(), None)
    table = pd.DataFrame({"group": names, "listed": listed})
    counted = table.groupby("group", dropna=False, sort=True)["listed"].agg(["size", "sum"])
    return [
        (None if pd.isna(name) else str(name), int(size), int(inside))
        for name, size, inside in counted.itertuples(name=None)
    ]


def _refuse_other_rules(terms: ListTerms, rulebook: Rulebook) -> None:
    peers = rulebook.peer_tables.sha256 if rulebook.peer_tables is not None else None
    if (rulebook.sha256, peers) != (terms.rulebook_sha256, terms.peers_sha256):
        raise InputError(
            "ICS-SEL-005",
            "these are not the rules and peer tables that the list was made by",
            field=rulebook.id,
            remedy="give the same rulebook, and with --peers the tables written beside the list",
        )


def _last_entry(frame: pd.DataFrame, enterprise: str, on: date) -> Entry:
    evaluations = frame[(frame["enterprise_id"] == enterprise) & ~frame["reason"].isin(NOT_EVALUATED)]
    if evaluations.empty:
        raise InputError(
            "ICS-SEL-004", "was not evaluated in this list", field="enterprise_id", remedy="check the identifier"
        )
    last = _fields(evaluations.sort_values("entry", kind="stable").iloc[-1])
    if pd.Timestamp(on) < last["decided_on"]:
        raise InputError("ICS-SEL-004", "lies before the last entry", field="--on", remedy="entries are only added")
    return last


def _has_capacity(frame: pd.DataFrame, terms: ListTerms, on: date) -> bool:
    """Return whether the cut excluded nobody and fewer firms are on the list than the share allows."""
    listed = int((standing(frame, on)["status"] == "listed").sum())
    return terms.uncut and terms.places is not None and listed < terms.places


def _date(moment: Any) -> date | None:  # noqa: ANN401 - a cell of a frame
    return None if pd.isna(moment) else pd.Timestamp(moment).date()


def _fields(row: pd.Series[Any]) -> Entry:
    return {str(name): value for name, value in row.items()}


def _refuse_without_cause(because: str) -> None:
    if not because.strip():
        raise InputError(
            "ICS-SEL-004", "says nothing", field="--because", remedy="state why; it is kept with the entry"
        )


def _next(last: Entry, action: str, reason: str, on: date, because: str) -> Entry:
    text = reason_text(reason)
    return last | {
        "entry": int(last["entry"]) + 1,
        "action": action,
        "decided_on": pd.Timestamp(on),
        "reason": reason,
        **{name: text.text(name.removeprefix(REASON_IN)) for name in last if name.startswith(REASON_IN)},
        "because": because,
        "record": None,
    }


def _appended(frame: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    row = pd.DataFrame([entry], columns=frame.columns)
    typed = row.astype({name: frame[name].dtype for name in frame.columns})
    return pd.concat([frame, typed], ignore_index=True)


def _points(points: Points) -> dict[str, float | None]:
    return {name: _number(values[0]) for name, values in points.points.items()}


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
