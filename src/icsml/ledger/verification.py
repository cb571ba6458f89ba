"""Whether a ledger is what was recorded: every hash recomputed, every chain against its checkpoints.

The first row of a chain that is not as it was is named with what was done to it. Rows after it are not judged: their
hashes depend on it. A payload that is not as it was breaks no chain, so those after it are judged, and named as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal, NamedTuple

from icsml.core.canonical import sha256_hex
from icsml.core.progress import Progress
from icsml.core.strict_json import JsonObject
from icsml.errors import LedgerError
from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.checkpoints import Checkpoint
from icsml.ledger.filing import Filed, FilingFault, compared, index_detail
from icsml.ledger.sealing import container, opened
from icsml.records.facets import DecisionFacets

__all__ = ["Bad", "Link", "StoredRow", "Verification", "verify_rows"]

Kind = Literal["edited", "deleted", "inserted", "reordered", "truncated", "checkpoint"]
_PROGRESS_ROWS: Final = 100_000
_MOST_DAMAGED: Final = 100  # of a chain that are named
_MOST_GONE: Final = 1000  # rows that may be gone before one that was moved up


class Link(NamedTuple):
    """A row of a chain as stored, with the hash that is stored beside it."""

    row: ChainRow
    sha256: str

    @property
    def is_well_formed(self) -> bool:
        """Whether every value is of the type that is recorded; SQLite keeps any."""
        types = {name: int if name == "sequence" else str for name in ChainRow._fields}
        return isinstance(self.sha256, str) and all(type(getattr(self.row, name)) is types[name] for name in types)

    def has_own_hash(self, sequence: int | None = None) -> bool:
        """Return whether the stored hash is that of the row, or of the row at another position."""
        row = self.row if sequence is None else self.row._replace(sequence=sequence)
        try:
            return row.sha256 == self.sha256
        except Exception:  # a value of another type than any that was recorded
            return False


class StoredRow(NamedTuple):
    """A link and what other tables say of it; None where they have nothing."""

    link: Link
    payload: bytes | None
    key: bytes | None
    kind: str | None
    about: str | None
    filed: Filed


@dataclass(frozen=True, slots=True)
class Bad:
    """The first row of a chain that is not as it was, or a checkpoint.

    Parameters
    ----------
    kind : str
        What was done to it.
    decision_id : str or None
        The decision; None if nothing names it any more.
    tenant, writer : str or None
        The chain; None for a checkpoint.
    sequence : int or None
        Position in the chain, or line of the file of checkpoints.
    detail : str
        One sentence.
    """

    kind: Kind
    decision_id: str | None
    tenant: str | None
    writer: str | None
    sequence: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Parameters
    ----------
    ok : bool
        Whether everything is as it was recorded.
    records, chains : int
        How many rows and chains were looked at.
    first_bad : Bad or None
        The first of `bad`.
    bad : list of Bad
        For each chain, in the order of tenant and writer, the first hundred whose content, key or event is not what was
        recorded, and the first row that breaks the chain; then the first of the index, and what is wrong with the
        checkpoints.
    checkpoints : int
        How many there are.
    last_checkpoint : str or None
        When the last one was signed.
    unsigned : int
        Rows after the last checkpoint of their chain: if these were cut off, nothing would show it.
    erased : int
        Rows whose key was deleted, as a recorded erasure says.
    misfiled : int
        Rows of which the index says something else than follows from what was recorded; `bad` names the first.
    """

    ok: bool
    records: int
    chains: int
    first_bad: Bad | None
    bad: list[Bad]
    checkpoints: int
    last_checkpoint: str | None
    unsigned: int
    erased: int = 0
    misfiled: int = 0


Chain = tuple[str, str]
Heads = Mapping[int, tuple[str, str]]
"""By position, what checkpoints say of it: hash of the row, and decision."""


