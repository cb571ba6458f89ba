"""How many requests a key may make in a minute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from http import HTTPStatus

from icsml.serving.problems import RequestError
from icsml.serving.settings import ServingSettings

__all__ = ["RateLimits"]

_MOST_KEYS = 10_000


class RateLimits:
    """Token buckets, one for each key, in the memory of this process.

    Of each key only the moment is kept at which its bucket will be full again. A bucket that is full is forgotten.

    Parameters
    ----------
    per_minute : float
        How many requests a key may make in a minute, on average; 0 for no limit.
    burst : float
        How many it may make at once, at least 1.
    clock : callable
        Gives seconds that never go back.
    """

    def __init__(self, per_minute: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = 60 / per_minute if per_minute else 0.0
        self._slack = (max(burst, 1.0) - 1) * self._seconds
        self._clock = clock
        self._full_at: dict[str, float] = {}

    @classmethod
    def of(cls, settings: ServingSettings, clock: Callable[[], float] = time.monotonic) -> RateLimits:
        """Return the limits of one process: processes do not share counts, so each allows its part."""
        return cls(settings.rate_per_minute / settings.workers, settings.rate_burst / settings.workers, clock)

    def take(self, key_id: str) -> None:
        """Count a request of a key.

        Raises
        ------
        RequestError
            429, ``ICS-SRV-040``, with the seconds until the next request is possible. A refused request counts
            nothing.
        """
        if not self._seconds:
            return
        now = self._clock()
        full_at = max(self._full_at.get(key_id, now), now)
        if full_at - now > self._slack:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "ICS-SRV-040",
                "this key has made too many requests",
                field="Authorization",
                remedy="wait as many seconds as `Retry-After` states",
                retry_after=max(1, math.ceil(full_at - now - self._slack)),
            )
        if len(self._full_at) >= _MOST_KEYS:
            self._forget(now)
        self._full_at[key_id] = full_at + self._seconds

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full; if none is, the one that was used first."""
        left = {key_id: full_at for key_id, full_at in self._full_at.items() if full_at > now}
        if len(left) >= _MOST_KEYS:
            del left[next(iter(left))]
        self._full_at = left
