"""The client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """A client of one service with one key. Threads may share it.

    Parameters
    ----------
    url : str
        Address of the service, as ``https://host`` or ``https://host/path``.
    key : str
        Key of the service. It is sent to this address only and never displayed.
    timeout : float
        Longest silence of the network in one attempt, in seconds.
    retries : Retries
        How often and how long a request is repeated.
    transport : httpx.BaseTransport, optional
        Another way to the service, such as ``httpx.HTTPTransport(verify=context)``.
    clock, sleep : callable, optional
        Return seconds that never go back, and wait for some.

    Notes
    -----
    Every method raises a `ClientError` if there is not the answer that was wanted, and an
    `icsml.errors.InputError` before anything is sent if an argument is not acceptable.

    Examples
    --------
    >>> with Client("https://icsml.example", key) as client:  # doctest: +SKIP
    ...     assessment = client.assess(record, idempotency_key="loan-4711")
    >>> assessment.decision.grade  # doctest: +SKIP
    'B2'
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: Retries = Retries(),  # noqa: B008 - it is frozen
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._timeout = timeout
        self._retries = retries
        self._clock = clock
        self._sleep = sleep
        self._http = httpx.Client(**http_settings(url, key, timeout), transport=transport)

    def assess(
        self, record: Mapping[str, Any], *, idempotency_key: str | None = None, recourse: bool | None = None
    ) -> Assessment:
        """Decide on one record, once, however often it is sent.

        Parameters
        ----------
        record : mapping
            The record, as JSON.
        idempotency_key : str, optional
            Names this decision. With a name of your own, such as the number of the application, a program that starts
            again gets the recorded decision. By default a new one, for this call.
        recourse : bool, optional
            Whether to look for recourse; by default as the service is set.
        """
        return self._send(calls.assess(record, idempotency_key, recourse=recourse))

    def assess_all(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = None,
        recourse: bool | None = None,
        batch_size: int = MOST_RECORDS,
    ) -> Batch:
        """Decide on many records, in batches; a record that is not acceptable does not affect the others.

        Parameters
        ----------
        records : sequence of mapping
            The records, as JSON.
        idempotency_key : str, optional
            Names this list. The key of a record is made of it, `batch_size` and the position: to send a list again,
            keep all three. Batches after the first have the key ``<key>#<position of their first record>``.
        recourse : bool, optional
            Whether to look for recourse; by default as the service is set.
        batch_size : int
            Records in a request, at most 1,000.

        Returns
        -------
        Batch
            For each record an `Assessment` or a `Problem`. A batch in which a record has status 503 is sent again, as
            a whole, within the bounds of `Retries`; its bounds are those of each batch.

        Raises
        ------
        ClientError
            If a batch as a whole failed: ``results`` holds those of the batches before, ``idempotency_key`` the key of
            the list, with which it may be sent again.
        """
        key, requests = batches(records, idempotency_key, recourse=recourse, batch_size=batch_size)
        results: list[Result] = []
        for request in requests:
            try:
                answered = self._send(request)
            except ClientError as error:
                error.results, error.idempotency_key = tuple(results), key
                raise
            results.extend(answered)
        return Batch(tuple(results), key)

    def get(self, decision_id: str) -> Assessment:
        """Return a decision of the key's tenant."""
        return self._send(calls.get(decision_id))

    def correct(
        self, decision_id: str, record: Mapping[str, Any], *, reason: str, user: str, idempotency_key: str | None = None
    ) -> Assessment:
        """Decide on a corrected record; the new decision refers to the earlier one, and both are kept.

        Parameters
        ----------
        decision_id : str
            The earlier decision.
        record : mapping
            The corrected record of the same firm.
        reason, user : str
            What was wrong, and who corrects.
        idempotency_key : str, optional
            As of :meth:`assess`.
        """
        told = {"record": record, "reason": reason, "user": user}
        return self._send(calls.again(decision_id, "correction", told, idempotency_key))

    def object_to(
        self,
        decision_id: str,
        *,
        statement: str,
        user: str,
        record: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Assessment:
        """Record an objection of the firm and decide anew; both decisions are kept.

        Parameters
        ----------
        decision_id : str
            The decision it objects to.
        statement, user : str
            What the firm says, and who received it.
        record : mapping, optional
            A corrected record; by default the earlier one is decided on again.
        idempotency_key : str, optional
            As of :meth:`assess`.
        """
        told = {"statement": statement, "user": user} | ({} if record is None else {"record": record})
        return self._send(calls.again(decision_id, "objection", told, idempotency_key))

    def override(self, decision_id: str, override: Mapping[str, Any], *, idempotency_key: str | None = None) -> Event:
        """Record that an officer decides otherwise; the decision stays as it is.

        Parameters
        ----------
        decision_id : str
            The decision.
        override : mapping
            ``outcome``, ``reason_code``, ``user`` and what else the service documents.
        idempotency_key : str, optional
            As of :meth:`assess`.
        """
        return self._send(calls.override(decision_id, override, idempotency_key))

    def record_outcomes(
        self, outcomes: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> RecordedOutcomes:
        """Record what became of up to 1,000 firms: all of them, or none where one is not acceptable.

        Parameters
        ----------
        outcomes : sequence of mapping
            ``enterprise_id``, ``as_of`` and ``bad`` of each, and what else the service documents.
        idempotency_key : str, optional
            As of :meth:`assess`.
        """
        return self._send(calls.outcomes(outcomes, idempotency_key))

    def events(self, decision_id: str) -> Events:
        """Return what happened after a decision, in the order recorded."""
        return self._send(calls.events(decision_id))

    def report(self, decision_id: str, lang: str = "en") -> bytes:
        """Return a decision as a page, HTML, in a language of the service; the same bytes each time."""
        return self._send(calls.report(decision_id, lang))

    def pack(self, decision_id: str) -> bytes:
        """Return what proves a decision, as one signed ZIP that anybody verifies offline with the ``verify.py`` in it.

        Raises
        ------
        ClientError
            Also if its payload was erased, its bundle is not kept, or no checkpoint has signed it yet: that is asked
            again, within the bounds of `Retries`.
        """
        return self._send(calls.pack(decision_id))

    def changes(self, decision_id: str, *, since: str | None = None) -> Changes:
        """Return what moved since the last decision on the same firm, or since an earlier one that `since` names.

        Raises
        ------
        ClientError
            Also if the decisions cannot be compared: a payload was erased, or a bundle is not kept.
        """
        return self._send(calls.changes(decision_id, since))

    def replay(self, decision_id: str) -> Replay:
        """Let the service decide again with the bundle that decided, and return whether the same bytes came out.

        Raises
        ------
        ClientError
            Also if it cannot: the payload was erased, or the bundle is not kept.
        """
        return self._send(calls.replay(decision_id))

    def search(
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
        """Return a page of the decisions of the key's tenant that meet all conditions, newest first.

        Parameters
        ----------
        enterprise_id, grade, reason : str, optional
            As in the decision; of its reasons the code of one.
        since, until : date, datetime or str, optional
            The first and the last time of decision, both included; a date is the whole day in UTC.
        limit : int, optional
            The most decisions, up to 200.
        cursor : str, optional
            ``next`` of the page before, which was asked for with the same conditions.
        """
        return self._send(
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

    def search_all(
        self,
        *,
        enterprise_id: str | None = None,
        grade: str | None = None,
        reason: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> Iterator[FoundDecision]:
        """Yield all decisions that :meth:`search` finds, page after page as they are taken."""
        cursor: str | None = None
        while True:
            page = self.search(
                enterprise_id=enterprise_id,
                grade=grade,
                reason=reason,
                since=since,
                until=until,
                limit=MOST_FOUND,
                cursor=cursor,
            )
            yield from page.items
            if (cursor := page.next) is None:
                return

    def current_model(self) -> CurrentModel:
        """Return which model decides now."""
        return self._send(calls.current_model())

    def innovation_score(self, record: Mapping[str, Any], *, rulebook: str | None = None) -> InnovationPoints:
        """Return the points of a record by a rulebook, by default that of the model; nothing is decided or recorded."""
        return self._send(calls.innovation_score(record, rulebook))

    def rulebooks(self) -> RulebookList:
        """Return which rulebooks there are, in short."""
        return self._send(calls.rulebooks())

    def rulebook(self, rulebook_id: str) -> dict[str, Any]:
        """Return a rulebook as JSON."""
        return self._send(calls.rulebook(rulebook_id))

    def ready(self) -> bool:
        """Return whether the service can decide now; False if it says no or does not answer. It is asked once."""
        try:
            return self._send(calls.ready())
        except UnavailableError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._http.base_url)!r})"

    def _send(self, call: Call[T]) -> T:
        attempts = Attempts(self._retries, self._clock)
        while True:
            outcome = self._attempt(call, attempts.begin(self._timeout))
            pause = attempts.pause(asked_to_wait(outcome)) if call.may_repeat(outcome) else None
            if pause is None:
                return call.result(outcome, attempts.made)
            self._sleep(pause)

    def _attempt(self, call: Call[Any], timeout: float) -> Outcome:
        try:
            return self._http.request(**request_arguments(call, timeout))
        except httpx.HTTPError as error:
            return no_answer(error)
