"""A real tracking server: trainings that can be told apart and made again, and a server that dies at any moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from icsml.core.yaml import load_model_text
from icsml.errors import MissingError
from icsml.model.bundle import read_bundle
from icsml.records.dataset import FoldSplit, read_dataset, write_dataset
from icsml.registry import fetch_bundle, list_versions, register_bundle, register_record, tracking
from icsml.registry import training_run as runs
from icsml.registry.training_record import RunRecord, TrialFacts, find_record
from icsml.workflows.config import TrainingConfig
from icsml.workflows.register import train
from icsml.workflows.train import train_bundle

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]


class Server:
    """`mlflow server` on one port, with a database and files that outlive it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{self.folder}/server.db"]
        command += ["--artifacts-destination", str(self.folder / "files")]
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                command, env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "log").read_text()[-2_000:])

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.kill()


@pytest.fixture
def client(server, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return mlflow.MlflowClient(server.uri)


@pytest.fixture(scope="module")
def folds(book_folder, tmp_path_factory):
    """The small book, split by folds."""
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    folder = tmp_path_factory.mktemp("folds")
    write_dataset(folder, meta, dataset.enterprises, dataset.outcomes)
    return folder


def artifact(client, run_id, path, folder):
    return Path(client.download_artifacts(run_id, path, str(folder))).read_text("utf-8")


def test_trainings_can_be_told_apart_and_made_again(client, book_folder, folds, quick_config, tmp_path):
    changed = quick_config.model_copy(
        update={
            "exclude": ["rd_intensity"],
            "rulebook": "national-2024",
            "model": quick_config.model.model_copy(
                update={"held_out": "time_blocks", "inner_folds": 4, "patience": 15, "trials": 2}
            ),
        }
    )
    first = train(book_folder, quick_config)
    second = train(book_folder, changed)
    by_folds = train(folds, quick_config, seed=5)
    found = [client.get_run(each.logged.run_id) for each in (first, second, by_folds)]
    assert [run.info.status for run in found] == ["FINISHED"] * 3

    params = [run.data.params for run in found]
    differ = {key for key in params[0].keys() | params[1].keys() if params[0].get(key) != params[1].get(key)}
    assert differ >= {"model.held_out", "model.inner_folds", "model.patience", "model.trials", "exclude", "rulebook"}
    assert (params[2]["split"], params[2]["split.seed"], params[0]["split"]) == ("folds", "5", "out_of_time")

    compared = {"auc", "auc_low", "ks", "brier", "log_loss", "calibration_slope", "without_innovation_auc"}
    assert all(compared <= run.data.metrics.keys() for run in found)
    assert found[0].data.metrics["auc"] == first.trained.metrics["test"]["auc"]
    assert found[2].data.metrics["auc"] == by_folds.trained.metrics["cv"]["auc"]

    recorded = artifact(client, second.logged.run_id, "configuration/training.yaml", tmp_path)
    config = load_model_text(recorded, "training.yaml", TrainingConfig, code="ICS-CFG-002")
    again = train_bundle(book_folder, config, out=tmp_path / "again").bundle
    assert again.sha256 == second.trained.bundle.sha256 != first.trained.bundle.sha256
    recorded = artifact(client, by_folds.logged.run_id, "configuration/training.yaml", tmp_path)
    config = load_model_text(recorded, "training.yaml", TrainingConfig, code="ICS-CFG-002")
    assert train_bundle(folds, config, out=tmp_path / "folds").bundle.sha256 == by_folds.trained.bundle.sha256

    run = found[1]
    below = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
    assert sorted(child.info.run_name for child in below) == ["trial 0", "trial 1"]
    assert all("model.hyperparameters.max_depth" in child.data.params for child in below)
    curve = client.get_metric_history(run.info.run_id, "inner_log_loss")
    measured = second.trained.pair.model.classifier.inner_curve_
    assert [(point.step, point.value) for point in curve] == list(measured)
    fetched = fetch_bundle(second.model_uri)
    assert read_bundle(fetched.folder).sha256 == second.trained.bundle.sha256


MOMENTS = {
    "before the run is filled": (tracking, "fill_run"),
    "before the trials": (runs, "_log_trials"),
    "before the model": (tracking, "log_model"),
    "before the version is described": (tracking, "_version_tags"),
    "before the run is closed": (tracking, "_make_champion"),
}


def test_a_server_that_dies_at_any_moment_loses_no_bundle(server, client, trained, monkeypatch, capsys):
    for number, (moment, (room, name)) in enumerate(MOMENTS.items()):
        run_id = runs.open_run(runs.RunStart(name="killed", dataset=_dataset()))
        record = RunRecord(
            name="killed", params={"number": number}, metrics={"auc": 0.5 + number / 100}, dataset=_dataset(),
            curves={"inner_log_loss": [(25, 0.2), (50, 0.1)]},
            trials=(TrialFacts(number=0, params={"a": 1}, metrics={"loss": 0.1}),),
            files={"model_card.md": b"card", "training.log": b"log"}, run_id=run_id,
        )  # fmt: skip
        whole = getattr(room, name)

        def dying(*arguments, whole=whole, **options):
            server.kill()
            return whole(*arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(room, name, dying)
            with pytest.raises(MissingError) as caught:
                register_record(trained.bundle.folder, record)
        assert caught.value.code == "ICS-REG-009", moment
        assert caught.value.remedy.endswith(f"icsml model register {trained.bundle.folder}")
        assert find_record(trained.bundle.sha256) == record
        server.start()
        logged, new = register_bundle(trained.bundle.folder)
        assert new
        assert (logged.run_id, logged.version) == (run_id, str(number + 1)), moment
        assert find_record(trained.bundle.sha256) is None
        run = client.get_run(run_id)
        assert run.info.status == "FINISHED"
        assert run.data.metrics["auc"] == record.metrics["auc"]
        below = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")
        assert [(child.info.run_name, child.info.status) for child in below if child.info.status == "FINISHED"] == [
            ("trial 0", "FINISHED")
        ]
        assert {each.path for each in client.list_artifacts(run_id)} == {"model_card.md", "training.log"}
        fetched = fetch_bundle(logged.model_uri)
        assert read_bundle(fetched.folder).sha256 == trained.bundle.sha256
    assert [each["aliases"] for each in list_versions() if each["name"] == "killed"][-1] == ["champion"]


def test_a_dead_server_is_told_before_training(server, client, book_folder, quick_config, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setattr("icsml.workflows.register.trained_on", lambda *rest: pytest.fail("it trained"))
    with pytest.raises(MissingError, match="failed with exception") as caught:
        train(book_folder, quick_config)
    assert caught.value.code == "ICS-REG-003"
    assert "secret" not in str(caught.value)


def _dataset():
    return {"name": "book", "digest": "d" * 64, "source": "here", "rows": 1}
