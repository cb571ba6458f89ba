"""A population of enterprises in a file: its records, and a rulebook made ready to rank among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pyarrow as pa

from icsml.core.files import whole_file
from icsml.core.parquet import ParquetParts
from icsml.core.progress import Progress
from icsml.core.tables import write_table
from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.fit_peers import fit_peers, fitted
from icsml.innovation.scoring.weight_robustness import Robustness, assumes_weights, robustness
from icsml.innovation.selection.select import Cut
from icsml.records.columns import Columns, latest, take, to_columns
from icsml.records.dataset import read_records
from icsml.records.screening import screen

__all__ = [
    "fit_peer_tables",
    "ranked_by",
    "read_columns",
    "refuse_peers",
    "row_counter",
    "weight_robustness",
    "write_frame",
]


def read_columns(path: Path) -> Columns:
    """Read and screen a file of records."""
    return screen(to_columns(read_records(path))).columns


def row_counter(path: Path) -> Callable[[], int]:
    """Return what counts the rows of a file of records without reading them."""

    def count() -> int:
        return ParquetParts.open(path, "ICS-REC-004").rows

    return count


def refuse_peers(rulebook: Rulebook) -> NoReturn:
    """Refuse peer tables for a rulebook that has no use for them."""
    raise InputError("ICS-RUL-031", "ranks nothing among peers", field=rulebook.id, remedy="leave out --peers")


def ranked_by(rulebook: Rulebook, columns: Columns, peers: Path | None, source: Path, progress: Progress) -> Rulebook:
    """Return the rulebook with the given peer tables, or where it ranks and none are given, with those of the rows."""
    if not rulebook.ranked:
        if peers is not None:
            refuse_peers(rulebook)
        return rulebook
    if peers is not None:
        return rulebook.with_peers(PeerTables.read(peers))
    progress(
        f"{rulebook.id} ranks among peers: the enterprises of {source.name} are taken for them, by their latest records"
    )
    return fitted(rulebook, columns, source.stem)


def fit_peer_tables(rulebook: Rulebook, source: Path, out: Path) -> PeerTables:
    """Fit the peer tables of a rulebook on the latest record of each enterprise of a file, and write them.

    Raises
    ------
    InputError
        If the rulebook ranks nothing among peers, or the file is not acceptable or has no rows.
    """
    columns = read_columns(source)
    tables = fit_peers(rulebook, take(columns, latest(columns)), source.stem)
    with whole_file(out) as partial:
        tables.write(partial)
    return tables


def weight_robustness(
    rulebook: Rulebook,
    source: Path,
    *,
    peers: Path | None,
    top_share: float,
    draws: int,
    concentration: float,
    seed: int,
    progress: Progress,
) -> Robustness | None:
    """Return how much of a file's ranking depends on assumed weights; None where none is assumed.

    Raises
    ------
    InputError
        ``ICS-SEL-001`` if the share is none, or leaves nobody on the list.
    """
    Cut(top_share=top_share)
    columns = read_columns(source)
    rulebook = ranked_by(rulebook, columns, peers, source, progress)
    points = evaluate(rulebook, columns)
    result = robustness(rulebook, points, top_share=top_share, draws=draws, concentration=concentration, seed=seed)
    if result is None and assumes_weights(rulebook):
        remedy = "give more records or a larger share"
        raise InputError("ICS-SEL-001", "leaves nobody on the list", field="--top-share", remedy=remedy)
    return result


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table in the format of the file extension; Parquet by pandas, so that it reads its types back."""
    write_table(path, pa.Table.from_pandas(frame, preserve_index=False))
