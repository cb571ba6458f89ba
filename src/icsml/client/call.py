"""One request of a client: what is sent, how its answer is read, and when it may be sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import httpx

from icsml.client.errors import ClientError, UnavailableError, UnexpectedAnswerError
from icsml.client.problems import SEND_AGAIN, foreign, media_type, refused
from icsml.client.retries import REPEATABLE

__all__ = ["JSON", "Call", "NoAnswer", "Outcome"]

JSON: Final = "application/json"
"""What most answers are."""

T = TypeVar("T")


@dataclass(frozen=True)
class NoAnswer:
    """That an attempt failed before an answer was there: how, and whether another one may succeed."""

    reason: str
    repeatable: bool


Outcome = httpx.Response | NoAnswer
"""What one attempt gave."""


def _complete(_: httpx.Response) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request; nothing of it is displayed.

    Attributes
    ----------
    read : callable
        Makes the result from an answer with one of ``statuses``. Raises ValueError if it is none.
    complete : callable
        Says of such an answer whether sending the request again would give nothing more.
    """

    method: str
    path: str = field(repr=False)
    read: Callable[[httpx.Response], T] = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    accept: str = JSON
    statuses: frozenset[int] = frozenset({HTTPStatus.OK})
    complete: Callable[[httpx.Response], bool] = field(default=_complete, repr=False)
    repeatable: bool = True

    @property
    def headers(self) -> dict[str, str]:
        """The headers, without the key."""
        headers = {"Accept": f"{self.accept}, application/problem+json"}
        if self.body is not None:
            headers["Content-Type"] = JSON
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        return headers

    def may_repeat(self, outcome: Outcome) -> bool:
        """Return whether another attempt may succeed where this one did not."""
        if not self.repeatable:
            return False
        if isinstance(outcome, NoAnswer):
            return outcome.repeatable
        if outcome.status_code in self.statuses:
            return self._is_ours(outcome) and not self.complete(outcome)
        return outcome.status_code in REPEATABLE

    def result(self, outcome: Outcome, attempts: int) -> T:
        """Return what the last attempt gave.

        Raises
        ------
        ClientError
            If that is an error; without the answer and without a cause.
        """
        found = self._found(outcome)
        if isinstance(found, ClientError):
            found.attempts = attempts
            found.idempotency_key = self.idempotency_key
            raise found
        return found

    def _found(self, outcome: Outcome) -> T | ClientError:
        if isinstance(outcome, NoAnswer):
            return _no_answer(outcome)
        if outcome.status_code not in self.statuses:
            return refused(outcome)
        try:
            if self._is_ours(outcome):
                return self.read(outcome)
        except (ValueError, RecursionError):
            pass  # its message may contain what was received
        return foreign(outcome)

    def _is_ours(self, answer: httpx.Response) -> bool:
        return media_type(answer) == self.accept


def _no_answer(outcome: NoAnswer) -> ClientError:
    if outcome.repeatable:
        return UnavailableError("ICS-CLT-010", f"no answer: {outcome.reason}", field="service", remedy=SEND_AGAIN)
    return UnexpectedAnswerError(
        "ICS-CLT-012",
        f"not sent, or not HTTP: {outcome.reason}",
        field="service",
        remedy="check the address and the proxy",
    )
