"""Training: nothing of the test, nothing of the truth, the same bytes again."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from icsml.errors import ConfigError, InputError
from icsml.model.bundle import read_bundle
from icsml.model.bundle_document import InnovationEvidence
from icsml.records.dataset import FoldSplit, OutOfTimeSplit, read_dataset, write_dataset
from icsml.records.extra import ExtraFeature
from icsml.texts.label import Label
from icsml.workflows import fit
from icsml.workflows.config import load_training_config
from icsml.workflows.measure import measure
from icsml.workflows.prepare import prepare, split_rows
from icsml.workflows.train import train_bundle

AGAIN = """
import json, sys
from pathlib import Path
from icsml.workflows.config import TrainingConfig
from icsml.workflows.measure import measure
from icsml.workflows.train import train_bundle
config = TrainingConfig.model_validate(json.loads(sys.argv[2]))
print(train_bundle(Path(sys.argv[1]), config, out=Path(sys.argv[3])).bundle.sha256)
"""


def test_the_same_seed_gives_the_same_bundle_in_another_process(book_folder, quick_config, trained, tmp_path):
    arguments = [str(book_folder), quick_config.model_dump_json(), str(tmp_path / "again")]
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.stdout.strip() == trained.bundle.sha256


def test_training_never_reads_the_truth(book_folder, quick_config, trained, tmp_path):
    blind = shutil.copytree(book_folder, tmp_path / "blind")
    (blind / "truth.parquet").unlink()
    assert train_bundle(blind, quick_config, out=tmp_path / "b").bundle.sha256 == trained.bundle.sha256


def test_the_bundle_is_not_moved_by_the_outcomes_of_the_test(book_folder, quick_config, trained, tmp_path):
    """Leakage guard: turn every test outcome round; all that decides stays as it was, of model and companion."""
    dataset = read_dataset(book_folder)
    later = (dataset.enterprises["as_of"] >= pd.Timestamp(dataset.meta.split.test_from)).to_numpy()
    outcomes = dataset.outcomes.copy()
    outcomes.loc[later, "bad"] = 1 - outcomes.loc[later, "bad"]
    write_dataset(tmp_path / "turned", dataset.meta, dataset.enterprises, outcomes)
    turned = train_bundle(tmp_path / "turned", quick_config, out=tmp_path / "b")
    moved = {
        path.name
        for path in turned.bundle.folder.iterdir()
        if path.read_bytes() != (trained.bundle.folder / path.name).read_bytes()
    }
    assert moved == {"bundle.json", "manifest.json", "model_card.md"}
    assert {"model.txt", "companion.txt", "reference.npy"} < {path.name for path in turned.bundle.folder.iterdir()}
    stated = [json.loads((each.bundle.folder / "bundle.json").read_text("utf-8")) for each in (turned, trained)]
    measured = {"dataset_sha256", "figures", "blocking"}  # what says how it did, and on which data
    facts = [each.pop("training") for each in stated]
    assert {key for key in facts[0] if facts[0][key] != facts[1][key]} <= measured
    assert facts[0]["figures"] != facts[1]["figures"]
    evidence = [each.pop("innovation_evidence") for each in stated]
    assert stated[0] == stated[1]
    assert set(evidence) <= set(get_args(InnovationEvidence))
    assert stated[0]["companion"]["calibration"] != stated[0]["model"]["calibration"]
    assert turned.metrics["test"]["auc"] != trained.metrics["test"]["auc"]
    assert turned.metrics["test_without_innovation"]["auc"] != trained.metrics["test_without_innovation"]["auc"]


def test_train_embargo_and_test_are_disjoint_and_ordered(book_folder, quick_config):
    prepared = prepare(read_dataset(book_folder), quick_config, lambda message: None)
    split = split_rows(prepared, None)
    as_of = prepared.columns["as_of"]
    assert not (split.train & split.test).any()
    assert (split.train | split.dropped | split.test)[prepared.labelled].all()
    assert as_of[split.train].max() < as_of[split.dropped].min() <= as_of[split.dropped].max() < as_of[split.test].min()
    assert as_of[split.train].max() < np.datetime64(prepared.dataset.meta.split.test_from, "M") - 12


def test_folds_keep_an_enterprise_together(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    write_dataset(tmp_path / "folds", meta, dataset.enterprises, dataset.outcomes)
    prepared = prepare(read_dataset(tmp_path / "folds"), quick_config, lambda message: None)
    split = split_rows(prepared, None)
    folds = pd.Series(split.folds[split.test]).groupby(prepared.groups[split.test]).nunique()
    assert (folds == 1).all()
    assert (split.folds[~prepared.labelled] == -1).all()
    assert (split_rows(prepared, 5).folds != split.folds).any()


def test_folds_report_pooled_figures_and_one_auc_a_fold(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    write_dataset(tmp_path / "folds", meta, dataset.enterprises, dataset.outcomes)
    found = train_bundle(tmp_path / "folds", quick_config, out=tmp_path / "b")
    assert "test" not in found.metrics
    assert len(found.metrics["cv"]["auc_folds"]) == 3
    assert found.metrics["cv"]["rows"] == found.metrics["rows"]["train"]


def test_no_fold_is_measured_on_rows_it_was_trained_on(book_folder, quick_config, tmp_path):
    """Outcomes dealt at random cannot be foreseen; a model that had seen them would rank them all the same."""
    dataset = read_dataset(book_folder)
    seen = dataset.outcomes["bad"].notna().to_numpy()
    dealt = dataset.outcomes.copy()
    dealt.loc[seen, "bad"] = (np.random.default_rng(0).random(int(seen.sum())) < 0.1).astype(int)
    meta = dataset.meta.model_copy(update={"split": FoldSplit(folds=3)})
    write_dataset(tmp_path / "dealt", meta, dataset.enterprises, dealt)
    config = quick_config.model_copy(update={"model": quick_config.model.model_copy(update={"patience": 40})})
    prepared = prepare(read_dataset(tmp_path / "dealt"), config, lambda message: None)
    split = split_rows(prepared, None)
    figures = measure(prepared, split, config, lambda message: None).figures
    assert 0.4 < figures.model.metrics["auc"] < 0.6


def test_what_training_reports(trained):
    metrics = trained.metrics
    keys = {"auc", "ks", "brier", "log_loss", "average_precision", "calibration_slope", "calibration_intercept"}
    assert keys <= set(metrics["test"])
    assert keys <= set(metrics["test_without_innovation"])
    gain = metrics["innovation_gain"]
    assert gain["auc"] == pytest.approx(metrics["test"]["auc"] - metrics["test_without_innovation"]["auc"], abs=1e-12)
    assert gain["auc_low"] < gain["auc"] < gain["auc_high"]
    assert metrics["synthetic"] is True
    assert metrics["rows"]["unlabelled"] > 0
    assert set(trained.tables) == {"features", "rounds", "data_checks"}
    assert metrics["data_checks"] == []
    assert json.loads(json.dumps(metrics)) == metrics
    features = trained.tables["features"]
    whole = features.loc[features["missing_share"] == 0.0, "feature"].tolist()
    assert list(trained.bundle.never_missing) == whole
    assert 0 < len(whole) < len(features)
    assert trained.bundle.card.count("- The points rest on an assumed rulebook; they are not the official score.") == 1


def test_the_bundle_holds_what_was_fitted(trained):
    bundle, pair = trained.bundle, trained.pair
    assert bundle.model.calibration == pair.model.calibration
    assert bundle.companion.calibration == pair.companion.calibration != pair.model.calibration
    assert bundle.companion.encoder.names == pair.companion.encoder.names
    assert bundle.reference is not None
    assert len(bundle.reference.rows) > 0
    assert bundle.reasons is not None


def test_the_bundle_declares_the_extra_features_it_reads(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    calls = ExtraFeature(name="calls", label=Label(en="Calls", zh="来电次数"), group="contact")
    rows = dataset.enterprises.assign(**{"extra.calls": np.arange(len(dataset.enterprises)) % 7.0})
    meta = dataset.meta.model_copy(update={"extra_features": [calls]})
    write_dataset(tmp_path / "data", meta, rows, dataset.outcomes)
    bundle = train_bundle(tmp_path / "data", quick_config, out=tmp_path / "bundle").bundle
    assert bundle.extras == (calls,)
    assert "extra.calls" in {feature.name for feature in bundle.features}


def test_a_figure_too_good_names_the_feature_that_leaks(book_folder, quick_config, trained, tmp_path):
    dataset = read_dataset(book_folder)
    leak = ExtraFeature(name="months_run", label=Label(en="Months run", zh="月"), group="loan")
    meta = dataset.meta.model_copy(update={"extra_features": [leak]})
    bad = dataset.outcomes["bad"].to_numpy(dtype=float, na_value=0.0)
    rows = dataset.enterprises.assign(**{"extra.months_run": 36.0 - bad})
    write_dataset(tmp_path / "leaky", meta, rows, dataset.outcomes)
    found = train_bundle(tmp_path / "leaky", quick_config, out=tmp_path / "b")
    assert [(check["id"], check["level"]) for check in found.metrics["data_checks"]] == [("feature_leak", "block")]
    assert found.tables["data_checks"]["id"].tolist() == ["feature_leak"]
    before, after = found.metrics["warnings"]
    assert before.startswith("a blocking check of the data set found (feature_leak): extra.months_run (AUC 1.000)")
    assert "extra.months_run, AUC 1.0000 by itself" in after
    assert all(warning in found.bundle.card for warning in (before, after))
    assert trained.metrics["warnings"] == []


def test_a_long_run_rate_anchors_the_mean_pd(book_folder, quick_config, trained, tmp_path):
    config = quick_config.model_copy(update={"long_run_rate": 0.05})
    found = train_bundle(book_folder, config, out=tmp_path / "b").bundle
    assert found.model.calibration.slope == trained.bundle.model.calibration.slope
    assert found.model.calibration.intercept > trained.bundle.model.calibration.intercept


def test_a_search_is_reported_trial_by_trial(book_folder, quick_config, tmp_path, monkeypatch):
    model = quick_config.model.model_copy(update={"trials": 2, "max_rounds": 25})
    said, searches = [], []
    searched = fit.tune

    def watched(*args, **kwargs):
        found = searched(*args, **kwargs)
        other = found.hyperparameters.model_copy(update={"learning_rate": 0.0731})  # of no trial: seen only if used
        found = replace(found, hyperparameters=other)
        searches.append((kwargs["monotone"], found))
        return found

    monkeypatch.setattr(fit, "tune", watched)
    found = train_bundle(
        book_folder, quick_config.model_copy(update={"model": model}), out=tmp_path / "b", progress=said.append
    )
    assert len(found.tables["trials"]) == 2
    assert sum("trial 2/2" in line for line in said) == 2  # the model's and its companion's
    # Each search is held to the directions of its own features, and what it found is what is fitted.
    fitted = [(each.encoder, each.booster) for each in (found.bundle.model, found.bundle.companion)]
    for (directions, best), (encoder, booster) in zip(searches, fitted, strict=True):
        assert any(directions)
        assert list(directions) == list(encoder.directions)
        assert booster.params["learning_rate"] == best.hyperparameters.learning_rate


def test_the_variant_raw_leaves_the_score_out(book_folder, quick_config, tmp_path):
    config = quick_config.model_copy(update={"variant": "raw"})
    names = [f.name for f in train_bundle(book_folder, config, out=tmp_path / "b").bundle.features]
    assert "innovation_score" not in names
    assert "rd_intensity" in names


def test_without_labels_there_is_no_training(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    meta = dataset.meta.model_copy(update={"outcome": None, "split": None})
    write_dataset(tmp_path / "bare", meta, dataset.enterprises, dataset.outcomes)
    with pytest.raises(InputError, match="ICS-TRN-001 outcome"):
        train_bundle(tmp_path / "bare", quick_config)


def test_a_test_of_one_class_is_refused(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    outcomes = dataset.outcomes.copy()
    later = dataset.enterprises["as_of"] >= pd.Timestamp(dataset.meta.split.test_from)
    outcomes.loc[later.to_numpy() & outcomes["bad"].notna().to_numpy(), "bad"] = 0
    write_dataset(tmp_path / "calm", dataset.meta, dataset.enterprises, outcomes)
    with pytest.raises(InputError, match="ICS-TRN-002"):
        train_bundle(tmp_path / "calm", quick_config)


def test_a_split_without_labelled_training_rows_is_refused(book_folder, quick_config, tmp_path):
    dataset = read_dataset(book_folder)
    outcomes = dataset.outcomes.copy()
    early = dataset.enterprises["as_of"] < pd.Timestamp(dataset.meta.split.test_from)
    outcomes.loc[early.to_numpy(), "bad"] = pd.NA
    write_dataset(tmp_path / "late", dataset.meta, dataset.enterprises, outcomes)
    with pytest.raises(InputError, match="ICS-DAT-021"):
        train_bundle(tmp_path / "late", quick_config)


def test_time_blocks_may_be_asked_for(book_folder, quick_config, tmp_path):
    model = quick_config.model.model_copy(update={"held_out": "time_blocks"})
    found = train_bundle(book_folder, quick_config.model_copy(update={"model": model}), out=tmp_path / "b")
    assert np.isnan(found.pair.model.classifier.held_out_margin_).any()  # the first blocks are only trained on


def test_an_occupied_folder_is_refused_before_any_work(book_folder, quick_config, tmp_path):
    (tmp_path / "something").write_text("mine")
    with pytest.raises(InputError, match="ICS-TRN-003"):
        train_bundle(book_folder, quick_config, out=tmp_path)


def test_the_default_place_of_a_bundle_is_named_by_its_hash(book_folder, quick_config, trained):
    first = train_bundle(book_folder, quick_config).bundle
    assert first.sha256 == trained.bundle.sha256
    assert first.folder.name == f"icsml-pd-{first.sha256[:12]}"
    assert read_bundle(first.folder).sha256 == first.sha256


def test_a_wrong_configuration_is_refused_by_line(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("card: {owner: a, tier: high, purpose: b}\nvariant: both\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:2: variant"):
        load_training_config(path)


def test_the_split_of_the_synthetic_book_is_out_of_time(book_folder):
    assert isinstance(read_dataset(book_folder).meta.split, OutOfTimeSplit)
