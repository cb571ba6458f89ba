"""Train and register: the run is opened before anything is computed, and closed with the results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icsml.core.progress import Progress, silent
from icsml.errors import MissingError
from icsml.records.dataset import read_dataset
from icsml.registry import Logged, MlflowProgress, RunStart, close_run, open_run, register_record
from icsml.registry.training_record import keep_record
from icsml.workflows.config import TrainingConfig
from icsml.workflows.run_record import run_record, run_start, with_figures
from icsml.workflows.train import Trained, refuse_occupied, trained_on

__all__ = ["Registered", "train"]


@dataclass(frozen=True, slots=True)
class Registered:
    """A trained model in the register."""

    trained: Trained
    logged: Logged

    @property
    def model_uri(self) -> str:
        """``models:/NAME/VERSION``."""
        return self.logged.model_uri

    def summary(self) -> dict[str, Any]:
        """Return the output of ``icsml train --json``."""
        bundle, logged = self.trained.bundle, self.logged
        return {
            "run_id": logged.run_id,
            "model_uri": logged.model_uri,
            "name": logged.name,
            "version": logged.version,
            "champion": logged.champion,
            "bundle": str(bundle.folder),
            "bundle_sha256": bundle.sha256,
            "metrics": self.trained.metrics,
        }


def train(
    data: Path, config: TrainingConfig, *, seed: int | None = None, out: Path | None = None, progress: Progress = silent
) -> Registered:
    """Train as :func:`icsml.workflows.train.train_bundle` does, log the run to MLflow and register the bundle.

    The register is reached, and the run opened in it, before training begins. A training that fails ends its run with
    the reason; a bundle that is written while the register cannot be used is kept, with everything to be logged.

    Parameters
    ----------
    data, config, seed, out, progress
        As for :func:`icsml.workflows.train.train_bundle`.

    Raises
    ------
    MissingError
        ICS-REG-003 and ICS-REG-006 to ICS-REG-008 before training, if the register cannot be used; ICS-REG-009 after
        it, if the register cannot be used any more.
    """
    refuse_occupied(out)
    config = config if seed is None else config.with_seed(seed)
    log = MlflowProgress(progress)
    dataset = read_dataset(data)
    start = run_start(dataset, data, config)
    log("opening the run in MLflow")
    run_id = open_run(start, log)
    try:
        trained = trained_on(dataset, config, out, log)
    except BaseException as error:
        _close(run_id, error, log)
        raise
    return Registered(trained, _registered(start, trained, log, run_id))


def _registered(start: RunStart, trained: Trained, log: MlflowProgress, run_id: str) -> Logged:
    """Log and register; if that fails, the bundle and the record are stored, and that is reported."""
    bundle = trained.bundle
    try:
        record = run_record(start, trained, log, run_id=run_id)
        keep_record(record, bundle.sha256)
        log("logging to MLflow and registering")
        return register_record(bundle.folder, with_figures(record, trained, log), log)
    except MissingError:  # its message names the folder of the bundle
        raise
    except BaseException as error:
        log(f"the bundle is trained and kept, but not registered: icsml model register {bundle.folder}")
        _close(run_id, error, log)
        raise


def _close(run_id: str, error: BaseException, log: MlflowProgress) -> None:
    stopped = not isinstance(error, Exception)
    reason = "stopped" if stopped else f"{type(error).__name__}: {error}"
    files = {"training.log": log.text.encode()}
    close_run(run_id, failed=not stopped, reason=reason, files=files, progress=log)
