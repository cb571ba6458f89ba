"""From the body of a request to decisions in the ledger: one record, or a batch of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from time import perf_counter
from typing import Any

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import IcsmlError
from icsml.ledger.entry import Entry, Recorded
from icsml.records.enterprise import EnterpriseRecord, parse_record
from icsml.serving.keys import Caller
from icsml.serving.service import Asked, Service

__all__ = ["assess", "assess_all"]

_SLICE = 32
_TURN_SECONDS = 0.005

Result = Recorded | Exception
"""What became of a record."""

_Made = Entry | Result
"""What is to be recorded of a record, or what became of it already."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A record as it was received, and what is asked of it."""

    record: EnterpriseRecord
    content: bytes
    key: str | None
    recourse: bool | None

    @property
    def asked(self) -> Asked:
        return Asked(self.record, self.content, self.key)

    @classmethod
    def of(cls, body: Any, key: str | None, recourse: bool | None) -> _Request:  # noqa: ANN401 - any JSON value
        return cls(parse_record(body), canonical_bytes(body), key, recourse)


async def assess(
    service: Service,
    caller: Caller,
    body: Any,  # noqa: ANN401 - any JSON value
    key: str | None,
    *,
    recourse: bool | None = None,
) -> Recorded:
    """Decide on one record, unless that was done before under the same key, and record the decision.

    Parameters
    ----------
    service : Service
        The parts of the process.
    caller : Caller
        Who asks.
    body : JSON value
        The record as received.
    key : str, optional
        The caller's name for this request.
    recourse : bool, optional
        Whether to look for recourse, whatever the grade; None as the settings say.

    Raises
    ------
    InputError
        If the record is not acceptable.
    ConflictError
        If the key was used with another record.
    LedgerError, RequestError
        If the decision could not be recorded.
    """
    service.recorder.require_open()
    request = _Request.of(body, key, recourse)
    (earlier,) = await _earlier(service, caller, [request])
    if isinstance(earlier, IcsmlError):
        raise earlier
    if earlier:
        return earlier
    entry, began = _entry(service, caller, request), perf_counter()
    recorded = await service.recorder.record(entry)
    service.metrics.stage("record", perf_counter() - began)
    return recorded


async def assess_all(
    service: Service, caller: Caller, bodies: Sequence[Any], key: str | None, *, recourse: bool | None = None
) -> list[Result]:
    """Decide on many records and record each decision; an error concerns its own record only.

    The decisions of a slice are committed as one group while the next slice is decided. Other requests are served
    in between.

    Parameters
    ----------
    service : Service
        The parts of the process.
    caller : Caller
        Who asks.
    bodies : sequence of JSON values
        The records as received.
    key : str, optional
        The caller's name for the batch: sent again, each position gives the decision recorded for it.
    recourse : bool, optional
        As of :func:`assess`.

    Returns
    -------
    list of Recorded or Exception
        What became of each record, in order.
    """
    results: list[Result] = []
    commit: asyncio.Task[list[Result]] | None = None
    for start in range(0, len(bodies), _SLICE):
        keyed = enumerate(bodies[start : start + _SLICE], start)
        requests = [_parsed(body, _key_of(key, position), recourse) for position, body in keyed]
        made = await _decide_all(service, caller, requests)
        results += await commit if commit else []
        commit = asyncio.create_task(_record_all(service, made))
    return results + (await commit if commit else [])


async def _decide_all(service: Service, caller: Caller, requests: Sequence[_Request | IcsmlError]) -> list[_Made]:
    made: list[_Made | None] = [one if isinstance(one, IcsmlError) else None for one in requests]
    acceptable = {position: one for position, one in enumerate(requests) if isinstance(one, _Request)}
    tried = await _tried_earlier(service, caller, list(acceptable.values()))
    for position, earlier in zip(acceptable, tried, strict=True):
        made[position] = earlier
    new = {position: request for position, request in acceptable.items() if made[position] is None}
    began = perf_counter()
    for position, entry in zip(new, _entries(service, caller, list(new.values())), strict=True):
        made[position] = entry
        if perf_counter() - began > _TURN_SECONDS:
            await asyncio.sleep(0)
            began = perf_counter()
    return [one for one in made if one is not None]


def _entries(service: Service, caller: Caller, requests: Sequence[_Request]) -> Iterator[Entry | Exception]:
    """Decide on records together; after an error of our own, each of the others by itself."""
    recourse = requests[0].recourse if requests else None  # it is asked for of a whole batch
    together = service.entries(caller, [request.asked for request in requests], recourse=recourse)
    for request in requests:
        try:
            yield next(together)
        except Exception:
            yield _tried_entry(service, caller, request)


async def _record_all(service: Service, made: Sequence[_Made]) -> list[Result]:
    entries = [one for one in made if isinstance(one, Entry)]
    outcomes: Iterator[Result]
    try:
        outcomes = iter(await service.recorder.record_all(entries) if entries else [])
    except IcsmlError as error:
        outcomes = repeat(error)
    return [next(outcomes) if isinstance(one, Entry) else one for one in made]


async def _tried_earlier(
    service: Service, caller: Caller, requests: Sequence[_Request]
) -> Sequence[Recorded | IcsmlError | None]:
    try:
        service.recorder.require_open()
        return await _earlier(service, caller, requests)
    except IcsmlError as error:
        return [error] * len(requests)


async def _earlier(
    service: Service, caller: Caller, requests: Sequence[_Request]
) -> Sequence[Recorded | IcsmlError | None]:
    """Return what was recorded under the key of each request, None where it is new or there is no key."""

    def look(request: _Request) -> Recorded | IcsmlError | None:
        if request.key is None:
            return None
        try:
            return service.ledger.earlier(caller.tenant, request.key, sha256_hex(request.content))
        except IcsmlError as error:
            return error

    if all(request.key is None for request in requests):
        return [None] * len(requests)
    return await service.readers.run(lambda: [look(request) for request in requests])


def _entry(service: Service, caller: Caller, request: _Request) -> Entry:
    return service.entry(caller, request.record, request.content, request.key, recourse=request.recourse)


def _tried_entry(service: Service, caller: Caller, request: _Request) -> Entry | Exception:
    try:
        return _entry(service, caller, request)
    except Exception as error:
        return error


def _parsed(body: Any, key: str | None, recourse: bool | None) -> _Request | IcsmlError:  # noqa: ANN401 - any JSON value
    try:
        return _Request.of(body, key, recourse)
    except IcsmlError as error:
        return error


def _key_of(key: str | None, position: int) -> str | None:
    """Name a record of a batch; with a space in it, which the key of a single request cannot have."""
    return None if key is None else f"{key} {position}"
