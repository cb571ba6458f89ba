"""Erasing in steps: what is found is erased so many at a time, each step is recorded, and in the end overwritten."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final, Self

from sqlalchemy import Connection, Engine

from icsml.core.clock import timestamp
from icsml.core.progress import Progress, silent
from icsml.core.strict_json import JsonObject
from icsml.errors import IcsmlError
from icsml.ledger.entry import Entry, require_texts
from icsml.ledger.store.erasing import damaged_of, names_before, names_of_enterprise
from icsml.ledger.store.overwriting import finish
from icsml.ledger.store.unfiled import unfiled
from icsml.ledger.store.writing import Outcome

__all__ = ["Erased", "Erasure"]

_AT_ONCE: Final = 250
"""How many are erased in one transaction: as long as it takes, nobody else can record."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Parameters
    ----------
    erased : int
        How many decisions and events.
    damaged : tuple of str
        Those of which the stored payload was not what had been recorded.
    unreadable : tuple of str
        Those that are not erased, as they cannot be read and nothing says which firm they are about.
    """

    erased: int = 0
    damaged: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def __add__(self, other: Self) -> Erased:
        """Return both together."""
        return Erased(self.erased + other.erased, self.damaged + other.damaged, self.unreadable + other.unreadable)


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that somebody asked for.

    Parameters
    ----------
    engine : Engine
        Connections that write.
    scanning : callable
        Yields a connection that may take its time, and sees one state of the ledger.
    record : callable
        Records an entry.
    reason, by : str
        Why, and who asked for it.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If reason or name is not acceptable.
    """

    engine: Engine
    scanning: Callable[[], AbstractContextManager[Connection]]
    record: Callable[[Entry], Outcome]
    reason: str
    by: str
    progress: Progress = silent

    def __post_init__(self) -> None:
        require_texts(reason=self.reason, by=self.by)

    def of_enterprise(self, tenant: str, enterprise_id: str) -> Erased:
        """Erase a firm, and what is recorded of it meanwhile."""
        with self._overwriting():
            erased = self._erase_unfiled(tenant, enterprise_id)
            while names := self._names_of(tenant, enterprise_id):
                erased += self._erase_all([(tenant, name) for name in names])
        return erased

    def of_all_before(self, moment: datetime, tenant: str | None) -> Erased:
        """Erase what was recorded before a moment, of one tenant or of all."""
        with self._overwriting():
            with self.scanning() as connection:
                found = names_before(connection, timestamp(moment), tenant)
                found += [each[:2] for each in unfiled(connection, tenant, timestamp(moment))]
            return self._erase_all(sorted(set(found)))

    def _erase_unfiled(self, tenant: str, enterprise_id: str) -> Erased:
        """Erase what no table files under the firm, and say what may be of it or not."""
        names, unreadable = [], []
        with self.scanning() as connection:
            for each in unfiled(connection, tenant):
                if each.is_of(enterprise_id):
                    names.append((tenant, each.decision_id))
                elif each.content is None:
                    unreadable.append(each.decision_id)
        return self._erase_all(names) + Erased(unreadable=tuple(unreadable))

    def _names_of(self, tenant: str, enterprise_id: str) -> list[str]:
        with self.scanning() as connection:
            return names_of_enterprise(connection, tenant, enterprise_id)

    @contextmanager
    def _overwriting(self) -> Iterator[None]:
        """Forget and overwrite what is left of what the block erased, once, also if it is interrupted."""
        try:
            yield
        finally:
            finish(self.engine)

    def _erase_all(self, found: Sequence[tuple[str, str]]) -> Erased:
        """Erase what is found, by tenant, so many in a transaction that those who record need not wait long."""
        erased = Erased()
        for tenant, group in groupby(found, key=itemgetter(0)):
            names = [name for _, name in group]
            for start in range(0, len(names), _AT_ONCE):
                erased += self._erase(tenant, names[start : start + _AT_ONCE])
                self.progress(f"{erased.erased:,} of {len(found):,} decisions and events erased")
        return erased

    def _erase(self, tenant: str, names: Sequence[str]) -> Erased:
        with self.scanning() as connection:
            damaged = damaged_of(connection, names)
        event: JsonObject = {"event_id": str(uuid.uuid4()), "kind": "erasure", "reason": self.reason, "by": self.by}
        if damaged:
            event |= {"damaged": damaged}
        outcome = self.record(Entry.of_erasure(tenant, event, names))
        if isinstance(outcome, IcsmlError):
            raise outcome
        return Erased(len(names), tuple(damaged))
