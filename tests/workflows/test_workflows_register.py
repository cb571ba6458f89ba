"""A training in the register: what its run holds, what becomes of one that fails, and what may not become champion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icsml.core.canonical import sha256_hex
from icsml.core.paths import configs_dir
from icsml.core.yaml import dump_yaml, load_model_text
from icsml.errors import InputError, MissingError
from icsml.records.dataset import FoldSplit, read_dataset, write_dataset
from icsml.records.extra import ExtraFeature
from icsml.registry import list_versions, register_bundle
from icsml.registry.session import mlflow_session
from icsml.registry.training_record import find_record
from icsml.reports.held_out import grouped_rates
from icsml.texts.label import Label
from icsml.workflows import register
from icsml.workflows.config import TrainingConfig, flat, load_training_config
from icsml.workflows.register import train
from icsml.workflows.train import train_bundle

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]


@pytest.fixture(scope="module")
def registered(book_folder, quick_config, tmp_path_factory):
    """A training of the small book in a home of its own."""
    home = tmp_path_factory.mktemp("registered") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICSML_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)  # other modules point MLflow elsewhere
        return home, train(book_folder, quick_config)


@pytest.fixture
def home(registered, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(registered[0]))
    return registered[0]


def the_run(run_id):
    with mlflow_session() as mlflow:
        return mlflow.MlflowClient().get_run(run_id)


def only_run(filter_string=""):
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        (found,) = client.search_runs([client.get_experiment_by_name("icsml").experiment_id], filter_string)
    return found


def files_of(home, run_id):
    root = home / "mlartifacts" / run_id / "artifacts"
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def test_a_run_holds_what_a_data_scientist_looks_for(home, registered, book_folder, quick_config, tmp_path):
    trained, logged = registered[1].trained, registered[1].logged
    run = the_run(logged.run_id)
    files = files_of(home, logged.run_id)

    assert run.info.status == "FINISHED"
    assert run.info.end_time > run.info.start_time
    assert run.data.params.keys() >= flat(quick_config).keys()
    recorded = files["configuration/training.yaml"].read_text("utf-8")
    assert load_model_text(recorded, "training.yaml", TrainingConfig, code="ICS-CFG-002") == quick_config
    rulebook = files["configuration/rulebook.yaml"].read_bytes()
    assert run.data.params["rulebook_sha256"] == sha256_hex(rulebook)

    assert run.data.tags["icsml"] == trained.bundle.code_version
    assert len(run.data.tags["icsml_wheel_sha256"]) == 64
    assert "numpy==" in files["environment/installed.txt"].read_text()

    (given,) = run.inputs.dataset_inputs
    assert given.dataset.name == trained.dataset.meta.name
    assert trained.dataset.digest.startswith(given.dataset.digest)
    source = json.loads(given.dataset.source)
    assert (source["uri"], source["stated"]) == (str(book_folder.resolve()), trained.dataset.meta.source)
    assert "revenue_cny" in given.dataset.schema
    assert files["data/dataset.yaml"].read_text("utf-8").startswith(f"name: {trained.dataset.meta.name}")

    assert run.data.metrics["auc"] == trained.metrics["test"]["auc"]
    assert run.data.metrics["without_innovation_auc"] == trained.metrics["test_without_innovation"]["auc"]
    with mlflow_session() as mlflow:
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "inner_log_loss")
    assert [(p.step, p.value) for p in history] == list(trained.pair.model.classifier.inner_curve_)

    assert {"plots/roc.svg", "plots/calibration.svg", "plots/importance.svg"} <= files.keys()
    assert f"AUC {trained.metrics['test']['auc']:.4f}" in files["plots/roc.svg"].read_text("utf-8")
    assert files["model_card.md"].read_text("utf-8") == trained.bundle.card
    assert "bundle" in files["training.log"].read_text("utf-8")
    assert {"tables/features.json", "tables/rounds.json", "tables/data_checks.json"} <= files.keys()


def test_held_out_predictions_are_those_of_the_figures(home, registered):
    trained, logged = registered[1].trained, registered[1].logged
    found = pd.read_parquet(files_of(home, logged.run_id)["predictions/held_out.parquet"])
    assert len(found) == trained.metrics["test"]["rows"]
    assert int(found["bad"].sum()) == trained.metrics["test"]["defaults"]
    own = trained.dataset.enterprises.iloc[found["row"]]
    assert (found["enterprise_id"].to_numpy() == own["enterprise_id"].to_numpy()).all()
    brier = float(((found["pd"] - found["bad"]) ** 2).mean())
    assert brier == pytest.approx(trained.metrics["test"]["brier"], rel=1e-12)
    assert found["pd_without_innovation"].notna().all()


def test_the_bundle_states_how_it_was_made(registered, quick_config):
    bundle = registered[1].trained.bundle
    assert TrainingConfig.model_validate(bundle.training["configuration"]) == quick_config
    assert bundle.training["split"] == "out_of_time"
    assert bundle.training["blocking"] == []
    assert bundle.training["figures"]["auc"] == pytest.approx(registered[1].trained.metrics["test"]["auc"], rel=1e-5)


def test_a_training_that_fails_leaves_a_run_that_says_why(book_folder, quick_config, tmp_path):
    wrong = quick_config.model_copy(update={"exclude": ["extra.absent"]})
    with pytest.raises(InputError, match="ICS-FEA-003"):
        train(book_folder, wrong)
    run = only_run()
    assert run.info.status == "FAILED"
    assert "ICS-FEA-003" in run.data.tags["error"]
    assert run.data.params["exclude"] == '["extra.absent"]'
    assert list_versions() == []


def test_a_training_by_a_rulebook_file_is_made_again_from_its_record_alone(book_folder, quick_config, tmp_path):
    own = (configs_dir() / "rulebooks" / "national-2025.yaml").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(own.replace("id: national-2025", "id: own"), "utf-8")
    stated = {"rulebook": "own.yaml", "model": quick_config.model.model_dump(mode="json")}
    (tmp_path / "mine.yaml").write_text(dump_yaml(stated), "utf-8")
    found = train(book_folder, load_training_config(tmp_path / "mine.yaml"))
    kept = files_of(tmp_path / "home", found.logged.run_id)["configuration/training.yaml"]
    (tmp_path / "own.yaml").unlink()
    again = train_bundle(book_folder, load_training_config(kept), out=tmp_path / "again")
    assert found.trained.bundle.rulebook.id == "own"
    assert again.bundle.sha256 == found.trained.bundle.sha256


@pytest.mark.parametrize("moment", ["with_figures", "register_record"])
def test_what_was_trained_is_kept_when_it_is_stopped_afterwards(
    book_folder, quick_config, tmp_path, monkeypatch, moment
):
    def stop(*_):
        raise KeyboardInterrupt

    said = []
    with monkeypatch.context() as patch:
        patch.setattr(register, moment, stop)
        with pytest.raises(KeyboardInterrupt):
            train(book_folder, quick_config, out=tmp_path / "kept", progress=said.append)
    assert f"icsml model register {tmp_path / 'kept'}" in said[-1]
    run = only_run()
    assert (run.info.status, run.data.tags["error"]) == ("KILLED", "stopped")
    logged, new = register_bundle(tmp_path / "kept")
    assert (new, logged.run_id) == (True, run.info.run_id)
    assert only_run().info.status == "FINISHED"
    assert "predictions/held_out.parquet" in files_of(tmp_path / "home", logged.run_id)


def test_a_training_that_is_interrupted_is_called_so(book_folder, quick_config, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(register, "trained_on", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(book_folder, quick_config)
    assert only_run().info.status == "KILLED"


def test_an_occupied_folder_opens_no_run(book_folder, quick_config, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("x")
    with pytest.raises(InputError, match="ICS-TRN-003"):
        train(book_folder, quick_config, out=tmp_path / "taken")
    assert not (tmp_path / "home" / "mlflow.db").exists()


def test_a_bundle_whose_register_went_away_is_registered_later_with_all_of_it(
    book_folder, quick_config, tmp_path, monkeypatch
):
    whole = register.register_record

    def went_away(*arguments):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        return whole(*arguments)

    monkeypatch.setattr(register, "register_record", went_away)
    with pytest.raises(MissingError, match="ICS-REG-009") as caught:
        train(book_folder, quick_config, out=tmp_path / "kept")
    assert caught.value.remedy.endswith(f"icsml model register {tmp_path / 'kept'}")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    logged, new = register_bundle(tmp_path / "kept")
    assert new
    run = only_run()
    assert (run.info.run_id, run.info.status) == (logged.run_id, "FINISHED")
    assert run.data.metrics["auc"] > 0
    assert "plots/roc.svg" in files_of(tmp_path / "home", logged.run_id)
    (version,) = list_versions()
    assert (version["aliases"], version["test_auc"]) == (["champion"], run.data.metrics["auc"])
    again, new = register_bundle(tmp_path / "kept")
    assert (again.version, new) == (logged.version, False)


def test_a_bundle_from_elsewhere_is_registered_with_what_it_states(trained):
    assert find_record(trained.bundle.sha256) is None
    logged, new = register_bundle(trained.bundle.folder)
    assert (new, logged.champion) == (True, logged.version)
    run = the_run(logged.run_id)
    assert run.data.params["model.held_out"] == "folds"
    assert run.data.metrics["auc"] == pytest.approx(trained.metrics["test"]["auc"], rel=1e-5)
    assert run.data.tags["registered_from"] == "bundle"
    assert list_versions()[0]["test_auc"] == run.data.metrics["auc"]


def test_a_bundle_that_states_no_checks_is_no_champion_by_itself():
    demo = Path(__file__).parents[2] / "models" / "demo"
    logged, new = register_bundle(demo)
    assert (new, logged.champion) == (True, None)
    with mlflow_session() as mlflow:
        tags = mlflow.MlflowClient().get_model_version(logged.name, logged.version).tags
    assert "states no blocking checks" in tags["blocking"]


def test_a_leak_is_registered_and_no_champion(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    leak = ExtraFeature(name="months_run", label=Label(en="Months run", zh="月"), group="loan")
    bad = dataset.outcomes["bad"].to_numpy(dtype=float, na_value=0.0)
    rows = dataset.enterprises.assign(**{"extra.months_run": 36.0 - bad})
    meta = dataset.meta.model_copy(update={"extra_features": [leak]})
    write_dataset(tmp_path / "leaky", meta, rows, dataset.outcomes)
    found = train(tmp_path / "leaky", quick_config)
    assert found.logged.champion is None
    assert any("feature_leak" in reason for reason in found.trained.metrics["blocking"])
    assert list_versions()[0]["aliases"] == []
    assert found.trained.bundle.training["blocking"] == found.trained.metrics["blocking"]
    sound = train(book_folder, quick_config)
    assert (sound.logged.version, sound.logged.champion) == ("2", "2")


def test_the_folds_of_a_recorded_seed_are_the_same_again(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    write_dataset(tmp_path / "folds", meta, dataset.enterprises, dataset.outcomes)
    found = train(tmp_path / "folds", quick_config, seed=11)
    recorded = files_of(tmp_path / "home", found.logged.run_id)["configuration/training.yaml"]
    again = train(tmp_path / "folds", load_training_config(recorded))
    assert again.trained.bundle.sha256 == found.trained.bundle.sha256
    assert again.logged.version == "2"
    predictions = found.trained.predictions
    assert sorted(predictions["fold"].unique()) == [1, 2, 3]
    assert predictions["pd"].notna().all()


def test_groups_of_like_pds_hold_every_row_once():
    rng = np.random.default_rng(0)
    pd_ = np.round(rng.beta(1, 20, 3_000), 2)
    y = (rng.random(3_000) < pd_).astype(float)
    mean, rate, low, high = grouped_rates(y, pd_)
    assert 2 <= len(mean) <= 10
    assert (np.diff(mean) > 0).all()
    assert ((low <= rate) & (rate <= high)).all()
    assert grouped_rates(np.array([0.0, 1.0]), np.array([0.5, 0.5]))[1].tolist() == [0.5]
