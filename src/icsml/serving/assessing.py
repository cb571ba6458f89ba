"""From the body of a request to decisions in the ledger: one record, or a batch of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import repeat
from time import perf_counter
from typing import Any

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import IcsmlError
from icsml.ledger.entry import Entry, Recorded
from icsml.records.enterprise import parse_record
from icsml.serving.deciding import TURN_SECONDS, Asked
from icsml.serving.keys import Caller
from icsml.serving.service import Service

__all__ = ["assess", "assess_all"]

_SLICE = 32

Result = Recorded | Exception
"""What became of a record."""

_Made = Entry | Result
"""What is to be recorded of a record, or what became of it already."""


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
    asked = _asked(caller, body, key, recourse)
    (earlier,) = await _earlier(service, [asked])
    if isinstance(earlier, IcsmlError):
        raise earlier
    return earlier or await service.decisions.record(asked)


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
        asked = [_tried(caller, body, _key_of(key, position), recourse) for position, body in keyed]
        made = await _decide_all(service, asked)
        results += await commit if commit else []
        commit = asyncio.create_task(_record_all(service, made))
    return results + (await commit if commit else [])


async def _decide_all(service: Service, asked: Sequence[Asked | IcsmlError]) -> list[_Made]:
    made: list[_Made | None] = [one if isinstance(one, IcsmlError) else None for one in asked]
    acceptable = {position: one for position, one in enumerate(asked) if isinstance(one, Asked)}
    tried = await _tried_earlier(service, list(acceptable.values()))
    for position, earlier in zip(acceptable, tried, strict=True):
        made[position] = earlier
    new = {position: one for position, one in acceptable.items() if made[position] is None}
    began = perf_counter()
    for position, entry in zip(new, service.decider.entries(list(new.values())), strict=True):
        made[position] = entry
        if perf_counter() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = perf_counter()
    return [one for one in made if one is not None]


async def _record_all(service: Service, made: Sequence[_Made]) -> list[Result]:
    entries = [one for one in made if isinstance(one, Entry)]
    outcomes: Iterator[Result]
    try:
        outcomes = iter(await service.recorder.record_all(entries) if entries else [])
    except IcsmlError as error:
        outcomes = repeat(error)
    return [next(outcomes) if isinstance(one, Entry) else one for one in made]


async def _tried_earlier(service: Service, asked: Sequence[Asked]) -> Sequence[Recorded | IcsmlError | None]:
    try:
        service.recorder.require_open()
        return await _earlier(service, asked)
    except IcsmlError as error:
        return [error] * len(asked)


async def _earlier(service: Service, asked: Sequence[Asked]) -> Sequence[Recorded | IcsmlError | None]:
    """Return what was recorded under the key of each record, None where it is new or there is no key."""

    def look(one: Asked) -> Recorded | IcsmlError | None:
        if one.key is None:
            return None
        try:
            return service.ledger.earlier(one.caller.tenant, one.key, sha256_hex(one.content))
        except IcsmlError as error:
            return error

    if all(one.key is None for one in asked):
        return [None] * len(asked)
    return await service.readers.run(lambda: [look(one) for one in asked])


def _asked(caller: Caller, body: Any, key: str | None, recourse: bool | None) -> Asked:  # noqa: ANN401 - any JSON value
    return Asked(caller, parse_record(body), canonical_bytes(body), key, recourse)


def _tried(
    caller: Caller,
    body: Any,  # noqa: ANN401 - any JSON value
    key: str | None,
    recourse: bool | None,
) -> Asked | IcsmlError:
    try:
        return _asked(caller, body, key, recourse)
    except IcsmlError as error:
        return error


def _key_of(key: str | None, position: int) -> str | None:
    """Name a record of a batch; with a space in it, which the key of a single request cannot have."""
    return None if key is None else f"{key} {position}"