def verify_rows(
    rows: Iterable[StoredRow],
    checkpoints: Sequence[Checkpoint],
    links: Callable[[str, str], Sequence[Link]],
    orphans: Sequence[str],
    progress: Progress,
    *,
    found: Callable[[ChainRow, DecisionFacets], None],
    erased: frozenset[str] = frozenset(),
) -> Verification:
    """Verify rows against themselves and against checkpoints.

    Parameters
    ----------
    rows : iterable of StoredRow
        All rows, by tenant, writer and sequence.
    checkpoints : sequence of Checkpoint
        Verified ones, in order.
    links : callable
        Returns the links of one chain in order; called where something is wrong with it.
    orphans : sequence of str
        Decisions that other tables name and no chain does.
    progress : callable
        Told how far it is.
    found : callable
        Told by what each decision must be found.
    erased : frozenset of str
        Whose keys were deleted.
    """
    signed: dict[Chain, dict[int, tuple[str, str]]] = {}
    for checkpoint in checkpoints:
        for head in checkpoint.heads:
            signed.setdefault((head.tenant, head.writer), {})[head.sequence] = (head.row_sha256, head.decision_id)
    bad: list[Bad] = []
    misfiled: list[Bad] = []
    records = unsigned = chains = gone = lying = 0
    for chain, stored in groupby(rows, key=lambda one: (one.link.row.tenant, one.link.row.writer)):
        chains += 1
        walk = _Walk(chain, signed.pop(chain, {}), erased, found)
        for one in stored:
            walk.take(one, links, orphans)
            records += 1
            if not records % _PROGRESS_ROWS:
                progress(f"{records:,} rows verified")
        gone += walk.gone
        lying += walk.misfiled
        misfiled += [] if misfiled or walk.first_misfiled is None else [walk.first_misfiled]
        unsigned += max(0, walk.length - max(walk.heads, default=0))
        bad += [fault for fault in [*walk.damaged, walk.bad or walk.end()] if fault is not None]
    for chain, heads in sorted(signed.items()):
        bad += [cut for cut in [_Walk(chain, heads, erased, found).end()] if cut is not None]
    if orphans and not bad:
        bad.append(
            Bad("deleted", _shown(orphans[0]), None, None, None, "other tables have this decision, and no chain has it")
        )
    last = checkpoints[-1].at if checkpoints else None
    bad += misfiled
    first = bad[0] if bad else None
    return Verification(not bad, records, chains, first, bad, len(checkpoints), last, unsigned, gone, lying)


def _shown(value: object) -> str | None:
    """Return a name as it can be shown, of whatever type it is stored."""
    return value if value is None or isinstance(value, str) else str(value)


