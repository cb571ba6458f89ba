"""The whole line: synthesise, train, register, decide, record, and read the same PD through MLflow."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from icsml.cli.main import _run
from icsml.core.private_files import exposed
from icsml.ledger.store import Ledger
from icsml.workflows import demo as demonstration
from icsml.workflows.demo import TENANT, demo

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]

ONLY_MLFLOW = """
import sys
import mlflow
import pandas as pd
frame = pd.read_parquet(sys.argv[1])
mlflow.pyfunc.load_model("models:/icsml-pd@champion").predict(frame).to_parquet(sys.argv[2])
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory, quick_config):
    """The demonstration with small books and few rounds, in a home of its own."""
    home = tmp_path_factory.mktemp("demo-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICSML_HOME", str(home))
        patch.setattr(demonstration, "load_training_config", lambda: quick_config)
        yield home, demo(enterprises=1200, seed=3)


@pytest.fixture
def home(shown, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(shown[0]))
    return shown[0]


def test_what_it_left_is_its_owners_alone(home):
    left = {path.relative_to(home).parts[0] for path in home.rglob("*")}
    assert left >= {"bundles", "demo", "ledger.db", "mlartifacts", "mlflow.db"}
    assert exposed(home) is None


def test_the_summary_says_what_the_contract_asks(shown):
    home, report = shown
    summary = json.loads((home / "demo" / "summary.json").read_text())
    keys = {"auc", "ks", "brier", "calibration_slope", "calibration_intercept"}
    assert keys <= set(summary["metrics"]["test"])
    assert keys <= set(summary["none_book"]["test"])
    assert (summary["model"]["name"], summary["model"]["version"]) == ("icsml-pd", "1")
    assert summary["model"]["bundle_sha256"] == summary["decisions"][0]["model"]["bundle_sha256"]
    assert summary["seconds"] > 0
    assert len(summary["decisions"]) == 3
    assert all(decision["reasons"] for decision in summary["decisions"])
    pds = [decision["pd"] for decision in summary["decisions"]]
    assert pds == sorted(pds)
    assert "no evidence" in report.text()


def test_the_demonstration_leaves_its_report_and_names_it(shown):
    home, report = shown
    page = home / "demo" / "report.html"
    assert report.summary["report"] == str(page)
    assert str(page) in report.text()
    text = page.read_text("utf-8")
    assert report.summary["model"]["bundle_sha256"] in text
    assert "no figure here is evidence" in text
    assert 'class="bad"' not in text


def test_the_run_keeps_its_plots(home):
    kept = {path.name for path in (home / "mlartifacts").rglob("plots/*.svg")}
    assert {"importance.svg", "beeswarm.svg", "waterfall-good.svg"} <= kept


def test_every_decision_shown_is_in_the_ledger(shown, home):
    summary = json.loads((home / "demo" / "summary.json").read_text())
    with Ledger.open(None) as ledger:
        for decision in summary["decisions"]:
            payload = ledger.get(TENANT, decision["decision_id"])
            assert payload["decision"] == json.loads(json.dumps(decision))
            assert payload["bundle_sha256"] == decision["model"]["bundle_sha256"]


def test_the_operator_finds_a_decision_by_its_identifier(shown, home, capsys):
    decision = shown[1].summary["decisions"][0]
    capsys.readouterr()
    for tenant in ((), ("--tenant", TENANT)):
        assert _run(["ledger", "show", decision["decision_id"], *tenant, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["decision"]["pd"] == decision["pd"]
    assert _run(["ledger", "show", decision["decision_id"], "--tenant", "another"]) == 3


def test_mlflow_alone_gives_the_same_pds(home, tmp_path, capsys):
    source = home / "demo" / "book" / "enterprises.parquet"
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}"}
    command = [sys.executable, "-c", ONLY_MLFLOW, str(source), str(tmp_path / "mlflow.parquet")]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
    argv = [
        "score",
        "--model",
        "models:/icsml-pd@champion",
        "--in",
        str(source),
        "--out",
        str(tmp_path / "icsml.parquet"),
    ]
    assert _run(argv) == 0
    theirs, ours = pd.read_parquet(tmp_path / "mlflow.parquet"), pd.read_parquet(tmp_path / "icsml.parquet")
    assert theirs["pd"].to_numpy().tobytes() == ours["pd"].to_numpy().tobytes()
    assert np.array_equal(theirs["score"], ours["score"])
    assert list(theirs["grade"]) == list(ours["grade"])


def test_the_champion_decides_and_stays_champion(home, capsys, tmp_path):
    capsys.readouterr()
    assert _run(["records", "example", "--model", "models:/icsml-pd@champion"]) == 0
    (tmp_path / "r.json").write_text(capsys.readouterr().out)
    assert _run(["decide", "--model", "models:/icsml-pd/1", "--in", str(tmp_path / "r.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["version"] == "1"
    assert _run(["model", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["aliases"] == ["champion"]


def test_no_file_of_the_logged_model_is_a_pickle(home, holds_a_pickle):
    kept = [path for path in (home / "mlartifacts").rglob("*") if path.is_file()]
    assert {"model.txt", "bundle.json", "manifest.json", "MLmodel"} <= {path.name for path in kept}
    assert [path.name for path in kept if holds_a_pickle(path.read_bytes())] == []
