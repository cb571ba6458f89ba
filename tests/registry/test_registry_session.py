"""The registry is checked before training, made whole or not at all, and looks where it lies today."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from icsml.errors import MissingError
from icsml.registry import close_run, fetch_bundle, list_versions, open_run, relocate, tracking_uri
from icsml.registry.session import mlflow_session
from icsml.registry.training_run import RunStart

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]

DATASET = {"name": "book", "digest": "d" * 64, "source": "here", "rows": 3, "columns": {"revenue_cny": "double"}}
OPEN = """
import sys
from icsml.registry import open_run
from icsml.registry.training_run import RunStart
said = []
start = RunStart(name="icsml-pd", dataset={"name": "x", "digest": "d" * 64, "source": "s", "rows": 1})
print(open_run(start, said.append))
"""


def start(**more):
    return RunStart(name="icsml-pd", dataset=DATASET, **more)


@pytest.fixture
def home(tmp_path, monkeypatch):
    def use(name="home"):
        monkeypatch.setenv("ICSML_HOME", str(tmp_path / name))
        return tmp_path / name

    return use


def get_run(run_id):
    with mlflow_session() as mlflow:
        return mlflow.MlflowClient().get_run(run_id)


def test_an_open_run_says_what_will_be_trained(home, tmp_path):
    home()
    params = {"model.seed": 1, "exclude": [], "long_run_rate": None}
    started = start(params=params, files={"configuration/a.yaml": b"a"})
    run = get_run(open_run(started))
    assert run.info.status == "RUNNING"
    assert run.data.params == {"model.seed": "1", "exclude": "[]", "long_run_rate": "null"}
    assert run.data.tags.keys() >= {"icsml", "mlflow.user", "mlflow.source.name", "command", "dataset_sha256"}
    assert run.data.tags["mlflow.source.git.commit"]
    dataset = run.inputs.dataset_inputs[0].dataset
    assert json.loads(dataset.source) == {"uri": "here"}
    assert json.loads(dataset.schema)["mlflow_colspec"][0]["name"] == "revenue_cny"
    with mlflow_session() as mlflow:
        assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/configuration/a.yaml") == "a"


def test_a_training_that_fails_ends_its_run_with_the_reason(home):
    home()
    for failed, status in ((True, "FAILED"), (False, "KILLED")):
        run_id = open_run(start())
        close_run(run_id, failed=failed, reason="no rows", files={"training.log": b"log"})
        run = get_run(run_id)
        assert (run.info.status, run.data.tags["error"]) == (status, "no rows")


def test_a_registry_that_went_away_does_not_hide_why_a_training_failed(home, monkeypatch):
    home()
    run_id = open_run(start())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    said = []
    close_run(run_id, failed=True, reason="x", files={}, progress=said.append)
    assert said[0].startswith(f"run {run_id} stays open: ICS-REG-003")


@pytest.mark.parametrize("name", ["a%2Fb", "a%20b", "a b", "a?b", "a#b", "a%", "创新"])
def test_any_name_of_a_home_will_do(home, tmp_path, name):
    folder = home(name)
    run = get_run(open_run(start(files={"a.txt": b"a"})))
    assert {path.name for path in tmp_path.iterdir()} == {name}
    assert (folder / "mlflow.db").is_file()
    assert (folder / "mlartifacts" / run.info.run_id / "artifacts" / "a.txt").is_file()


def test_eight_at_once_make_one_registry(home):
    folder = home()
    command = [sys.executable, "-c", OPEN]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 8, answers
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name("icsml").experiment_id
        found = {run.info.run_id for run in client.search_runs([experiment])}
    assert found == {out.strip() for out, _ in answers}
    assert not [path for path in folder.iterdir() if path.name.startswith(".new-")]


def test_a_registry_that_is_cut_off_while_it_is_made_is_not_found_half_made(home, monkeypatch):
    from mlflow.store.tracking import sqlalchemy_store

    folder = home()

    class CutOff(sqlalchemy_store.SqlAlchemyStore):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sqlalchemy_store, "SqlAlchemyStore", CutOff)
        with pytest.raises(KeyboardInterrupt):
            open_run(start())
    assert {path.name for path in folder.iterdir()} == {"mlflow.db.lock"}
    assert get_run(open_run(start())).info.status == "RUNNING"


def test_who_has_to_wait_is_told(home):
    folder = home()
    open_run(start())
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, sys, time\nf = open(sys.argv[1], 'w')\nfcntl.flock(f, fcntl.LOCK_EX)\n"
         "print('held', flush=True)\ntime.sleep(1)", str(folder / "mlflow.db.lock")], stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    said = []
    open_run(start(), said.append)
    holder.communicate()
    assert said == ["waiting for another process that writes to the register"]


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(home):
    home()
    run = get_run(open_run(start()))
    with mlflow_session() as mlflow:
        mlflow.MlflowClient().delete_experiment(run.info.experiment_id)
    with pytest.raises(MissingError, match=r"experiment 'icsml' is deleted") as caught:
        open_run(start())
    assert caught.value.code == "ICS-REG-006"
    assert f"mlflow experiments restore -x {run.info.experiment_id}" in caught.value.remedy


def test_another_experiment_may_be_named(home, monkeypatch):
    home()
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    run = get_run(open_run(start()))
    with mlflow_session() as mlflow:
        assert mlflow.MlflowClient().get_experiment(run.info.experiment_id).name == "mine"


def test_the_experiment_of_set_experiment_is_followed(home, monkeypatch):
    home()
    with mlflow_session() as mlflow:
        theirs = mlflow.MlflowClient().create_experiment("theirs")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", theirs)
    assert get_run(open_run(start())).info.experiment_id == theirs
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "12345")
    with pytest.raises(MissingError, match="No Experiment with id=12345"):
        open_run(start())


def test_a_run_that_is_named_is_taken_once(home, monkeypatch):
    home()
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        given = client.create_run(client.create_experiment("theirs")).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", given)
    assert open_run(start()) == given
    with pytest.raises(MissingError, match="holds a training already"):
        open_run(start())


@pytest.mark.parametrize("kind", ["unknown", "finished", "deleted"])
def test_a_stale_run_is_refused_before_training(home, monkeypatch, kind):
    home()
    run_id = open_run(start())
    with mlflow_session() as mlflow:
        if kind == "finished":
            mlflow.MlflowClient().set_terminated(run_id)
        if kind == "deleted":
            mlflow.MlflowClient().delete_run(run_id)
    monkeypatch.setenv("MLFLOW_RUN_ID", "f" * 32 if kind == "unknown" else run_id)
    with pytest.raises(MissingError) as caught:
        open_run(start())
    assert (caught.value.code, caught.value.field) == ("ICS-REG-008", "MLFLOW_RUN_ID")


def test_a_run_of_the_caller_becomes_the_parent_and_stays_active(home, monkeypatch):
    import mlflow

    home().mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri())
    mlflow.set_tracking_uri(tracking_uri())
    with mlflow.start_run(experiment_id=mlflow.MlflowClient().create_experiment("mine")) as mine:
        run = get_run(open_run(start()))
        assert mlflow.active_run().info.run_id == mine.info.run_id
    assert run.data.tags["mlflow.parentRunId"] == mine.info.run_id
    assert run.info.experiment_id == mine.info.experiment_id
    assert get_run(mine.info.run_id).info.status == "FINISHED"


def test_a_run_of_the_caller_in_another_registry_is_no_parent(home, tmp_path, monkeypatch):
    import mlflow

    home()
    monkeypatch.chdir(tmp_path)  # where MLflow's default experiment keeps its files
    elsewhere = f"sqlite:///{tmp_path}/theirs.db"
    mlflow.set_tracking_uri(elsewhere)
    try:
        with mlflow.start_run(experiment_id="0"):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/ours.db")
            run = get_run(open_run(start()))
            assert "mlflow.parentRunId" not in run.data.tags
            monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
            mlflow.set_tracking_uri(elsewhere)
    finally:
        mlflow.set_tracking_uri(None)


def test_a_newer_schema_is_refused_in_mlflows_own_words(home):
    folder = home()
    open_run(start())
    with sqlite3.connect(folder / "mlflow.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'fffffffffff1'")
    database.close()
    done = subprocess.run([sys.executable, "-c", OPEN], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode != 0
    assert "ICS-REG-003" in done.stderr
    assert "Detected out-of-date database schema (found version fffffffffff1" in done.stderr
    assert "mlflow db upgrade" in done.stderr


def test_a_moved_registry_is_refused_until_it_is_relocated(home, tmp_path, trained):
    from icsml.registry import log_training

    home("one")
    log_training(trained.bundle.folder, name="icsml-pd", params={}, metrics={}, tables={}, dataset=DATASET)
    shutil.move(tmp_path / "one", tmp_path / "two")
    home("two")
    for attempt in (lambda: open_run(start()), lambda: fetch_bundle("models:/icsml-pd/1")):
        with pytest.raises(MissingError, match="icsml model relocate") as caught:
            attempt()
        assert caught.value.code == "ICS-REG-007"
        assert str(tmp_path / "one") in caught.value.message
    assert not (tmp_path / "one").exists()
    changed = relocate()
    assert list(changed) == [str(tmp_path / "one")]
    assert changed[str(tmp_path / "one")] > 3
    assert relocate() == {}
    fetched = fetch_bundle("models:/icsml-pd/1")
    assert {path.name for path in fetched.folder.iterdir()} == {path.name for path in trained.bundle.folder.iterdir()}
    run = get_run(open_run(start(files={"a.txt": b"a"})))
    assert (tmp_path / "two" / "mlartifacts" / run.info.run_id).is_dir()
    assert not (tmp_path / "one").exists()
    assert [each["version"] for each in list_versions()] == ["1"]


def test_a_home_reached_through_a_link_was_not_moved(home, tmp_path):
    folder = home("one")
    open_run(start())
    (tmp_path / "link").symlink_to(folder)
    home("link")
    assert get_run(open_run(start())).info.status == "RUNNING"


def test_a_copied_registry_does_not_write_into_the_first(home, tmp_path):
    folder = home("one")
    open_run(start(files={"a.txt": b"a"}))
    before = sorted(folder.rglob("*"))
    shutil.copytree(folder, tmp_path / "two")
    home("two")
    with pytest.raises(MissingError, match="ICS-REG-007"):
        open_run(start(files={"a.txt": b"a"}))
    relocate()
    open_run(start(files={"a.txt": b"a"}))
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("kind", ["nothing", "no files", "a server"])
def test_what_cannot_be_relocated_is_said_so(home, tmp_path, monkeypatch, kind):
    folder = home("one")
    if kind != "nothing":
        open_run(start(files={"a.txt": b"a"}))
        folder.rename(tmp_path / "two")
        home("two")
    if kind == "no files":
        shutil.rmtree(tmp_path / "two" / "mlartifacts")
    if kind == "a server":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(MissingError) as caught:
        relocate()
    assert caught.value.code == "ICS-REG-010"


def test_the_caller_finds_mlflow_as_he_left_it(home, tmp_path):
    import mlflow

    home()
    mlflow.set_tracking_uri(None)
    open_run(start())
    assert not mlflow.is_tracking_uri_set()
    assert "MLFLOW_TRACKING_URI" not in os.environ


@pytest.mark.parametrize("uri", ["http://user:a@secret@127.0.0.1:9", "postgresql+psycopg://user:secret@127.0.0.1:9/x"])
def test_an_error_says_what_mlflow_said_and_no_password(home, monkeypatch, uri):
    home()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MissingError, match=r"[Cc]onnection") as caught:
        open_run(start())
    assert caught.value.code == "ICS-REG-003"
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:9" in str(caught.value)
