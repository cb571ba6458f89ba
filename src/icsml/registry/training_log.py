"""Progress lines of a training, stored until its MLflow run is opened."""

from __future__ import annotations

import time
from collections.abc import Callable

from icsml.core.progress import Progress, silent

__all__ = ["MlflowProgress"]


class MlflowProgress:
    """A progress callback that passes every line on and stores it for `icsml.registry.log_training`.

    Parameters
    ----------
    then : callable
        Told every line as well.
    stopwatch : callable
        Returns seconds from any fixed moment.
    """

    def __init__(self, then: Progress = silent, *, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._then = then
        self._stopwatch = stopwatch
        self._start = stopwatch()
        self._lines: list[str] = []

    def __call__(self, message: str) -> None:
        """Take one line."""
        self._lines.append(f"{self._stopwatch() - self._start:8.1f} s  {message}")
        self._then(message)

    @property
    def text(self) -> str:
        """Every line so far, each after the seconds since the start."""
        return "".join(f"{line}\n" for line in self._lines)
