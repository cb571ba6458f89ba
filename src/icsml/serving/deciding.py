"""Deciding on the event loop: records that arrive together are assessed together, which is faster."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from icsml.core.clock import Clock
from icsml.core.strict_json import JsonObject
from icsml.decision.decide import Decided, decide, decide_all
from icsml.errors import IcsmlError, InputError
from icsml.ledger import Outcome
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.entry import Entry, Recorded
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.events import RefersTo
from icsml.serving.keys import Caller
from icsml.serving.live_model import LiveModel, Models
from icsml.serving.metrics import Metrics
from icsml.serving.recorder import Recorder, Waiting
from icsml.serving.settings import ServingSettings

__all__ = ["TURN_SECONDS", "Asked", "Because", "Decider", "DecisionQueue"]

TURN_SECONDS = 0.005
"""How long decisions may follow one another before the event loop does what else there is to do."""
_LARGEST_GROUP = 8  # more gain little, and the first of them would wait for the last


class Because(NamedTuple):
    """Why it is decided anew.

    Parameters
    ----------
    refers_to : RefersTo
        The earlier decision.
    told : dict
        What was said about it.
    request_sha256 : str
        Of the whole request.
    """

    refers_to: RefersTo
    told: JsonObject
    request_sha256: str


class Asked(NamedTuple):
    """A record to decide on, and what is asked of it.

    Parameters
    ----------
    caller : Caller
        Who asks.
    record : EnterpriseRecord
        The record.
    content : bytes
        The record as received, as RFC 8785 JSON.
    key : str or None
        The caller's name for the request.
    recourse : bool or None
        Whether to look for recourse, whatever the grade; None as the settings say.
    because : Because, optional
        Why it is decided anew; such a one is decided on alone.
    """

    caller: Caller
    record: EnterpriseRecord
    content: bytes
    key: str | None
    recourse: bool | None
    because: Because | None = None


@dataclass(frozen=True)
class Decider:
    """Decides with the live model, and returns what is to be recorded.

    One thread at a time: LightGBM's prediction writes to the booster it reads (LightGBM issues 5482 and 6142).
    It is the one of the event loop, as fast by itself as several are.

    Parameters
    ----------
    settings : ServingSettings
        What a decision contains.
    models : Models
        Holds the model that decides.
    metrics : Metrics
        Where decisions are measured.
    clock, new_id : callable
        Give the time and the identifier of a decision.
    """

    settings: ServingSettings
    models: Models
    metrics: Metrics
    clock: Clock
    new_id: Callable[[], str]

    def entries(self, asked: Sequence[Asked]) -> Iterator[Entry | Exception]:
        """Decide on records, and yield of each in turn what is to be recorded, or why it is not.

        All with one model, which is the live one at the beginning. An error concerns its own record only.

        Parameters
        ----------
        asked : sequence of Asked
            The records, of any callers; ``recourse`` is the same in all.
        """
        model, left = self.models.live, deque(asked)
        if len(asked) > 1:
            with suppress(Exception):  # an error of our own: those that are left are each tried alone
                for entry in self._together(model, asked):
                    left.popleft()
                    yield entry
        for one in left:
            yield self._alone(model, one)

    def _alone(self, model: LiveModel, asked: Asked) -> Entry | Exception:
        try:
            began = perf_counter()
            how = self._how(model, asked) | {"refers_to": asked.because and asked.because.refers_to}
            decided = decide(model.bundle, asked.record, decision_id=self.new_id(), **how)
            self.metrics.stage("decide", perf_counter() - began)
            return self._entry(model, asked, decided)
        except Exception as error:
            return error

    def _together(self, model: LiveModel, asked: Sequence[Asked]) -> Iterator[Entry | InputError]:
        ids, records = [self.new_id() for _ in asked], [one.record for one in asked]
        decisions = decide_all(model.bundle, records, decision_ids=ids, **self._how(model, asked[0]))
        seconds, made, began = 0.0, 0, perf_counter()
        try:
            for one, decided in zip(asked, decisions, strict=True):
                seconds += perf_counter() - began
                made += 1
                yield decided if isinstance(decided, InputError) else self._entry(model, one, decided)
                began = perf_counter()
        finally:
            for _ in range(made):  # what they took together is shared
                self.metrics.stage("decide", seconds / made)

    def _how(self, model: LiveModel, asked: Asked) -> dict[str, Any]:
        as_set = asked.recourse is None
        return {
            "decided_at": self.clock(),
            "version": model.version,
            "reasons": self.settings.reasons,
            "with_recourse": self.settings.recourse if as_set else asked.recourse,
            "recourse_from": self.settings.recourse_from if as_set else None,
        }

    def _entry(self, model: LiveModel, asked: Asked, decided: Decided) -> Entry:
        self.metrics.decision(decided.grade)
        tenant, key_id, because = asked.caller.tenant, asked.caller.key_id, asked.because
        return decision_entry(
            tenant,
            model.bundle,
            asked.content,
            decided,
            idempotency_key=asked.key,
            key_id=key_id,
            because=because and {**because.told, **because.refers_to.model_dump()},
            request_sha256=because and because.request_sha256,
        )


@dataclass(slots=True, eq=False)
class _Undecided:
    """A record that a caller waits for."""

    asked: Asked
    answer: asyncio.Future[list[Outcome]]
    decided_at: float = 0.0
    failure: Exception | None = None


class DecisionQueue:
    """Decides together on what arrives in one turn of the event loop, and has it recorded as one group.

    A caller that is cancelled before its turn is left out; later, its decision is recorded all the same.

    Parameters
    ----------
    decider : Decider
        Decides.
    recorder : Recorder
        Commits.
    """

    def __init__(self, decider: Decider, recorder: Recorder) -> None:
        self._decider = decider
        self._recorder = recorder
        self._undecided: deque[_Undecided] = deque()
        self._deciding: asyncio.AbstractEventLoop | None = None

    async def record(self, asked: Asked) -> Recorded:
        """Decide on a record, and return what is in the ledger then.

        Raises
        ------
        InputError
            If the record is not acceptable to the model.
        ConflictError, LedgerError, RequestError
            If the decision cannot be represented, or as `Recorder.record`.
        """
        loop = asyncio.get_running_loop()
        one = _Undecided(asked, loop.create_future())
        self._undecided.append(one)
        if self._deciding is not loop:
            self._deciding = loop
            loop.call_soon(self._turn, loop, self._decided())  # after those whose turn is now
        outcomes = await one.answer
        if one.failure is not None:
            raise one.failure
        (outcome,) = outcomes
        if isinstance(outcome, IcsmlError):
            raise outcome
        self._decider.metrics.stage("record", perf_counter() - one.decided_at)
        return outcome

    def _turn(self, loop: asyncio.AbstractEventLoop, decided: Iterator[tuple[_Undecided, Entry | Exception]]) -> None:
        """Decide for a while; go on in the next turn of the loop."""
        end, made = perf_counter() + TURN_SECONDS, []
        for one, entry in decided:
            one.decided_at = perf_counter()
            if isinstance(entry, Entry):
                made.append(Waiting([entry], one.answer))
            elif not one.answer.done():
                one.failure = entry
                one.answer.set_result([])
            if one.decided_at > end:
                loop.call_soon(self._turn, loop, decided)
                break
        else:
            self._deciding = None
        self._recorder.put(made)

    def _decided(self) -> Iterator[tuple[_Undecided, Entry | Exception]]:
        while self._undecided:
            group = self._next()
            yield from zip(group, self._decider.entries([one.asked for one in group]), strict=True)

    def _next(self) -> list[_Undecided]:
        """Take from the queue what begins it and can be decided together."""
        group: list[_Undecided] = []
        while self._undecided and len(group) < _LARGEST_GROUP:
            if group and self._undecided[0].asked.recourse != group[0].asked.recourse:
                break
            one = self._undecided.popleft()
            if not one.answer.done():
                group.append(one)
        return group
