"""The client for asyncio; what its methods do is said at those of `Client`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from icsml.client import calls
from icsml.client.answers import Assessment, Batch, CurrentModel, Result
from icsml.client.arguments import MOST_FOUND, MOST_RECORDS, Moment
from icsml.client.batches import batches
from icsml.client.call import Call, Outcome
from icsml.client.connection import asked_to_wait, http_settings, no_answer, request_arguments
from icsml.client.errors import ClientError, UnavailableError
from icsml.client.retries import Attempts, Retries
from icsml.records.changes import Changes
from icsml.records.events import Event, Events, RecordedOutcomes
from icsml.records.found import FoundDecision, FoundDecisions
from icsml.records.innovation_points import InnovationPoints
from icsml.records.replays import Replay
from icsml.records.rulebook_list import RulebookList

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient:
    """As `Client`, for asyncio.

    Parameters
    ----------
    url, key, timeout, retries, clock, sleep
        As of `Client`; ``sleep`` is awaited.
    transport : httpx.AsyncBaseTransport, optional
        Another way to the service, such as ``httpx.AsyncHTTPTransport(verify=context)``.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: Retries = Retries(),  # noqa: B008 - it is frozen
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._timeout = timeout
        self._retries = retries
        self._clock = clock
        self._sleep = sleep
        self._http = httpx.AsyncClient(**http_settings(url, key, timeout), transport=transport)

    async def assess(
        self, record: Mapping[str, Any], *, idempotency_key: str | None = None, recourse: bool | None = None
    ) -> Assessment:
        """As `Client.assess`."""
        return await self._send(calls.assess(record, idempotency_key, recourse=recourse))

    async def assess_all(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = None,
        recourse: bool | None = None,
        batch_size: int = MOST_RECORDS,
    ) -> Batch:
        """As `Client.assess_all`, one batch after the other."""
        key, requests = batches(records, idempotency_key, recourse=recourse, batch_size=batch_size)
        results: list[Result] = []
        for request in requests:
            try:
                answered = await self._send(request)
            except ClientError as error:
                error.results, error.idempotency_key = tuple(results), key
                raise
            results.extend(answered)
        return Batch(tuple(results), key)

    async def get(self, decision_id: str) -> Assessment:
        """Return a decision of the key's tenant."""
        return await self._send(calls.get(decision_id))

    async def correct(
        self, decision_id: str, record: Mapping[str, Any], *, reason: str, user: str, idempotency_key: str | None = None
    ) -> Assessment:
        """As `Client.correct`."""
        told = {"record": record, "reason": reason, "user": user}
        return await self._send(calls.again(decision_id, "correction", told, idempotency_key))

    async def object_to(
        self,
        decision_id: str,
        *,
        statement: str,
        user: str,
        record: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Assessment:
        """As `Client.object_to`."""
        told = {"statement": statement, "user": user} | ({} if record is None else {"record": record})
        return await self._send(calls.again(decision_id, "objection", told, idempotency_key))

    async def override(
        self, decision_id: str, override: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Event:
        """As `Client.override`."""
        return await self._send(calls.override(decision_id, override, idempotency_key))

    async def record_outcomes(
        self, outcomes: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> RecordedOutcomes:
        """As `Client.record_outcomes`."""
        return await self._send(calls.outcomes(outcomes, idempotency_key))

    async def events(self, decision_id: str) -> Events:
        """As `Client.events`."""
        return await self._send(calls.events(decision_id))

    async def report(self, decision_id: str, lang: str = "en") -> bytes:
        """Return a decision as a page, HTML, in a language of the service; the same bytes each time."""
        return await self._send(calls.report(decision_id, lang))

    async def pack(self, decision_id: str) -> bytes:
        """Return what proves a decision, as one signed ZIP; as `Client.pack`."""
        return await self._send(calls.pack(decision_id))

    async def changes(self, decision_id: str, *, since: str | None = None) -> Changes:
        """Return what moved since the last decision on the same firm, or since an earlier one that `since` names.

        Raises
        ------
        ClientError
            Also if the decisions cannot be compared: a payload was erased, or a bundle is not kept.
        """
        return await self._send(calls.changes(decision_id, since))

    async def replay(self, decision_id: str) -> Replay:
        """Let the service decide again with the bundle that decided, and return whether the same bytes came out.

        Raises
        ------
        ClientError
            Also if it cannot: the payload was erased, or the bundle is not kept.
        """
        return await self._send(calls.replay(decision_id))

    async def search(
        self,
        *,
        enterprise_id: str | None = None,
        grade: str | None = None,
        reason: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> FoundDecisions:
        """As `Client.search`."""
        return await self._send(
            calls.search(
                enterprise_id=enterprise_id,
                grade=grade,
                reason=reason,
                since=since,
                until=until,
                limit=limit,
                cursor=cursor,
            )
        )

    async def search_all(
        self,
        *,
        enterprise_id: str | None = None,
        grade: str | None = None,
        reason: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> AsyncIterator[FoundDecision]:
        """As `Client.search_all`."""
        cursor: str | None = None
        while True:
            page = await self.search(
                enterprise_id=enterprise_id,
                grade=grade,
                reason=reason,
                since=since,
                until=until,
                limit=MOST_FOUND,
                cursor=cursor,
            )
            for found in page.items:
                yield found
            if (cursor := page.next) is None:
                return

    async def current_model(self) -> CurrentModel:
        """Return which model decides now."""
        return await self._send(calls.current_model())

    async def innovation_score(self, record: Mapping[str, Any], *, rulebook: str | None = None) -> InnovationPoints:
        """Return the points of a record by a rulebook, by default that of the model; nothing is decided or recorded."""
        return await self._send(calls.innovation_score(record, rulebook))

    async def rulebooks(self) -> RulebookList:
        """Return which rulebooks there are, in short."""
        return await self._send(calls.rulebooks())

    async def rulebook(self, rulebook_id: str) -> dict[str, Any]:
        """Return a rulebook as JSON."""
        return await self._send(calls.rulebook(rulebook_id))

    async def ready(self) -> bool:
        """Return whether the service can decide now; False if it says no or does not answer. It is asked once."""
        try:
            return await self._send(calls.ready())
        except UnavailableError:
            return False

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._http.base_url)!r})"

    async def _send(self, call: Call[T]) -> T:
        attempts = Attempts(self._retries, self._clock)
        while True:
            outcome = await self._attempt(call, attempts.begin(self._timeout))
            pause = attempts.pause(asked_to_wait(outcome)) if call.may_repeat(outcome) else None
            if pause is None:
                return call.result(outcome, attempts.made)
            await self._sleep(pause)

    async def _attempt(self, call: Call[Any], timeout: float) -> Outcome:
        try:
            return await self._http.request(**request_arguments(call, timeout))
        except httpx.HTTPError as error:
            return no_answer(error)
