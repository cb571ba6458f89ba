from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import yaml

from icsml.cli.models import list_
from icsml.core.paths import configs_dir
from icsml.decision.frame import frame_scores
from icsml.errors import InputError, MissingError, ModelError
from icsml.features.encoder import Encoder
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.bundle import BundleParts, read_bundle, write_bundle
from icsml.model.calibrate import Affine
from icsml.model.scale import load_scale
from icsml.model.scorer import Scorer
from icsml.records.columns import to_columns
from icsml.registry import fetch_bundle, list_versions, log_training, resolve, tracking_uri
from icsml.registry.logged_model import _without_chatter

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]

ROWS = 300
DIGEST = "0123456789abcdef" * 4
GUARD = """
import socket
attempts = []
def refuse(self, address, *rest):
    if self.family != socket.AF_UNIX:
        attempts.append(str(address))
        raise OSError("no network here")
def refuse_name(host, *rest, **options):
    attempts.append(str(host))
    raise socket.gaierror("no network here")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse_name
"""
LOG = (
    GUARD
    + """
import json, sys, time
from pathlib import Path
import pandas as pd
from icsml.registry import MlflowProgress, log_training
progress = MlflowProgress(stopwatch=iter([0.0, 1.25]).__next__)
progress("fitting")
logged = log_training(
    Path(sys.argv[1]), name="icsml-pd",
    params={"num_leaves": 8, "features": ["a", "b"], "long_run_rate": None},
    metrics={"test_auc": 0.8125, "test_ks": 0.5},
    tables={"features": pd.DataFrame({"feature": ["a", "b"], "gain": [1 / 3, None]})},
    dataset={"name": "book", "digest": sys.argv[2], "source": "book", "rows": 300},
    tags={"synthetic": "true", "bundle_sha256": "ab12"}, progress=progress,
)
time.sleep(0.5)
print(json.dumps({"run_id": logged.run_id, "uri": logged.model_uri, "version": logged.version, "attempts": attempts}))
"""
)
SCORE = (
    GUARD
    + """
import sys
import mlflow
import pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
model.predict(pd.read_parquet(sys.argv[2])).to_parquet(sys.argv[3])
assert not attempts, attempts
"""
)


def run(script, home, *arguments, **variables):
    """Run a script in a fresh process that MLflow cannot mistake for a test, and return what it printed."""
    dropped = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"ICSML_HOME": str(home)} | variables
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=home, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def frame():
    rng = np.random.default_rng(3)
    money = rng.lognormal(16, 1, (ROWS, 3))
    return pd.DataFrame(
        {
            "enterprise_id": [f"e-{i}" for i in range(ROWS)],
            "as_of": pd.Timestamp("2026-06-30"),
            "industry": "I6510",
            "staff_total": rng.integers(5, 400, ROWS).astype(float),
            "staff_rd": rng.integers(0, 5, ROWS).astype(float),
            "revenue_cny": money[:, 0],
            "rd_expense_cny": money[:, 0] * rng.uniform(0, 0.2, ROWS),
            "total_assets_cny": money[:, 1],
            "total_liabilities_cny": np.where(rng.random(ROWS) < 0.1, np.nan, money[:, 1] * rng.uniform(0.1, 1, ROWS)),
        }
    )


