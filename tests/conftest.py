"""Fixtures that more than one room needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.model.bundle import Bundle
from icsml.portfolio.synthetic import synthesize
from icsml.workflows.config import TrainingConfig, load_training_config
from icsml.workflows.train import Trained, train_bundle

OF_A_RUN = ("ICSML_LEDGER_URL", "ICSML_RULEBOOKS", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI")
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="module")
def _no_trace() -> Iterator[None]:
    """No file of tests leaves an address to the next: MLflow keeps its own in the process and in the environment."""
    yield
    if (mlflow := sys.modules.get("mlflow")) is not None:
        mlflow.set_tracking_uri(None)
    left = [name for name in OF_A_RUN if os.environ.pop(name, None)]
    assert not left, f"these stayed in the environment: {left}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the state of the checkout."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    for name in OF_A_RUN:
        monkeypatch.setenv(name, "")  # so that it is taken out again at the end, whoever set it meanwhile
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; it lies beside the checkout and is never part of it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data sets beside this checkout (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def quick_config() -> TrainingConfig:
    """The shipped training configuration with few rounds: quick, and the same code."""
    config = load_training_config(configs_dir() / "training" / "default.yaml")
    quick = config.model.model_copy(update={"max_rounds": 40, "patience": 20, "inner_folds": 3})
    return config.model_copy(update={"model": quick})


@pytest.fixture(scope="session")
def book_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated book on disk."""
    folder = tmp_path_factory.mktemp("book")
    synthesize(1500, 3, "small", folder, progress=silent)
    return folder


@pytest.fixture(scope="session")
def trained(book_folder: Path, quick_config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model trained on the small book."""
    return train_bundle(book_folder, quick_config, out=tmp_path_factory.mktemp("trained") / "bundle")


@pytest.fixture(scope="session")
def bundle(trained: Trained) -> Bundle:
    """The bundle of the small model, as read from disk."""
    return trained.bundle


@pytest.fixture(scope="session")
def enterprises(trained: Trained) -> pd.DataFrame:
    """The records of the small book."""
    return trained.dataset.enterprises
