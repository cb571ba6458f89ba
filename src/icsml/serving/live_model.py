"""The model that decides now, and its exchange for another while requests run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from icsml.core.clock import Clock, timestamp, utc_now
from icsml.decision.assess import warm
from icsml.decision.decide import decide, decide_all
from icsml.errors import ConfigError, InputError
from icsml.model.bundle import Bundle, read_bundle
from icsml.records.enterprise import example_record, parse_record

__all__ = ["LiveModel", "Models", "load_model"]

_ABSENT = 8  # every eighth field is left out: gaps, but few enough for a grade
_NAMED = ("enterprise_id", "as_of")


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model that can decide.

    Parameters
    ----------
    bundle : Bundle
        The model.
    version : str or None
        Its version in the registry.
    loaded_at : datetime
        When it became ready, UTC.
    """

    bundle: Bundle
    version: str | None
    loaded_at: datetime

    @property
    def identity(self) -> dict[str, str | None]:
        """Name, version and hash: what readiness and the log say of it."""
        return {"name": self.bundle.name, "version": self.version, "bundle_sha256": self.bundle.sha256}

    @property
    def description(self) -> dict[str, str | int | None]:
        """What ``GET /v1/models/current`` answers."""
        stated = {"event": self.bundle.event, "horizon_months": self.bundle.horizon_months}
        return {**self.identity, **stated, "loaded_at": timestamp(self.loaded_at)}


class Models:
    """Holds the live model. Whoever decides takes :attr:`live` once, and uses that model to the end.

    Parameters
    ----------
    live : LiveModel
        The first one.
    recourse_from : str, optional
        A grade that the scale of each of them must have.

    Raises
    ------
    ConfigError
        ``ICS-SRV-024`` if it has no such grade.
    """

    def __init__(self, live: LiveModel, recourse_from: str | None = None) -> None:
        self._recourse_from = recourse_from
        self._require_grade(live)
        self._live = live
        self._told: list[Callable[[LiveModel], None]] = []
        self._exchanging = Lock()

    @property
    def live(self) -> LiveModel:
        """The model that decides now."""
        return self._live

    def on_exchange(self, tell: Callable[[LiveModel], None]) -> None:
        """Have a function called with each new model, after it is live."""
        self._told.append(tell)

    def exchange(self, new: LiveModel) -> None:
        """Let another model decide from now on; decisions under way end with the one that they began with.

        Raises
        ------
        ConfigError
            ``ICS-SRV-024`` if its scale lacks the grade; the present model decides on.
        """
        self._require_grade(new)
        with self._exchanging:
            self._live = new
            for tell in self._told:
                tell(new)

    def _require_grade(self, model: LiveModel) -> None:
        grades = [grade.id for grade in model.bundle.scale.grades]
        if self._recourse_from not in (None, *grades):
            raise ConfigError(
                "ICS-SRV-024",
                "the master scale of the model has no grade of this name",
                field="recourse_from",
                remedy=f"set it to one of {', '.join(grades)}, or to null",
            )


def load_model(folder: Path, version: str | None, clock: Clock = utc_now) -> LiveModel:
    """Read a bundle, verify it, and decide, so that no request waits for what the first decisions compile.

    That is one decision alone and two together, of which one has gaps: each is computed by code of its own.

    Parameters
    ----------
    folder : Path
        The bundle.
    version : str or None
        Its version in the registry.
    clock : callable
        Gives the time.

    Raises
    ------
    MissingError, ModelError
        As `icsml.model.bundle.read_bundle`.
    """
    bundle = read_bundle(folder)
    warm(bundle)
    whole = example_record(bundle.extras)
    partial = {name: whole[name] for position, name in enumerate(whole) if position % _ABSENT or name in _NAMED}
    records = [parse_record(whole), parse_record(partial)]
    for record in records:
        with suppress(InputError):  # a bundle may ask for more than the example states
            decide(bundle, record, decision_id="-", decided_at=clock())
    list(decide_all(bundle, records, decision_ids=["-", "-"], decided_at=clock()))
    return LiveModel(bundle, version, clock())
