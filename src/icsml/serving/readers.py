"""Threads that read the ledger, apart from the event loop and from whoever records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from icsml.serving.problems import RequestError

__all__ = ["Readers"]

T = TypeVar("T")


class Readers:
    """A few threads, and a limit to how long anybody waits for them.

    Parameters
    ----------
    threads : int
        How many read at a time.
    seconds : float
        How long a reader may take, waiting for a thread included.
    """

    def __init__(self, threads: int, seconds: float = 0.9) -> None:
        self._most = threads
        self._seconds = seconds
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, read: Callable[[], T]) -> T:
        """Return what is read.

        Raises
        ------
        RequestError
            503 ``ICS-SRV-052`` if it takes too long.
        """
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="icsml-reader")
        reading = asyncio.get_running_loop().run_in_executor(self._threads, read)
        # Unlike a timeout, this takes what was read in time while the event loop itself stood still.
        try:
            done, _ = await asyncio.wait([reading], timeout=self._seconds)
        finally:
            reading.cancel()  # what waits for a thread; nothing happens to what is done
        if not done:
            raise RequestError(
                HTTPStatus.SERVICE_UNAVAILABLE, "ICS-SRV-052", "the ledger takes too long to read", field="ledger"
            )
        return reading.result()

    def close(self) -> None:
        """Take no more reads; those that wait are dropped."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
