"""Signed checkpoints: where each chain ended at a moment, kept outside the database.

A file of lines, ``ICSML_HOME/checkpoints/<id of the ledger>.jsonl``. Each line is a JSON object with ``checkpoint`` and
``signature``: Ed25519 over the RFC 8785 bytes of ``checkpoint``, which names the one before by its SHA-256. So nobody
who can write the database alone can cut off the end of a chain, or compute a chain anew, without being noticed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.core.clock import timestamp
from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.errors import MissingError
from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.signing import SigningKey, is_signed, signing_key

__all__ = [
    "Checkpoint",
    "CheckpointFaultError",
    "Head",
    "add_checkpoints",
    "checkpoints_path",
    "first_signed",
    "ledger_key",
    "read_checkpoints",
]

_FOLDER: Final = "checkpoints"
_BLOCK: Final = 65_536
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Head(NamedTuple):
    """The end of a chain: whose it is, and its last row."""

    tenant: str
    writer: str
    sequence: int
    row_sha256: str
    decision_id: str


class Checkpoint(BaseModel):
    """What one line signs.

    Parameters
    ----------
    format : int
        Of the line.
    ledger : str
        Identifier of the ledger.
    number : int
        From 1 without gaps.
    at : str
        When, ISO 8601 in UTC.
    previous_sha256 : str
        SHA-256 of the checkpoint before; 64 zeros in the first.
    public_key : str
        Of the key that signs.
    heads : tuple of Head
        The chains of one tenant that have grown since, each with its end; earlier releases signed all tenants together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    ledger: str
    number: int
    at: str
    previous_sha256: _Sha256
    public_key: _Sha256
    heads: tuple[Head, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What is signed: RFC 8785 JSON, each head as an object."""
        return canonical_bytes({**self.model_dump(exclude={"heads"}), "heads": [head._asdict() for head in self.heads]})

    @property
    def sha256(self) -> str:
        """What the next checkpoint names."""
        return sha256_hex(self.signed_bytes)


class CheckpointFaultError(Exception):
    """A line of the file is not what was written: its number, what is wrong, and the checkpoints before it."""

    def __init__(self, line: int, what: str, before: Sequence[Checkpoint] = ()) -> None:
        super().__init__(what)
        self.line = line
        self.what = what
        self.before = list(before)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint: Checkpoint
    signature: str


def checkpoints_path(ledger: str) -> Path:
    """Return the file of a ledger's checkpoints."""
    return home() / _FOLDER / f"{ledger}.jsonl"


def add_checkpoints(ledger: str, heads: Sequence[Head], at: datetime) -> Checkpoint:
    """Sign where chains end, one checkpoint for each tenant, and append them; on disk when this returns.

    Each goes out with the evidence of its tenant's decisions, so it names no other tenant.

    Parameters
    ----------
    ledger : str
        Identifier of the ledger.
    heads : sequence of Head
        The ends of chains, at least one.
    at : datetime
        When.

    Returns
    -------
    Checkpoint
        The last of them, which contains the hash of those before it.

    Raises
    ------
    ConfigError
        As `icsml.ledger.signing.signing_key`.
    MissingError
        ``ICS-LED-021`` if the file cannot be written, or its last line is damaged.
    """
    path = checkpoints_path(ledger)
    try:
        with _locked(path) as file:
            last, key, lines = _last(file), signing_key(), []
            for _, of_tenant in groupby(sorted(heads), key=itemgetter(0)):
                last = Checkpoint(
                    ledger=ledger,
                    number=last.number + 1 if last else 1,
                    at=timestamp(at),
                    previous_sha256=last.sha256 if last else GENESIS,
                    public_key=key.public,
                    heads=tuple(of_tenant),
                )
                lines.append(_line(last, key.sign(last.signed_bytes)))
            _append(file, b"".join(lines))
    except (OSError, CheckpointFaultError) as error:
        raise MissingError(
            "ICS-LED-021",
            "no checkpoint can be added",
            field=str(path),
            remedy="check the disk and the rights of the file, and `icsml ledger verify`",
        ) from error
    assert last is not None  # noqa: S101 - of at least one head
    return last


def read_checkpoints(ledger: str, trusted: frozenset[str]) -> list[Checkpoint]:
    """Return the checkpoints of a ledger in order; none where there is no file.

    Raises
    ------
    CheckpointFaultError
        If a line was changed, removed, added or moved, or a key that is not trusted signed it.
    """
    try:
        lines = checkpoints_path(ledger).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found: list[Checkpoint] = []
    for number, line in enumerate(lines[:-1], 1):  # what has no end of line was being written, and promised nothing
        parsed = _parsed(line, number, found)
        if (what := _fault(parsed, ledger, found, trusted)) is not None:
            raise CheckpointFaultError(number, what, found)
        found.append(parsed.checkpoint)
    return found


def first_signed(ledger: str, row: ChainRow, trusted: frozenset[str]) -> tuple[Head, bytes] | None:
    """Return the first end at or after a row of a chain that was signed, and the line that signs it; None without one.

    Only lines that name the writer are looked at. Passed over are those that are not as they were signed, of which
    `read_checkpoints` tells, and those of an earlier release that name another tenant too.

    Parameters
    ----------
    ledger : str
        Identifier of the ledger.
    row : ChainRow
        The row.
    trusted : frozenset of str
        Public keys whose signatures count.
    """
    writer = canonical_bytes(row.writer)
    try:
        stream = checkpoints_path(ledger).open("rb")
    except FileNotFoundError:
        return None
    with stream:
        for content in stream:
            if writer not in content or not content.endswith(b"\n"):
                continue
            if (head := _signed_end(content, ledger, row, trusted)) is not None:
                return head, content[:-1]
    return None


def ledger_key(ledger: str) -> SigningKey:
    """Return the key that signs what is about a ledger, while no other process can make one.

    Raises
    ------
    ConfigError
        As `icsml.ledger.signing.signing_key`.
    """
    with _locked(checkpoints_path(ledger)):
        return signing_key()


def _signed_end(content: bytes, ledger: str, row: ChainRow, trusted: frozenset[str]) -> Head | None:
    try:
        line = _parsed(content, 0)
    except CheckpointFaultError:
        return None
    checkpoint = line.checkpoint
    ends = [head for head in checkpoint.heads if (head.tenant, head.writer) == (row.tenant, row.writer)]
    if not ends or ends[0].sequence < row.sequence or checkpoint.ledger != ledger:
        return None
    if any(head.tenant != row.tenant for head in checkpoint.heads):
        return None
    if checkpoint.public_key not in trusted:
        return None
    return ends[0] if is_signed(checkpoint.public_key, checkpoint.signed_bytes, line.signature) else None


def _fault(line: _Line, ledger: str, before: Sequence[Checkpoint], trusted: frozenset[str]) -> str | None:
    checkpoint = line.checkpoint
    if checkpoint.public_key not in trusted:
        return "signed by a key that is not trusted"
    if not is_signed(checkpoint.public_key, checkpoint.signed_bytes, line.signature):
        return "the signature is not that of its content"
    if checkpoint.ledger != ledger:
        return "it is of another ledger"
    if (checkpoint.number, checkpoint.previous_sha256) != (
        len(before) + 1,
        before[-1].sha256 if before else GENESIS,
    ):
        return "it does not follow the line before"
    return None


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    with private_files():
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _last(file: int) -> Checkpoint | None:
    """Return the last checkpoint, after removing a line that a crash cut off; only the end of the file is read."""
    size, block = os.fstat(file).st_size, _BLOCK
    while True:
        start = max(0, size - block)
        content = os.pread(file, size - start, start)
        end = content.rfind(b"\n") + 1
        before = content.rfind(b"\n", 0, end - 1) + 1 if end else 0
        if before or not start:  # the last line is there from its beginning
            break
        block *= 2
    os.ftruncate(file, start + end)
    return _parsed(content[before : end - 1], 0).checkpoint if end else None


def _append(file: int, line: bytes) -> None:
    os.lseek(file, 0, os.SEEK_END)
    if os.write(file, line) != len(line):
        raise OSError("not written completely")
    os.fsync(file)


def _line(checkpoint: Checkpoint, signature: str) -> bytes:
    return b'{"checkpoint":%b,"signature":"%b"}\n' % (checkpoint.signed_bytes, signature.encode())


def _parsed(line: bytes, number: int, before: Sequence[Checkpoint] = ()) -> _Line:
    try:
        return _Line.model_validate_json(line)
    except ValidationError as error:
        raise CheckpointFaultError(number, "it is no checkpoint", before) from error