@pytest.fixture(scope="session")
def bundle(frame, tmp_path_factory):
    encoder, _ = Encoder.fit_catalogue(set(frame.columns), ())
    rulebook = load_rulebook("national-2025")
    columns = to_columns(frame)
    X = encoder.encode(columns, evaluate(rulebook, columns))
    debt = np.nan_to_num(columns["total_liabilities_cny"] / columns["total_assets_cny"], nan=0.5)
    y = (debt + np.random.default_rng(4).normal(0, 0.3, ROWS) > 0.8).astype(float)
    params = {"objective": "binary", "num_leaves": 4, "min_child_samples": 10, "num_threads": 1, "verbosity": -1}
    fixed = {"deterministic": True, "force_row_wise": True, "monotone_constraints": list(encoder.directions)}
    booster = lgb.train(params | fixed, lgb.Dataset(X, y), num_boost_round=20)
    parts = BundleParts(
        name="icsml-pd", model=Scorer(booster, encoder, Affine(0.9, -0.2)), rulebook=rulebook,
        scale=load_scale(configs_dir() / "policy" / "master-scale.yaml"), event="default", horizon_months=12,
        synthetic=True, card="A bundle for tests.\n", training={"blocking": []},
    )  # fmt: skip
    return write_bundle(tmp_path_factory.mktemp("bundles") / "small", parts)


@pytest.fixture(scope="session")
def store(bundle, tmp_path_factory):
    """A registry that one training in another process has written."""
    home = tmp_path_factory.mktemp("home")
    logged = json.loads(run(LOG, home, bundle.folder, DIGEST))
    return SimpleNamespace(home=home, **logged)


@pytest.fixture
def home(store, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(store.home))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return store.home


