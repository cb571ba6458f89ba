"""`icsml train`, `model register` and `model relocate`: one JSON object, faults by name, and what to do next."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest

from icsml.registry.session import mlflow_session

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]

QUICK = ("--set", "model.max_rounds=30", "--set", "model.patience=20", "--set", "model.inner_folds=3")
LOUD = """
import os, subprocess, sys
from icsml.cli.output import emit, kept_stdout
with kept_stdout():
    print("a library prints")
    os.write(1, b"C code prints\\n")
    subprocess.run([sys.executable, "-c", "print('a subprocess prints')"])
emit({"answer": 1}, as_json=True, text="")
"""


def test_only_the_answer_is_on_stdout_whatever_prints():
    done = subprocess.run([sys.executable, "-c", LOUD], capture_output=True, text=True, check=True)
    assert done.stdout == '{"answer": 1}\n'
    assert sorted(done.stderr.splitlines()) == ["C code prints", "a library prints", "a subprocess prints"]


def test_train_register_list_and_relocate(icsml, icsml_json, book_folder, tmp_path, monkeypatch):
    found = icsml_json("train", "--data", book_folder, *QUICK, "--seed", 3, "--out", tmp_path / "bundle")
    assert found.keys() >= {"run_id", "model_uri", "name", "version", "bundle", "bundle_sha256", "metrics"}
    assert (found["version"], found["champion"], found["metrics"]["blocking"]) == ("1", "1", [])

    again = icsml_json("model", "register", tmp_path / "bundle")
    assert (again["name"], again["version"], again["new"]) == ("icsml-pd", "1", False)
    assert again["run_id"] == found["run_id"]

    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "other"))
    fresh = icsml_json("model", "register", tmp_path / "bundle")
    assert (fresh["version"], fresh["new"], fresh["champion"]) == ("1", True, "1")
    (listed,) = icsml_json("model", "list")["models"]
    assert listed["bundle_sha256"] == found["bundle_sha256"]
    assert listed["test_auc"] == pytest.approx(found["metrics"]["test"]["auc"], rel=1e-5)

    shutil.move(tmp_path / "other", tmp_path / "moved")
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "moved"))
    code, _, error = icsml("model", "show", "--model", "models:/icsml-pd/1")
    assert code == 3
    assert "icsml model relocate" in error
    assert list(icsml_json("model", "relocate")["changed"]) == [str(tmp_path / "other")]
    assert icsml_json("model", "show", "--model", "models:/icsml-pd/1")["bundle_sha256"] == found["bundle_sha256"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_that_is_stopped_ends_its_run(book_folder, tmp_path, monkeypatch, number):
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell's job may ignore it
    program = f"{heeding}; from icsml.cli.main import run; run()"
    command = [sys.executable, "-c", program, "train", "--data", str(book_folder)]
    process = subprocess.Popen([*command, "--trials", "500"], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "trial 1/" in line:
            process.send_signal(number)
            break
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "icsml: stopped"
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        (run,) = client.search_runs([client.get_experiment_by_name("icsml").experiment_id])
    assert run.info.status == "KILLED"
    assert run.data.tags["error"] == "stopped"


def test_what_blocks_the_champion_is_said_with_the_way_on(icsml, book_folder, monkeypatch):
    monkeypatch.setattr("icsml.workflows.training_metrics.blocking_reasons", lambda figures: ["the AUC is too good"])
    code, out, _ = icsml("train", "--data", book_folder, *QUICK)
    assert code == 0
    assert "NOT made the champion by itself: the AUC is too good" in out
    assert "there is no @champion" in out
    assert "set_registered_model_alias('icsml-pd', 'champion', '1')" in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--set", "model.max_depth=99"), "--set model.max_depth=99: model.hyperparameters.max_depth"),
        (("--set", "model.max_detph=3"), "did you mean max_depth?"),
        (("--set", "exclude=[nonsense]"), "'nonsense' is no feature"),
        (("--set", "rulebook=nope"), "--set rulebook=nope: rulebook"),
        (("--set", "model.max_depth"), "not of the form KEY=VALUE"),
        (("--set", "model.max_depth=5", "--trials", "3"), "does not hold the starting value 5"),
    ],
)
def test_a_fault_of_the_configuration_is_told_before_anything_is_opened(icsml, book_folder, tmp_path, given, said):
    code, out, error = icsml("train", "--data", book_folder, *given)
    assert (code, out) == (2, "")
    assert error.startswith("icsml: ICS-CFG-002")
    assert said in error
    assert not (tmp_path / "home").exists()


def test_a_fault_of_a_file_names_its_line(icsml, book_folder, tmp_path):
    (tmp_path / "c.yaml").write_text("exclude:\n  - rd_intensity\n  - extra.absent\n")
    code, _, error = icsml("train", "--data", book_folder, "--config", tmp_path / "c.yaml", *QUICK)
    assert code == 2
    assert f"{tmp_path}/c.yaml:3: exclude.1: extra.absent" in error.splitlines()[-1]
