"""When a request is sent again, and after how long."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from icsml.errors import InputError

__all__ = ["REPEATABLE", "Attempts", "Retries", "seconds_to_wait"]

REPEATABLE = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses after which the same request may succeed."""


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often and how long a request is repeated.

    Parameters
    ----------
    most : int
        Repetitions after the first attempt; 0 for none.
    deadline : float
        Seconds from the first attempt after which no other begins.
    first : float
        Longest pause before the first repetition, in seconds. It doubles with each; the pause is random below it, so
        that clients do not return together.
    longest : float
        What it doubles up to. A longer ``Retry-After`` of the service is waited for nevertheless.
    """

    most: int = 4
    deadline: float = 120.0
    first: float = 0.25
    longest: float = 8.0

    def __post_init__(self) -> None:
        for name in ("most", "deadline", "first", "longest"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError("ICS-CLT-001", "not a finite number from 0", field=name, remedy="give one")


class Attempts:
    """The attempts of one request.

    Parameters
    ----------
    retries : Retries
        Their bounds.
    clock : callable
        Returns seconds that never go back.
    uniform : callable, optional
        Returns a random number between two.
    """

    def __init__(
        self,
        retries: Retries,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._retries = retries
        self._clock = clock
        self._uniform = uniform
        self._end = clock() + retries.deadline
        self.made = 0

    def begin(self, timeout: float) -> float:
        """Count an attempt; return how long it may wait for the network, in seconds."""
        self.made += 1
        return timeout if self.made == 1 else min(timeout, max(self._end - self._clock(), 0.001))

    def pause(self, asked: float | None) -> float | None:
        """Return the seconds until the next attempt; None if there is none.

        Parameters
        ----------
        asked : float or None
            The seconds that the service asked to wait.
        """
        if self.made > self._retries.most:
            return None
        first, longest = self._retries.first, self._retries.longest
        seconds = self._uniform(0.0, min(longest, first * 2.0 ** min(self.made - 1, 60)))
        if asked is not None:
            seconds = asked + self._uniform(0.0, first)
        return seconds if self._clock() + seconds < self._end else None


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a header ``Retry-After``, a number or a date; None if it says neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= 9 else math.inf
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((date - (now or datetime.now(UTC))).total_seconds(), 0.0)
