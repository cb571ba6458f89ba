"""Recording for the event loop: one thread of its own commits, as one group, whatever waits when it is free."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Condition, Thread
from time import monotonic
from typing import TypeGuard

from icsml.errors import IcsmlError, LedgerError
from icsml.ledger import Entry, Ledger, Outcome, Recorded
from icsml.serving.logs import say, told
from icsml.serving.problems import RequestError

__all__ = ["Recorder", "Waiting"]

_NOT_RECORDED = "ICS-LED-003"
_LARGEST_GROUP = 64
_SWEEP_SECONDS = 0.25
_PROOF_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_TRUST_SECONDS = 3.0
_PROOF_BYTES = 16
# As much as a group of decisions: less may still fit into space that a full disk has left.
_PROOF_BYTES_IN_TROUBLE = 1 << 18

_Answers = list[tuple["Waiting", "list[Outcome] | Exception"]]


@dataclass(slots=True, eq=False)
class Waiting:
    """Entries that one caller waits for.

    Parameters
    ----------
    entries : sequence of Entry
        The decisions, committed in one group.
    answer : future
        What becomes of each, in order.
    since : float
        When they were put into the queue.
    """

    entries: Sequence[Entry]
    answer: asyncio.Future[list[Outcome]]
    since: float = 0.0


class Recorder:
    """Commits decisions in groups, apart from the event loop, and knows whether the ledger can be written.

    A lock, a slow disk or a database that is gone keeps this thread waiting and nobody else. What has waited too
    long is refused. After a failed attempt nothing is taken until a row of the heartbeat has been written.

    Parameters
    ----------
    ledger : Ledger
        Where to.
    limit : int
        How many decisions may wait.
    patience : float
        How many seconds a decision may wait before its commit begins.
    commit_seconds : float
        How many seconds a commit may take before its callers are told that its outcome is not known.
    clock : callable
        Gives monotonic seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        limit: int = 512,
        patience: float = 2.0,
        commit_seconds: float = 6.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._ledger = ledger
        self._limit = limit
        self._patience = patience
        self._commit_seconds = commit_seconds
        self._clock = clock
        self._changed = Condition()
        self._queue: deque[Waiting] = deque()
        self._queued = 0
        self._taken: list[Waiting] = []
        self._taken_at = 0.0
        self._thread: Thread | None = None
        self._stopping = False
        self._failed = False
        self._tried = False
        self._proved_at = float("-inf")
        self._prove_at = float("-inf")
        self._sweeping: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> int:
        """How many decisions wait, those of the present commit among them."""
        with self._changed:
            return self._queued + sum(len(one.entries) for one in self._taken)

    @property
    def lag(self) -> float:
        """How many seconds the oldest of them has waited; 0 if none waits."""
        with self._changed:
            since = [one.since for one in (*self._taken[:1], *list(self._queue)[:1])]
        return self._clock() - min(since) if since else 0.0

    @property
    def silence(self) -> float:
        """How many seconds ago a row was last committed; infinite if never."""
        return self._clock() - self._proved_at

    def ready(self) -> bool:
        """Return whether a row was written within the last seconds, and no attempt has failed since."""
        return not self._failed and self.silence <= _TRUST_SECONDS

    def require_open(self) -> None:
        """Raise RequestError (503) if a decision would not be taken now; lets a caller stop before deciding."""
        refusal = self._refusal()
        if refusal is not None:
            raise refusal

    async def start(self, seconds: float = 3.0) -> None:
        """Start the thread, and wait at most so long until it has tried to write for the first time."""
        self._stopping = False
        self._run()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._tried:
                    await asyncio.sleep(0.002)

    async def stop(self) -> None:
        """Take nothing more, commit what waits, and end the thread; one that is stuck is left to itself."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._changed:
            self._stopping = True
            self._changed.notify()
        await asyncio.to_thread(thread.join, self._patience + self._commit_seconds)

    async def record(self, entry: Entry) -> Recorded:
        """Commit a decision together with those that wait, and return what is in the ledger then.

        Raises
        ------
        ConflictError, LedgerError
            As `Ledger.record`.
        RequestError
            503: ``ICS-SRV-050`` if it was refused or has waited too long, and is not recorded; ``ICS-SRV-013`` if
            the ledger does not answer; ``ICS-SRV-051`` if its commit takes so long that its outcome is not known.
        """
        (outcome,) = await self.record_all([entry])
        if isinstance(outcome, IcsmlError):
            raise outcome
        return outcome

    async def record_all(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Commit decisions in one group, and return what became of each, in order.

        A caller that is cancelled does not take its decisions back.

        Raises
        ------
        RequestError
            As :meth:`record`, for all of them.
        """
        waiting = Waiting(entries, asyncio.get_running_loop().create_future())
        self.put([waiting])
        return await waiting.answer

    def put(self, waiting: Sequence[Waiting]) -> None:
        """Put into the queue what is to be committed together, from the thread of an event loop.

        Each is answered by itself; one that is refused at once, with the errors of :meth:`record`.
        """
        loop, now = asyncio.get_running_loop(), self._clock()
        with self._changed:
            refused: _Answers = [(one, error) for one in waiting if (error := self._take(one, now)) is not None]
            self._changed.notify()
        _answer(refused)
        if len(refused) == len(waiting):
            return
        self._run()
        if self._sweeping is not loop:
            self._sweeping = loop
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _take(self, waiting: Waiting, now: float) -> RequestError | None:
        refusal = self._refusal()
        if refusal is None:
            waiting.since = now
            self._queue.append(waiting)
            self._queued += len(waiting.entries)
        return refusal

    def _refusal(self) -> RequestError | None:
        if self._stopping:
            return _unavailable("ICS-SRV-050", "the service is stopping")
        if self._failed:
            return _unavailable("ICS-SRV-013", "the ledger does not answer")
        if self._queued >= self._limit or (self._taken and self._clock() - self._taken_at > self._patience):
            return _overloaded()
        return None

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer who has waited too long; the thread cannot while it is stuck."""
        now = self._clock()
        with self._changed:
            late = []
            while self._queue and now - self._queue[0].since > self._patience:
                late.append(self._queue.popleft())
                self._queued -= len(late[-1].entries)
            stuck = self._taken if now - self._taken_at > self._commit_seconds else []
            idle = not self._queue and not self._taken
        _answer([(one, _overloaded()) for one in late])
        _answer([(one, _unavailable("ICS-SRV-051", "the commit takes too long")) for one in stuck])
        if idle:
            self._sweeping = None
        else:
            loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _run(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="icsml-recorder", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            group = self._next()
            if group:
                self._commit(group)
            elif self._stopping:
                return
            else:
                self._prove()
                self._catch_up()
            if self._failed:
                self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        """Refuse what waited behind an attempt that failed: it would wait as long once more."""
        with self._changed:
            waiting, self._queued = list(self._queue), 0
            self._queue.clear()
        _hand_over([(one, _unavailable("ICS-SRV-013", "the ledger does not answer")) for one in waiting])

    def _next(self) -> list[Waiting]:
        """Return what is to be committed now; nothing if it is time to prove, or to stop."""
        with self._changed:
            while not (self._queue or self._stopping):
                seconds = self._prove_at - self._clock()
                if seconds <= 0:
                    return []
                self._changed.wait(seconds)
            while self._queue and (not self._taken or self._fits(self._queue[0])):
                self._taken.append(self._queue.popleft())
                self._queued -= len(self._taken[-1].entries)
            self._taken_at = self._clock()
            return list(self._taken)

    def _fits(self, waiting: Waiting) -> bool:
        return sum(len(one.entries) for one in self._taken) + len(waiting.entries) <= _LARGEST_GROUP

    def _commit(self, group: list[Waiting]) -> None:
        try:
            outcomes = self._ledger.record_all([entry for one in group for entry in one.entries])
        except Exception as error:
            answers: _Answers = [(one, error) for one in group]
            self._note(error)
        else:
            left = iter(outcomes)
            answers = [(one, [next(left) for _ in one.entries]) for one in group]
            failures = [outcome for outcome in outcomes if _is_failure(outcome)]
            self._note(failures[0] if len(failures) == len(outcomes) else None)
        with self._changed:
            self._taken = []
        _hand_over(answers)

    def _prove(self) -> None:
        try:
            self._ledger.prove(_PROOF_BYTES_IN_TROUBLE if self._failed else _PROOF_BYTES)
        except Exception as error:
            self._note(error, retry=_RETRY_SECONDS)
        else:
            self._note(None)

    def _catch_up(self) -> None:
        try:
            self._ledger.catch_up()
        except Exception as error:
            say("index_behind", "error", **told(error))

    def _note(self, error: Exception | None, retry: float = 0) -> None:
        """Note whether the ledger could be written; the log names each change, and what was wrong."""
        now, failed_before = self._clock(), self._failed
        if error is None:
            self._proved_at = now
        self._prove_at = now + (_PROOF_SECONDS if error is None else retry)
        self._failed = error is not None
        self._tried = True
        if error is not None and not failed_before:
            say("ledger_failed", "error", **told(error))
        elif error is None and failed_before:
            say("ledger_answers")


def _is_failure(outcome: Outcome) -> TypeGuard[LedgerError]:
    return isinstance(outcome, LedgerError) and outcome.code == _NOT_RECORDED


def _hand_over(answers: _Answers) -> None:
    """Give answers to the event loops that wait for them."""
    for loop in {one.answer.get_loop() for one, _ in answers}:
        of_loop = [pair for pair in answers if pair[0].answer.get_loop() is loop]
        with suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(_answer, of_loop)


def _answer(answers: Iterable[tuple[Waiting, list[Outcome] | Exception]]) -> None:
    for one, answer in answers:
        if one.answer.done():
            continue
        if isinstance(answer, Exception):
            one.answer.set_exception(answer)
        else:
            one.answer.set_result(answer)


def _overloaded() -> RequestError:
    return _unavailable("ICS-SRV-050", "too many decisions wait to be recorded")


def _unavailable(code: str, message: str) -> RequestError:
    return RequestError(HTTPStatus.SERVICE_UNAVAILABLE, code, message, field="ledger")
