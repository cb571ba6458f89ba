"""Recorded decisions as a Parquet file, in constant memory."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as arrow
from pyarrow import parquet

from icsml.core.files import whole_file
from icsml.core.progress import Progress, silent
from icsml.ledger.sealing import erased
from icsml.ledger.store import Ledger
from icsml.ledger.store.walking import Walked

__all__ = ["export_ledger"]

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
}
_AT_ONCE, _TOLD = 2048, 100_000


def export_ledger(
    ledger: Ledger,
    out: Path,
    *,
    tenant: str | None = None,
    since: datetime | None = None,
    payload: bool = False,
    progress: Progress = silent,
) -> int:
    """Write a row for each decision, in the order recorded, and return how many.

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
        If the ledger cannot be read, or a payload is not what was recorded.
    InputError
        If the target cannot become a file.
    """
    schema = arrow.schema({**_COLUMNS, **({"payload": arrow.string()} if payload else {})})
    count, rows = 0, list[dict[str, Any]]()
    with whole_file(out) as partial, parquet.ParquetWriter(partial, schema, compression="zstd") as writer:
        for group in ledger.walk(tenant=tenant, since=since):
            described = ledger.described([one.decision_id for one in group])
            rows += [_row(one, described[one.decision_id], payload=payload) for one in group]
            if len(rows) >= _AT_ONCE:
                writer.write_table(arrow.Table.from_pylist(rows, schema))
                count, before, rows = count + len(rows), count, []
                if before // _TOLD != count // _TOLD:
                    progress(f"{count:,} decisions")
        writer.write_table(arrow.Table.from_pylist(rows, schema))
    return count + len(rows)


def _row(one: Walked, described: dict[str, object], *, payload: bool) -> dict[str, Any]:
    if one.error is not None and one.error.code != erased().code:
        raise one.error
    reasons = described["reasons"]
    row = described | {
        "reasons": json.loads(reasons) if isinstance(reasons, str) else None,
        "erased": one.data is None,
    }
    return row | {"payload": one.data and one.data.decode()} if payload else row
