"""Checkpoints that lie under another identifier than the database has now, and sign what is in it all the same.

Checkpoints are found by the identifier in the database. Whoever can write the database can change it, and then none
would be found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from icsml.core.canonical import canonical_bytes
from icsml.ledger.checkpoints import Checkpoint, CheckpointFaultError, Head, checkpoints_path, read_checkpoints

__all__ = ["other_checkpoints"]

_WRITER: Final = re.compile(rb'"writer":("(?:[^"\\]|\\.)*")')
_OF_CHANCE: Final = re.compile(r"w-[0-9a-f]{16}")
"""Names that a writer draws for itself: no two ledgers have one in common."""


def other_checkpoints(
    ledger: str | None, writers: Collection[str], trusted: frozenset[str], is_here: Callable[[Head], bool]
) -> tuple[str, list[Checkpoint]] | None:
    """Return the other identifier under which rows of this database were signed, and those checkpoints.

    Ledgers that have a file in the same folder and nothing in common with this one are passed over.

    Parameters
    ----------
    ledger : str or None
        The identifier that the database has.
    writers : collection of str
        Names of its writers.
    trusted : frozenset of str
        Public keys whose signatures count.
    is_here : callable
        Returns whether the signed row is in the database.
    """
    names = {canonical_bytes(writer) for writer in writers}
    for path in _others(ledger):
        if not _names_any(path, names):
            continue
        try:
            found = read_checkpoints(path.stem, trusted)
        except CheckpointFaultError as fault:
            found = fault.before
        heads = [head for checkpoint in reversed(found) for head in checkpoint.heads if head.writer in writers]
        if any(_OF_CHANCE.fullmatch(head.writer) or is_here(head) for head in heads):
            return path.stem, found
    return None


def _others(ledger: str | None) -> Iterator[Path]:
    for path in sorted(checkpoints_path("-").parent.glob("*.jsonl")):
        if path.stem != ledger and path.is_file():
            yield path


def _names_any(path: Path, names: Collection[bytes]) -> bool:
    """Return whether a file names one of these writers; that is found many times faster than it is parsed."""
    try:
        with path.open("rb") as lines:
            return any(name in names for line in lines for name in _WRITER.findall(line))
    except OSError:
        return False
