"""The main job on real data: import, train, decide. Few rounds here; the acceptance figures come from benchmarks/."""

import json

import pandas as pd
import pytest

from icsml.cli.main import _run
from icsml.core.paths import configs_dir
from icsml.decision.frame import frame_scores
from icsml.portfolio.importer import import_dataset
from icsml.records.dataset import FoldSplit, read_dataset
from icsml.workflows.train import train_bundle

DATASETS = configs_dir() / "datasets"
pytestmark = pytest.mark.usefixtures("shared_data")


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    def make(name):
        folder = tmp_path_factory.mktemp(name)
        import_dataset(DATASETS / f"{name}.yaml", folder, progress=lambda message: None)
        return folder

    return make


def few_folds(folder):
    """Three outer folds in place of ten: quick, and the same path."""
    path = folder / "dataset.yaml"
    dataset = read_dataset(folder)
    if isinstance(dataset.meta.split, FoldSplit):
        path.write_text(path.read_text().replace(f"folds: {dataset.meta.split.folds}", "folds: 3"))


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("polish-1year", 0.90, 1.0),
        ("polish-3year", 0.85, 1.0),
        ("polish-5year", 0.90, 1.0),
        ("taiwan", 0.85, 1.0),
        ("sba", 0.80, 0.90),
        ("sba-out-of-time", 0.60, 0.80),
        ("cumcm2020c", 0.60, 1.0),
    ],
)
def test_import_train_and_decide(name, least, most, imported, quick_config, tmp_path, capsys):
    folder = imported(name)
    few_folds(folder)
    found = train_bundle(folder, quick_config, out=tmp_path / "bundle")
    figures = found.metrics.get("cv") or found.metrics["test"]
    assert least <= figures["auc"] <= most
    assert figures["auc_low"] < figures["auc"] < figures["auc_high"]
    capsys.readouterr()
    assert _run(["records", "example", "--model", str(tmp_path / "bundle")]) == 0
    (tmp_path / "record.json").write_text(capsys.readouterr().out)
    assert _run(["decide", "--model", str(tmp_path / "bundle"), "--in", str(tmp_path / "record.json"), "--json"]) == 0
    decision = json.loads(capsys.readouterr().out)
    assert decision["innovation"] is None
    assert (decision["pd_without_innovation"] is not None) == (name == "taiwan")
    assert decision["grade"] is None  # no set has the master scale's event and horizon
    assert decision["model"]["synthetic"] is False


def test_the_unrated_firms_of_cumcm_get_decisions(imported, quick_config, tmp_path):
    rated, unrated = imported("cumcm2020c"), imported("cumcm2020c-unrated")
    few_folds(rated)
    bundle = train_bundle(rated, quick_config, out=tmp_path / "bundle").bundle
    enterprises = pd.read_parquet(unrated / "enterprises.parquet")
    scores = frame_scores(bundle, enterprises)
    assert len(scores) == 302
    assert scores["pd"].between(0, 1, inclusive="neither").all()
    assert scores["pd"].nunique() > 20


def test_sba_out_of_time_shows_the_labels_nobody_could_have_known(imported):
    meta = read_dataset(imported("sba-out-of-time")).meta
    assert meta.label_lookahead == 45
