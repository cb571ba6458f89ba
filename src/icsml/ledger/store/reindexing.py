"""Putting the index right from what was recorded: in short transactions, beside whoever records meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, Row, delete, insert, update
from sqlalchemy import text as sql_text

from icsml.core.canonical import sha256_hex
from icsml.core.progress import Progress
from icsml.errors import LedgerError
from icsml.ledger.filing import compared, facts_of, index_values
from icsml.ledger.sealing import altered, container, opened
from icsml.ledger.store.chain_tables import DECISION_INDEX, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.database import lock, write_transaction
from icsml.ledger.store.erasing import erased_names
from icsml.ledger.store.index_checking import EXPECTED_REASONS, MISSING_REASON, STRAY_REASON, reason_lists
from icsml.ledger.store.reasons import REASONS_LOCK
from icsml.ledger.store.scanning import stored_rows
from icsml.ledger.verification import StoredRow
from icsml.records.facets import DecisionFacets

__all__ = ["Reindexed", "reindex"]

_AT_ONCE: Final = 500
_PROGRESS_ROWS: Final = 100_000
_MOST_NAMED: Final = 100
_PASSES: Final = 2  # an event is filed under the firm of its decision, and an erasure known by its event
_KEY: Final = " AND ".join(
    f"there.{name} = :{name}" for name in ("tenant", "code", "grade", "decided_at", "decision_id")
)
_STRAYS: Final = f"SELECT there.* FROM decision_reason AS there WHERE {STRAY_REASON}"  # noqa: S608 - constants
_REMOVE: Final = f"DELETE FROM decision_reason AS there WHERE {_KEY} AND {STRAY_REASON}"  # noqa: S608
_MISSING: Final = EXPECTED_REASONS + MISSING_REASON
_ADD: Final = (
    "INSERT INTO decision_reason (tenant, code, grade, decided_at, decision_id)"
    " SELECT tenant, CAST(:code AS text), CAST(:grade AS text), decided_at, decision_id FROM decision_index"
    " WHERE decision_id = :decision_id AND tenant = :tenant AND decided_at = :decided_at ON CONFLICT DO NOTHING"
)
_NEWEST: Final = (
    "(SELECT max(chain.sequence) FROM chain WHERE chain.tenant = reason_backlog.tenant"
    " AND chain.writer = reason_backlog.writer)"
)
_BESIDE: Final = (
    "DELETE FROM decision_index WHERE NOT EXISTS"
    " (SELECT 1 FROM chain WHERE chain.decision_id = decision_index.decision_id)",
    "UPDATE idempotency SET tenant = (SELECT chain.tenant FROM chain WHERE chain.decision_id = idempotency.decision_id)"
    " WHERE EXISTS (SELECT 1 FROM chain WHERE chain.decision_id = idempotency.decision_id"
    " AND chain.tenant <> idempotency.tenant AND NOT EXISTS (SELECT 1 FROM idempotency AS other"
    " WHERE other.tenant = chain.tenant AND other.key = idempotency.key))",
    f"DELETE FROM reason_backlog WHERE {_NEWEST} IS NULL",  # noqa: S608
    f"UPDATE reason_backlog SET sequence = {_NEWEST} WHERE sequence > {_NEWEST}",  # noqa: S608
    # Of writers that may be at work: what they record next is not in the index at first.
    "INSERT INTO reason_backlog (tenant, writer, sequence) SELECT tenant, writer, max(sequence) FROM chain"
    " WHERE writer IN (SELECT writer FROM heartbeat) GROUP BY tenant, writer ON CONFLICT DO NOTHING",
)


@dataclass(slots=True)
class Reindexed:
    """What was done to the index.

    Parameters
    ----------
    rows : int
        Rows of the chain that were looked at.
    mended : int
        Those of which a table said something else than was recorded.
    reasons_removed, reasons_added : int
        Rows of `decision_reason`.
    unreadable : int
        Rows whose payload is not what was recorded: the index of these was left as it is.
    named : list of str
        The first hundred of these.
    """

    rows: int = 0
    mended: int = 0
    reasons_removed: int = 0
    reasons_added: int = 0
    unreadable: int = 0
    named: list[str] = field(default_factory=list)


class _Right(NamedTuple):
    """What the tables must say of a row."""

    stored: StoredRow
    told: tuple[str | None, str | None]
    facets: DecisionFacets | None
    firm: tuple[bool, Any]
    has_key: bool
    erased: bool


def reindex(
    engine: Engine, scanning: Callable[[], AbstractContextManager[Connection]], progress: Progress
) -> Reindexed:
    """Make the index anew where it is not what follows from the contents.

    Parameters
    ----------
    engine : Engine
        Connections that write.
    scanning : callable
        Returns a connection that sees one state and may take its time.
    progress : callable
        Told how far it is.
    """
    done = Reindexed()
    for _ in range(_PASSES):
        before = done.mended
        with scanning() as connection:
            _mend_rows(engine, connection, done, progress)
        if done.mended == before:
            break
    with _writing(engine) as connection:
        for statement in _BESIDE:
            connection.execute(sql_text(statement))
    for query, change, name in ((_STRAYS, _REMOVE, "reasons_removed"), (_MISSING, _ADD, "reasons_added")):
        with scanning() as connection:
            changed = _change_reasons(engine, connection, query, change)
        setattr(done, name, changed)
        progress(f"{changed:,} rows of decision_reason {name.removeprefix('reasons_')}")
    return done


def _mend_rows(engine: Engine, connection: Connection, done: Reindexed, progress: Progress) -> None:
    erased = erased_names(connection)
    done.unreadable, done.named = 0, []
    wrong: list[_Right] = []
    for number, stored in enumerate(stored_rows(connection), 1):
        try:
            right = _right(stored, erased)
        except LedgerError:
            done.unreadable += 1
            done.named += [str(stored.link.row.decision_id)] if len(done.named) < _MOST_NAMED else []
        else:
            wrong += [right] if right is not None else []
        if len(wrong) >= _AT_ONCE:
            done.mended += _mend(engine, wrong)
            wrong = []
        done.rows = number
        if not number % _PROGRESS_ROWS:
            progress(f"{number:,} rows looked at, {done.mended:,} put right")
    done.mended += _mend(engine, wrong)


def _right(stored: StoredRow, erased: frozenset[str]) -> _Right | None:
    """Return what the tables must say of a row; None if they do."""
    row = stored.link.row
    gone = row.decision_id in erased
    if stored.payload is None or sha256_hex(stored.payload) != row.payload_sha256:
        if stored.payload is None and gone:
            return _unless_right(stored, (None, None), None, has_key=False)
        raise altered()
    shown = container(stored.payload)
    content = opened(row.decision_id, stored.payload, stored.key, shown)
    if (content is None) != gone:  # a key that is gone or there again, which no index can mend
        raise altered()
    told = (shown.get("kind"), shown.get("about")) if "format" in shown else (None, None)
    return _unless_right(stored, told, content and content[0], has_key="sealed" in shown)


def _unless_right(stored: StoredRow, told: tuple[Any, Any], content: bytes | None, *, has_key: bool) -> _Right | None:
    fault = compared(stored.link.row, stored.filed, content).fault
    if fault is None and told == (stored.kind, stored.about) and (has_key or stored.key is None):
        return None
    facets, firm = (None, (False, None)) if content is None else facts_of(content)
    if not firm[0] and stored.filed.about_firm is not None:
        firm = True, stored.filed.about_firm
    return _Right(stored, told, facets, firm, has_key, content is None)


def _mend(engine: Engine, wrong: Sequence[_Right]) -> int:
    if wrong:
        with _writing(engine) as connection:
            kept = _still_there(connection, wrong)
            for right in kept:
                _mend_row(connection, right)
            return len(kept)
    return 0


def _still_there(connection: Connection, wrong: Sequence[_Right]) -> list[_Right]:
    """Return those that nobody has erased since they were read."""
    erased = erased_names(connection)
    return [one for one in wrong if (one.stored.link.row.decision_id in erased) == one.erased]


def _mend_row(connection: Connection, right: _Right) -> None:
    row, facets = right.stored.link.row, right.facets
    name, owner = row.decision_id, row.tenant
    connection.execute(
        update(PAYLOAD).where(PAYLOAD.c.decision_id == name).values(tenant=owner, sha256=row.payload_sha256)
    )
    connection.execute(delete(EVENT).where(EVENT.c.event_id == name))
    if right.told[0] is not None:
        kind, about = right.told
        connection.execute(insert(EVENT).values(event_id=name, tenant=owner, kind=kind, decision_id=about))
    connection.execute(delete(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == name))
    if facets is not None:
        connection.execute(insert(DECISION_INDEX).values(index_values(owner, name, facets)))
    of_key = PAYLOAD_KEY.c.decision_id == name
    if not right.has_key:
        connection.execute(delete(PAYLOAD_KEY).where(of_key))
        return
    connection.execute(update(PAYLOAD_KEY).where(of_key).values(tenant=owner))
    known, firm = right.firm
    if known and (firm is None or isinstance(firm, str)):
        filed = facets is not None and facets.enterprise_id == firm
        connection.execute(update(PAYLOAD_KEY).where(of_key).values(enterprise_id=None if filed else firm))


def _change_reasons(engine: Engine, connection: Connection, query: str, change: str) -> int:
    rows: Iterable[Sequence[Row[Any]]] = (
        connection.execution_options(yield_per=_AT_ONCE).execute(sql_text(reason_lists(query, connection))).partitions()
    )
    changed = 0
    for some in rows:
        with _writing(engine) as writing:
            statement = sql_text(reason_lists(change, writing))
            changed += sum(writing.execute(statement, dict(row._mapping)).rowcount for row in some)
    return changed


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose transaction takes turns with whoever erases, or puts reasons into the index."""
    with write_transaction(engine) as connection:
        lock(connection, REASONS_LOCK)
        yield connection