@pytest.fixture
def client(home, monkeypatch):
    """MLflow itself, pointed at the store as its own users point it."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri())
    mlflow.set_tracking_uri(tracking_uri())
    return mlflow.MlflowClient()


@pytest.mark.parametrize("name", ["a%2Fb", "a b#c", "创新"])
def test_a_model_is_fetched_from_a_home_of_any_name(bundle, tmp_path, name):
    home = tmp_path / name
    home.mkdir()
    uri = json.loads(run(LOG, home, bundle.folder, DIGEST))["uri"]
    fetch = "import sys; from icsml.registry import fetch_bundle; print(fetch_bundle(sys.argv[1]).folder)"
    assert contents(Path(run(fetch, home, uri).strip())) == contents(bundle.folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_run_holds_what_was_logged(client, store):
    logged = client.get_run(store.run_id)
    assert logged.info.status == "FINISHED"
    assert len(logged.data.tags["icsml_wheel_sha256"]) == 64
    assert logged.data.params == {"num_leaves": "8", "features": '["a","b"]', "long_run_rate": "null"}
    assert logged.data.metrics == {"test_auc": 0.8125, "test_ks": 0.5}
    assert logged.data.tags["dataset_sha256"] == DIGEST
    assert logged.data.tags["synthetic"] == "true"
    dataset = logged.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest, json.loads(dataset.profile)) == ("book", DIGEST[:36], {"num_rows": 300})


def test_the_version_says_what_it_was_made_of(client, store):
    found = client.get_model_version("icsml-pd", store.version).tags
    assert found == {"dataset": "book", "synthetic": "true", "bundle_sha256": "ab12", "test_auc": "0.8125"}
    listed = next(each for each in list_versions() if each["version"] == store.version)
    facts = {"dataset": "book", "synthetic": True, "test_auc": 0.8125, "cv_auc": None, "bundle_sha256": "ab12"}
    assert listed.items() >= facts.items()
    age = datetime.now(UTC) - datetime.fromisoformat(listed["created"])
    assert timedelta(0) <= age < timedelta(hours=1)


def test_the_list_shows_what_a_version_was_made_of(home, capsys):
    list_()
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:7] == ["name", "version", "aliases", "data", "set", "synthetic", "AUC"]
    assert any(row.split()[:7] == ["icsml-pd", "1", "champion", "book", "yes", "0.8125", "test"] for row in rows)


def test_a_version_without_facts_is_listed_without_them(home, client):
    client.create_registered_model("bare")
    client.create_model_version("bare", "file:///nowhere", tags={"test_auc": "high", "synthetic": "perhaps"})
    try:
        found = next(each for each in list_versions() if each["name"] == "bare")
        assert (found["dataset"], found["synthetic"], found["test_auc"], found["cv_auc"]) == (None,) * 4
    finally:
        client.delete_registered_model("bare")


def test_tables_and_the_log_are_artifacts_mlflow_can_show(client, store, tmp_path):
    experiment = client.get_run(store.run_id).info.experiment_id
    table = client.load_table(experiment, "tables/features.json", run_ids=[store.run_id])
    assert table["feature"].tolist() == ["a", "b"]
    assert table["gain"][0] == pytest.approx(1 / 3, rel=1e-14)
    assert pd.isna(table["gain"][1])
    log = Path(client.download_artifacts(store.run_id, "training.log", str(tmp_path)))
    assert log.read_text() == "     1.2 s  fitting\n"


def test_logging_reaches_for_no_network(store):
    assert store.attempts == []


def test_nothing_in_the_store_is_a_pickle(store, bundle, holds_a_pickle):
    files = [path for path in (store.home / "mlartifacts").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"MLmodel", "pyfunc_model.py", "manifest.json", "model.txt"}
    assert [path.suffix for path in files if zipfile.is_zipfile(path)] == [".whl"]
    assert [path.name for path in files if holds_a_pickle(path.read_bytes())] == []
    model = yaml.safe_load(next(path for path in files if path.name == "MLmodel").read_text())
    assert model["flavors"]["python_function"]["loader_module"] == "mlflow.pyfunc.loaders.code_model"
    requirements = next(path for path in files if path.name == "requirements.txt").read_text().split()
    (wheel,) = (line for line in requirements if line.endswith(".whl"))
    assert wheel.startswith("artifacts/icsml-0.1.0-0")
    assert all("==" in line for line in requirements if not line.endswith(".whl"))


def test_all_state_lies_under_icsml_home(store):
    assert {path.name for path in store.home.iterdir()} - {"cache"} == {
        "mlflow.db", "mlflow.db.lock", "mlartifacts", "unregistered"
    }  # fmt: skip
    assert list((store.home / "unregistered").iterdir()) == []


def test_every_form_of_reference_gives_the_bundle(home, store, bundle):
    for ref in (resolve.DEFAULT_REFERENCE, f"models:/icsml-pd/{store.version}", f"runs:/{store.run_id}"):
        fetched = fetch_bundle(ref)
        assert (fetched.name, fetched.version) == ("icsml-pd", "1")
        assert contents(fetched.folder) == contents(bundle.folder)
        assert fetched.folder.is_relative_to(home / "cache")
    assert read_bundle(fetched.folder).sha256 == bundle.sha256


def test_a_version_is_fetched_once(home, store, tmp_path):
    first = fetch_bundle("models:/icsml-pd/1")
    shutil.move(home / "mlartifacts", tmp_path)
    try:
        assert fetch_bundle("models:/icsml-pd@champion") == first
    finally:
        shutil.move(tmp_path / "mlartifacts", home)
    assert [path.name for path in first.folder.parent.iterdir()] == [first.folder.name]


@pytest.mark.parametrize("name", ["model.txt", "manifest.json"])
def test_a_damaged_cache_is_fetched_again(home, store, bundle, name):
    first = fetch_bundle("models:/icsml-pd/1")
    (first.folder / name).write_bytes(b"cut")
    again = fetch_bundle("models:/icsml-pd/1")
    assert again == first
    assert contents(again.folder) == contents(bundle.folder)
    assert [path.name for path in first.folder.parent.iterdir()] == [first.folder.name]


def test_a_version_that_another_process_fetched_meanwhile_is_taken(home, store, bundle, monkeypatch):
    first = fetch_bundle("models:/icsml-pd/1")
    shutil.rmtree(first.folder)
    whole = resolve._bundle_of

    def meanwhile(*arguments):
        shutil.copytree(bundle.folder, first.folder)
        return whole(*arguments)

    monkeypatch.setattr(resolve, "_bundle_of", meanwhile)
    assert fetch_bundle("models:/icsml-pd/1") == first
    assert contents(first.folder) == contents(bundle.folder)


@pytest.mark.parametrize("ref", ["models:/icsml-pd/1", "runs:/{run_id}"])
def test_a_model_whose_files_are_gone_is_one_line(home, store, tmp_path, ref):
    shutil.rmtree(home / "cache", ignore_errors=True)
    shutil.move(home / "mlartifacts", tmp_path)
    try:
        with pytest.raises(MissingError) as caught:
            fetch_bundle(ref.format(run_id=store.run_id))
    finally:
        shutil.move(tmp_path / "mlartifacts", home)
    assert (caught.value.code, caught.value.field) == ("ICS-REG-003", "models:/icsml-pd/1")
    assert "artifacts" in caught.value.remedy


def test_a_run_without_a_model_is_one_line(home, client):
    experiment = client.get_experiment_by_name("icsml").experiment_id
    run_id = client.create_run(experiment).info.run_id
    with pytest.raises(MissingError) as caught:
        fetch_bundle(f"runs:/{run_id}")
    assert (caught.value.code, caught.value.field) == ("ICS-REG-003", f"runs:/{run_id}/model")


def test_an_error_of_the_store_of_files_is_one_line(home, client, monkeypatch):
    import mlflow

    def refuse(**options):
        raise OSError("the disk is gone")

    shutil.rmtree(home / "cache", ignore_errors=True)
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", refuse)
    with pytest.raises(MissingError) as caught:
        fetch_bundle("models:/icsml-pd/1")
    assert (caught.value.code, caught.value.field) == ("ICS-REG-003", "models:/icsml-pd/1")


def test_a_bundle_that_is_damaged_in_the_registry_is_refused_and_not_cached(home, store):
    shutil.rmtree(home / "cache", ignore_errors=True)
    kept = next((home / "mlartifacts").rglob("model.txt"))
    content = kept.read_bytes()
    kept.write_bytes(content[:100])
    try:
        with pytest.raises(ModelError, match=r"ICS-MOD-013 model\.txt"):
            fetch_bundle("models:/icsml-pd/1")
    finally:
        kept.write_bytes(content)
    assert list((home / "cache" / "bundles").iterdir()) == []


def test_mlflow_alone_scores_as_icsml_does(store, bundle, frame, tmp_path):
    frame.to_parquet(tmp_path / "enterprises.parquet")
    address = {"MLFLOW_TRACKING_URI": f"sqlite:///{store.home / 'mlflow.db'}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    files = (tmp_path / "enterprises.parquet", tmp_path / "out.parquet")
    run(SCORE, tmp_path, "models:/icsml-pd@champion", *files, **address)
    expected = frame_scores(bundle, frame)
    assert expected["pd"].nunique() > 10
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "out.parquet"), expected, check_exact=True, check_dtype=False
    )


@pytest.mark.parametrize(
    "ref",
    ["models:/icsml-pd@challenger", "models:/icsml-pd/99", "models:/other/1", "models:/other@champion", "runs:/abc"],
)
def test_what_is_not_registered_is_missing_with_a_remedy(home, ref):
    with pytest.raises(MissingError) as caught:
        fetch_bundle(ref)
    assert (caught.value.code, caught.value.field, caught.value.exit_code) == ("ICS-REG-002", ref, 3)
    assert "icsml train" in str(caught.value)


def test_a_second_version_leaves_the_champion_alone(client, store, bundle, capsys):
    changed = write_bundle(store.home.parent / "changed", _other(bundle))
    logged = log_training(
        changed.folder, name="icsml-pd", params={}, metrics={}, tables={},
        dataset={"name": "book", "digest": DIGEST, "source": "book", "rows": 1},
    )  # fmt: skip
    assert (logged.version, logged.model_uri) == ("2", "models:/icsml-pd/2")
    assert "ersion" not in "".join(capsys.readouterr())
    assert fetch_bundle("models:/icsml-pd@champion").version == "1"
    assert read_bundle(fetch_bundle("models:/icsml-pd/2").folder).sha256 == changed.sha256
    listed = [(entry["name"], entry["version"], entry["aliases"]) for entry in list_versions()]
    assert listed == [("icsml-pd", "2", []), ("icsml-pd", "1", ["champion"])]
    assert list_versions()[1]["run_id"] == store.run_id


def test_only_the_chatter_is_kept_back(capsys):
    def fail():
        with _without_chatter():
            sys.stderr.write("Created version '2' of model 'm'.\na warning\n")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert capsys.readouterr().err == "a warning\n"


def test_the_address_does_not_stay_in_the_environment(home):
    assert list_versions()
    assert "MLFLOW_TRACKING_URI" not in os.environ


def _other(bundle):
    return BundleParts(
        name=bundle.name, model=dataclasses.replace(bundle.model, calibration=Affine(1.1, 0.0)),
        rulebook=bundle.rulebook, scale=bundle.scale, event="default", horizon_months=12, card="Another.\n",
    )  # fmt: skip


def test_a_run_that_registered_another_model_gets_a_version_of_its_own(client, bundle, monkeypatch):
    given = client.create_run(client.get_experiment_by_name("icsml").experiment_id).info.run_id
    client.create_registered_model("theirs")
    client.create_model_version("theirs", "file:///nowhere", run_id=given)
    monkeypatch.setenv("MLFLOW_RUN_ID", given)
    before = next(each for each in list_versions() if each["name"] == "icsml-pd")
    try:
        logged = log_training(
            bundle.folder, name="icsml-pd", params={}, metrics={}, tables={},
            dataset={"name": "book", "digest": DIGEST, "source": "book", "rows": 1},
        )  # fmt: skip
        assert (logged.run_id, int(logged.version)) == (given, int(before["version"]) + 1)
    finally:
        client.delete_registered_model("theirs")


def test_without_a_bundle_nothing_is_registered(client, tmp_path):
    before = list_versions()
    with pytest.raises(MissingError, match="ICS-MOD-010"):
        log_training(
            tmp_path / "none", name="icsml-pd", params={}, metrics={}, tables={},
            dataset={"name": "book", "digest": DIGEST, "source": "book", "rows": 1},
        )  # fmt: skip
    assert list_versions() == before


def test_a_model_of_another_kind_is_refused(home, client, tmp_path):
    import mlflow

    code = tmp_path / "other.py"
    code.write_text(
        "import mlflow\n"
        "class Other(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input: list[str], params=None):\n"
        "        return model_input\n"
        "mlflow.models.set_model(Other())\n"
    )
    experiment = client.get_experiment_by_name("icsml").experiment_id
    with mlflow.start_run(experiment_id=experiment):
        mlflow.pyfunc.log_model(
            name="m", python_model=str(code), pip_requirements=[], registered_model_name="other-kind"
        )
    with pytest.raises(ModelError) as caught:
        fetch_bundle("models:/other-kind/1")
    assert caught.value.code == "ICS-REG-004"
    assert not [path for path in (home / "cache" / "bundles").iterdir() if path.name.startswith((".", "other"))]


@pytest.mark.parametrize("uri", ["garbage", "http://127.0.0.1:9", "nonsense://somewhere"])
def test_a_registry_that_cannot_be_used_is_said_so(tmp_path, monkeypatch, uri):
    if uri == "garbage":
        (tmp_path / "mlflow.db").write_text("this is no database" * 200)
        uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MissingError) as caught:
        fetch_bundle("models:/icsml-pd@champion")
    assert (caught.value.code, caught.value.field) == ("ICS-REG-003", "MLFLOW_TRACKING_URI")


def test_bad_references_are_bad_input():
    for ref in ("models:/icsml-pd", "models:/icsml-pd/latest", "models:/@champion", "runs:/", "runs:/../x", "models:x"):
        with pytest.raises(InputError) as caught:
            fetch_bundle(ref)
        assert caught.value.code == "ICS-REG-001"
