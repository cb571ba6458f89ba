"""The record of a training, on disk until it is registered: nothing is lost if the server fails."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypedDict

from icsml.core.paths import home
from icsml.core.private_files import private_files

__all__ = ["DatasetFacts", "RunRecord", "TrialFacts", "find_record", "forget_record", "keep_record"]

_RECORD: Final = "record.json"
_FILES: Final = "files"


class DatasetFacts(TypedDict, total=False):
    """Facts of a run's data.

    ``name``, ``digest`` (SHA-256), ``source`` (where it lay), ``rows``; and where they are known ``stated`` (the source
    that the data set itself states) and ``columns`` (MLflow's type of each column, by name).
    """

    name: str
    digest: str
    source: str
    rows: int
    stated: str
    columns: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class TrialFacts:
    """One trial of a search: its hyperparameters and held-out results."""

    number: int
    params: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Everything that a training logs.

    Parameters
    ----------
    name : str
        Registered model, such as ``icsml-pd``.
    params, tags : mapping
        As MLflow shows them; parameters that are no texts are written as JSON.
    metrics : mapping of str to float
        Figures by name.
    curves : mapping of str to sequence of (int, float)
        Metrics by step.
    dataset : DatasetFacts
        What was trained on.
    trials : sequence of TrialFacts
        Of the search; each becomes a run below the training's own.
    blocking : sequence of str
        Why this version must not become the champion by itself; empty where there is no objection.
    files : mapping of str to bytes
        Artifacts by their path in the run.
    run_id : str, optional
        The run that was opened for it.
    ended : int, optional
        When the training ended, in milliseconds since 1970.
    """

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    dataset: DatasetFacts
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    trials: Sequence[TrialFacts] = ()
    blocking: Sequence[str] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    run_id: str | None = None
    ended: int | None = None


def keep_record(record: RunRecord, bundle_sha256: str) -> None:
    """Store a record under ``ICSML_HOME`` until the bundle of that SHA-256 is registered."""
    folder = _folder(bundle_sha256)
    with private_files():
        _write(record, folder)


def _write(record: RunRecord, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / "record"
        for path, content in record.files.items():
            target = made / _FILES / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        made.mkdir(exist_ok=True)
        stated = asdict(record) | {"files": sorted(record.files)}
        (made / _RECORD).write_text(json.dumps(stated, ensure_ascii=False), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def find_record(bundle_sha256: str) -> RunRecord | None:
    """Return the record stored for a bundle; None if there is none."""
    folder = _folder(bundle_sha256)
    if not (folder / _RECORD).is_file():
        return None
    stated = json.loads((folder / _RECORD).read_text("utf-8"))
    stated["files"] = {path: (folder / _FILES / path).read_bytes() for path in stated["files"]}
    stated["trials"] = tuple(TrialFacts(**trial) for trial in stated["trials"])
    stated["blocking"] = tuple(stated["blocking"])
    stated["curves"] = {key: [tuple(point) for point in curve] for key, curve in stated["curves"].items()}
    return RunRecord(**stated)


def forget_record(bundle_sha256: str) -> None:
    """Take away the record of a bundle that is registered."""
    shutil.rmtree(_folder(bundle_sha256), ignore_errors=True)


def _folder(bundle_sha256: str) -> Path:
    return home() / "unregistered" / bundle_sha256[:12]