class _Walk:
    """The way along one chain, up to the first row that is not as it was."""

    def __init__(
        self, chain: Chain, heads: Heads, erased: frozenset[str], found: Callable[[ChainRow, DecisionFacets], None]
    ) -> None:
        self._found = found
        self._chain = chain
        self._erased = erased
        self.heads = heads
        self.gone = 0
        self.length = 0
        self.bad: Bad | None = None
        self.damaged: list[Bad] = []
        self.misfiled = 0
        self.first_misfiled: Bad | None = None
        self._last: Link | None = None

    @property
    def _previous(self) -> str:
        return self._last.sha256 if self._last else GENESIS

    def take(self, stored: StoredRow, links: Callable[[str, str], Sequence[Link]], orphans: Sequence[str]) -> None:
        """Look at the next row."""
        if self.bad is not None:
            return
        link, position = stored.link, self.length + 1
        whole = link.row.sequence == position and link.row.previous_sha256 == self._previous and link.has_own_hash()
        if not whole:
            self.bad = self._named(link, position, links(*self._chain), orphans)
        elif position in self.heads and self.heads[position][0] != link.sha256:
            self.bad = self._bad("edited", link, "a checkpoint signed another row here: the chain was computed anew")
        elif (fault := self._of_content(stored)) is not None:
            self.damaged += [self._bad(*fault)] if len(self.damaged) < _MOST_DAMAGED else []
        self.length, self._last = position, link

    def _of_content(self, stored: StoredRow) -> tuple[Kind, Link, str] | None:
        """Return what is wrong with what the row is of."""
        link, erased = stored.link, stored.link.row.decision_id in self._erased
        if stored.payload is None:
            return self._of_nothing(stored, erased=erased)
        if sha256_hex(stored.payload) != link.row.payload_sha256:
            return "edited", link, "its payload is not what was recorded"
        try:
            shown = container(stored.payload)
        except LedgerError:
            return "edited", link, "its payload is no JSON object"
        told = (shown.get("kind"), shown.get("about")) if "format" in shown else (None, None)  # as earlier releases
        if told != (stored.kind, stored.about):
            return "edited", link, "the table of events says something else of it than was recorded"
        if erased and stored.key is not None:
            return "inserted", link, "its key is there again after it was erased"
        if stored.key is not None and "sealed" not in shown:
            self._misfiled(link, FilingFault("inserted", "payload_key"))
        return self._of_sealed(stored, shown, erased=erased)

    def _of_nothing(self, stored: StoredRow, *, erased: bool) -> tuple[Kind, Link, str] | None:
        self.gone += erased
        if not erased:
            return "deleted", stored.link, "its payload is gone, and no erasure of it is recorded"
        if stored.kind is not None:
            return "inserted", stored.link, "the table of events has a row of it, and none was recorded"
        self._file(stored, None)
        return None

    def _of_sealed(self, stored: StoredRow, shown: JsonObject, *, erased: bool) -> tuple[Kind, Link, str] | None:
        link = stored.link
        try:
            content = opened(link.row.decision_id, stored.payload or b"", stored.key, shown)
        except LedgerError:
            return "edited", link, "its key is not the one that was recorded"
        self.gone += content is None
        if content is None and not erased:
            return "deleted", link, "its key is gone, and no erasure of it is recorded"
        try:
            self._file(stored, content and content[0])
        except LedgerError:
            return "edited", link, "its payload is no JSON object"
        return None

    def _file(self, stored: StoredRow, content: bytes | None) -> None:
        """Compare what the tables beside the chain say with what was recorded."""
        facets, fault = compared(stored.link.row, stored.filed, content)
        if facets is not None:
            self._found(stored.link.row, facets)
        if fault is not None:
            self._misfiled(stored.link, fault)

    def _misfiled(self, link: Link, fault: FilingFault) -> None:
        self.misfiled += 1
        self.first_misfiled = self.first_misfiled or self._bad(fault.kind, link, index_detail(fault.where))

    def end(self) -> Bad | None:
        """Return what is wrong with the end of the chain, as checkpoints tell it."""
        gone = sorted(position for position in self.heads if position > self.length)
        if not gone:
            return None
        known = self.heads[gone[0]][1]
        detail = f"rows from {self.length + 1} on are gone; a checkpoint signed row {gone[-1]}"
        return Bad("truncated", known, *self._chain, self.length + 1, detail)

    def _bad(self, kind: Kind, link: Link, detail: str) -> Bad:
        row = link.row
        sequence = row.sequence if isinstance(row.sequence, int) else None
        return Bad(kind, _shown(row.decision_id), _shown(row.tenant), _shown(row.writer), sequence, detail)

    def _named(self, link: Link, position: int, chain: Sequence[Link], orphans: Sequence[str]) -> Bad:
        """Name what was done where a row does not follow the one before."""
        if not link.is_well_formed:
            return self._bad("edited", link, "a value of the row is of another type than any that is recorded")
        known = {other.sha256 for other in chain}
        successor = any(other.row.previous_sha256 == self._previous and other != link for other in chain)
        if link.has_own_hash():
            return self._of_whole_row(link, position, known, successor, chain, orphans)
        longest = max([len(chain), *self.heads]) + _MOST_GONE
        moved = next((at for at in range(1, longest) if link.has_own_hash(at)), None)
        if moved is None:
            if successor:
                return self._bad("inserted", link, "the row that followed the one before it stands after it")
            return self._bad("edited", link, "the row is not what was recorded")
        if link.row.previous_sha256 not in known and link.row.previous_sha256 != GENESIS:
            return self._gap(position, orphans)
        if self._last is not None and moved < link.row.sequence:
            return self._bad("inserted", self._last, "the rows after it were moved to make room")
        return self._bad("reordered", link, f"it was recorded as row {moved}")

    def _of_whole_row(
        self,
        link: Link,
        position: int,
        known: set[str],
        successor: bool,
        chain: Sequence[Link],
        orphans: Sequence[str],
    ) -> Bad:
        last, previous = self._last, link.row.previous_sha256
        if previous in known or previous == GENESIS or successor:
            return self._bad("inserted", link, "it does not follow the row before")
        if link.row.sequence > position:
            return self._gap(position, orphans)
        followed = any(other.row.previous_sha256 == link.sha256 for other in chain)
        signed = any(at >= link.row.sequence for at in self.heads)
        if last is not None and (followed or signed):
            return self._bad("edited", last, "the row after it follows another one: its hash was computed anew")
        return self._bad("inserted", link, "it follows a row that is not in the chain")

    def _gap(self, position: int, orphans: Sequence[str]) -> Bad:
        named = _shown(orphans[0]) if len(orphans) == 1 else None
        return Bad("deleted", named, *self._chain, position, f"row {position} is gone")
