"""Measures of the service for Prometheus. No label names a tenant, a key or an enterprise.

Where ``icsml serve`` runs several processes, each writes its measures to a file of their common folder
(``PROMETHEUS_MULTIPROC_DIR``), and whichever answers ``/metrics`` adds them up.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from icsml.serving.live_model import LiveModel

__all__ = ["FOLDER_VARIABLE", "MEDIA_TYPE", "STAGES", "Metrics", "forget_process"]

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"
STAGES: Final = ("body", "decide", "record", "whole")
_BOUNDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The measures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        stages = Histogram(
            "icsml_stage_seconds",
            "Seconds of a stage: body (received and parsed), decide, record (until committed), and the whole request "
            "for one decision.",
            ["stage"],
            buckets=_BOUNDS,
            registry=self._registry,
        )
        self._stages = {stage: stages.labels(stage) for stage in STAGES}
        self._requests = Counter(
            "icsml_requests", "Requests by route and status.", ["route", "status"], registry=self._registry
        )
        self._decisions = Counter(
            "icsml_decisions",
            "Decisions by grade (none: without a grade). One that could not be recorded was not answered.",
            ["grade"],
            registry=self._registry,
        )
        self._model = Gauge(
            "icsml_model",
            "Processes in which this model decides.",
            ["name", "version", "bundle_sha256"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._queue = self._gauge("icsml_ledger_queue", "Decisions that wait for their commit.", "livesum")
        self._lag = self._gauge(
            "icsml_ledger_lag_seconds", "Age of the oldest decision that waits for its commit.", "livemax"
        )
        self._silence = self._gauge(
            "icsml_ledger_silence_seconds",
            "Age of the last committed row; an idle process writes one a second.",
            "livemax",
        )
        self._counted_requests: dict[tuple[str | None, int], Counter] = {}
        self._counted_grades: dict[str | None, Counter] = {}
        self._live: Gauge | None = None

    def stage(self, stage: str, seconds: float) -> None:
        """Note how long a stage took."""
        self._stages[stage].observe(seconds)

    def request(self, route: str | None, status: int) -> None:
        """Count a request by the template of its route; None where there is no such path."""
        counted = self._counted_requests.get((route, status))
        if counted is None:
            counted = self._requests.labels(route or "none", str(status))
            self._counted_requests[route, status] = counted
        counted.inc()

    def decision(self, grade: str | None) -> None:
        """Count a decision."""
        counted = self._counted_grades.get(grade)
        if counted is None:
            counted = self._counted_grades[grade] = self._decisions.labels(grade or "none")
        counted.inc()

    def model(self, model: LiveModel) -> None:
        """Note which model decides."""
        if self._live is not None:
            self._live.set(0)
        self._live = self._model.labels(model.bundle.name, model.version or "", model.bundle.sha256)
        self._live.set(1)

    def ledger(self, waiting: int, lag: float, silence: float) -> None:
        """Note the state of recording: how many wait, for how long, and when a row was last committed."""
        self._queue.set(waiting)
        self._lag.set(lag)
        self._silence.set(silence)

    def exposition(self) -> bytes:
        """Return the measures of all processes in the text format of Prometheus."""
        if os.environ.get(FOLDER_VARIABLE):
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self._registry)

    def _gauge(self, name: str, meaning: str, mode: str) -> Gauge:
        return Gauge(name, meaning, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]


def forget_process(process: int) -> None:
    """Leave out what only a living process can be asked for, such as its queue; its counts stay."""
    if os.environ.get(FOLDER_VARIABLE):
        mark_process_dead(process)  # type: ignore[no-untyped-call]
