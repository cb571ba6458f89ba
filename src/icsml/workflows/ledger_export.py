"""Recorded decisions as a Parquet file, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as arrow
from pyarrow import parquet

from icsml.core.files import whole_file
from icsml.core.progress import Progress, silent
from icsml.core.strict_json import JsonObject
from icsml.errors import LedgerError
from icsml.ledger.outcomes import Settled, of_decision, settled
from icsml.ledger.sealing import erased
from icsml.ledger.store import Ledger
from icsml.ledger.store.walking import Walked

__all__ = ["ExportCounts", "export_ledger", "known_outcomes"]

_COLUMNS: Final = {
    "tenant": arrow.string(),
    "writer": arrow.string(),
    "sequence": arrow.int64(),
    "recorded_at": arrow.string(),
    "decision_id": arrow.string(),
    "payload_sha256": arrow.string(),
    "previous_sha256": arrow.string(),
    "row_sha256": arrow.string(),
    "decided_at": arrow.string(),
    "enterprise_id": arrow.string(),
    "as_of": arrow.string(),
    "grade": arrow.string(),
    "pd": arrow.float64(),
    "score": arrow.int64(),
    "model_name": arrow.string(),
    "model_version": arrow.string(),
    "bundle_sha256": arrow.string(),
    "reasons": arrow.list_(arrow.string()),
    "erased": arrow.bool_(),
    "outcome_id": arrow.string(),
    "bad": arrow.bool_(),
    "event": arrow.string(),
    "event_date": arrow.string(),
    "contradictory": arrow.bool_(),
}
_AT_ONCE, _TOLD = 2048, 100_000


@dataclass(slots=True)
class ExportCounts:
    """How many decisions were written, with how many outcomes.

    Parameters
    ----------
    decisions, outcomes : int
        All, and those of which is known what became of them, if only that it was never seen.
    contradictory : int
        Those whose outcomes contradict one another, so that none is told.
    """

    decisions: int = 0
    outcomes: int = 0
    contradictory: int = 0

    def add(self, known: Iterable[Settled]) -> None:
        """Count the decisions of a group."""
        for one in known:
            self.decisions += 1
            self.outcomes += one.outcome_id is not None
            self.contradictory += one.contradictory


def export_ledger(
    ledger: Ledger,
    out: Path,
    *,
    tenant: str | None = None,
    since: datetime | None = None,
    payload: bool = False,
    progress: Progress = silent,
) -> ExportCounts:
    """Write a row for each decision, in the order recorded, with its outcome, and return how many.

    Parameters
    ----------
    ledger : Ledger
        Where they are recorded.
    out : Path
        The Parquet file; it is there when all rows are in it.
    tenant : str, optional
        Whose; all by default.
    since : datetime, optional
        The earliest time of recording.
    payload : bool
        Whether a column holds the payloads as JSON; null where they were erased.
    progress : callable
        Told how far it is.

    Raises
    ------
    LedgerError
        If the ledger cannot be read, or a payload is not what was recorded; then it names the decision.
    InputError
        If the target cannot become a file.
    """
    schema = arrow.schema({**_COLUMNS, **({"payload": arrow.string()} if payload else {})})
    counts, rows = ExportCounts(), list[dict[str, Any]]()
    with whole_file(out) as partial, parquet.ParquetWriter(partial, schema, compression="zstd") as writer:
        for group in ledger.walk(tenant=tenant, since=since):
            described = ledger.described([one.decision_id for one in group])
            known = known_outcomes(ledger, described.values())
            rows += [
                _row(one, described[one.decision_id] | known[one.decision_id]._asdict(), payload=payload)
                for one in group
            ]
            counts.add(known.values())
            if len(rows) >= _AT_ONCE:
                writer.write_table(arrow.Table.from_pylist(rows, schema))
                rows = []
            if counts.decisions // _TOLD != (counts.decisions - len(group)) // _TOLD:
                progress(f"{counts.decisions:,} decisions")
        writer.write_table(arrow.Table.from_pylist(rows, schema))
    return counts


def known_outcomes(ledger: Ledger, decisions: Iterable[Mapping[str, Any]]) -> dict[str, Settled]:
    """Return what is known to have become of decisions, by their identifiers.

    Parameters
    ----------
    ledger : Ledger
        Where outcomes are.
    decisions : iterable of mapping
        Of each ``decision_id``, ``tenant``, ``enterprise_id`` and ``as_of``; without a firm nothing is known.
    """
    there = list(decisions)
    firms = {(each["tenant"], each["enterprise_id"]) for each in there if each["enterprise_id"] is not None}
    outcomes: dict[tuple[str, str], list[JsonObject]] = {firm: [] for firm in firms}
    for tenant in sorted({tenant for tenant, _ in firms}):
        for one in ledger.outcomes(tenant, [firm for of, firm in firms if of == tenant]):
            outcomes[tenant, one["enterprise_id"]].append(one)
    return {
        each["decision_id"]: settled(
            of_decision(outcomes.get((each["tenant"], each["enterprise_id"]), []), each["decision_id"], each["as_of"])
        )
        for each in there
    }


def _row(one: Walked, described: dict[str, object], *, payload: bool) -> dict[str, Any]:
    if one.error is not None and one.error.code != erased().code:
        error = one.error
        raise LedgerError(error.code, error.message, field=f"decision {one.decision_id}", remedy=error.remedy)
    reasons = described["reasons"]
    row = described | {
        "reasons": json.loads(reasons) if isinstance(reasons, str) else None,
        "erased": one.data is None,
    }
    return row | {"payload": one.data and one.data.decode()} if payload else row
