"""The reference population comes from training rows, by the seed or by held-out PD, and travels in the bundle."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from icsml.errors import ConfigError, InputError
from icsml.features.catalogue import CATALOGUE
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.predict import log_odds
from icsml.records.columns import take
from icsml.records.dataset import read_dataset, write_dataset
from icsml.workflows.config import ReasonsConfig, load_training_config
from icsml.workflows.fit import fit_pair
from icsml.workflows.prepare import prepare, split_rows
from icsml.workflows.reference_rows import reference_population
from icsml.workflows.train import train_bundle


def quiet(message):
    pass


@pytest.fixture(scope="module")
def fitted(book_folder, quick_config):
    prepared = prepare(read_dataset(book_folder), quick_config, quiet)
    split = split_rows(prepared, None)
    return prepared, split, fit_pair(prepared, split.train, quick_config, quiet)


def chosen(fitted, config, **reasons):
    prepared, split, pair = fitted
    own = config.model_copy(update={"reasons": ReasonsConfig(**reasons)})
    return reference_population(prepared, split.train, pair, own)


def rows_of(matrix):
    return {row.tobytes() for row in matrix}


@pytest.mark.parametrize("reference", ["training_applicants", "approval_margin"])
def test_only_training_rows_are_chosen(fitted, quick_config, reference):
    prepared, split, _ = fitted
    found = chosen(fitted, quick_config, reference=reference, reference_rows=300, cut_off=0.03)
    assert found.rows.shape == (300, len(prepared.encoder.features))
    canonical = np.where(np.isnan(prepared.X), np.nan, prepared.X)
    training = rows_of(canonical[split.train])
    assert rows_of(found.rows) <= training
    assert not rows_of(canonical[split.test]) <= training


def test_the_draw_hangs_on_the_seed_alone(fitted, quick_config):
    first, again = (chosen(fitted, quick_config, reference_rows=200) for _ in range(2))
    assert first == again
    other = quick_config.with_model(seed=9)
    assert chosen(fitted, other, reference_rows=200) != first
    assert first.id == "training-applicants"


def test_fewer_rows_than_asked_for_are_all_taken(fitted, quick_config):
    prepared, split, _ = fitted
    found = chosen(fitted, quick_config)
    np.testing.assert_array_equal(found.rows, prepared.X[split.train])


def test_the_margin_of_approval_is_nearest_in_log_odds_by_held_out_pd(fitted, quick_config):
    prepared, split, pair = fitted
    found = chosen(fitted, quick_config, reference="approval_margin", cut_off=0.03, reference_rows=100)
    held_out = log_odds(pair.model.classifier.held_out_margin_, pair.model.calibration)
    distance = np.abs(held_out - np.log(0.03 / 0.97))
    nearest = np.sort(np.argsort(distance, kind="stable")[:100])
    np.testing.assert_array_equal(found.rows, prepared.X[split.train][nearest])
    assert found.id == "approval-margin"
    near, far = expit(held_out[nearest]), np.delete(expit(held_out), nearest)
    assert np.abs(near - 0.03).max() < np.abs(far - 0.03).max()


def test_rows_that_were_only_ever_trained_on_are_not_chosen(fitted, quick_config, monkeypatch):
    prepared, split, pair = fitted
    margins = pair.model.classifier.held_out_margin_.copy()
    margins[:-5] = np.nan
    monkeypatch.setattr(pair.model.classifier, "held_out_margin_", margins)
    found = chosen(fitted, quick_config, reference="approval_margin", cut_off=0.5, reference_rows=100)
    np.testing.assert_array_equal(found.rows, prepared.X[split.train][-5:])
    monkeypatch.setattr(pair.model.classifier, "held_out_margin_", np.full_like(margins, np.nan))
    with pytest.raises(InputError, match="ICS-TRN-005"):
        chosen(fitted, quick_config, reference="approval_margin", cut_off=0.5)


def test_mean_points_are_those_of_the_chosen_rows_that_have_points(fitted, quick_config):
    prepared, split, _ = fitted
    found = chosen(fitted, quick_config)
    having = split.train & ~np.isnan(
        prepared.X[:, [f.name for f in prepared.encoder.features].index("innovation_score")]
    )
    assert having.sum() > 0
    points = evaluate(prepared.rulebook, take(prepared.columns, having))
    assert found.points == {name: pytest.approx(points.points[name].mean()) for name in found.points}
    assert sum(found.points.values()) == pytest.approx(points.innovation_score.mean())


def test_rows_without_points_do_not_count_towards_the_mean(fitted, quick_config):
    prepared, split, pair = fitted
    X = prepared.X.copy()
    score = [feature.name for feature in prepared.encoder.features].index("innovation_score")
    low = np.nan_to_num(X[:, score]) < np.nanmedian(X[:, score])
    X[low, score] = np.nan
    found = reference_population(replace(prepared, X=X), split.train, pair, quick_config)
    kept = evaluate(prepared.rulebook, take(prepared.columns, split.train & ~low)).points
    assert found.points == {name: pytest.approx(kept[name].mean()) for name in found.points}
    X[:, score] = np.nan
    assert reference_population(replace(prepared, X=X), split.train, pair, quick_config).points == {}


def test_a_bundle_holds_its_population_and_the_test_cannot_move_it(book_folder, quick_config, trained, tmp_path):
    assert trained.bundle.reference.rows.shape == (min(10_000, trained.metrics["rows"]["train"]), len(CATALOGUE))
    dataset = read_dataset(book_folder)
    later = (dataset.enterprises["as_of"] >= pd.Timestamp(dataset.meta.split.test_from)).to_numpy()
    enterprises = dataset.enterprises.copy()
    enterprises.loc[later, "cash_cny"] = 1.0
    write_dataset(tmp_path / "moved", dataset.meta, enterprises, dataset.outcomes)
    moved = train_bundle(tmp_path / "moved", quick_config, out=tmp_path / "b").bundle
    assert moved.reference == trained.bundle.reference


def test_the_cut_off_is_stated_in_bundle_and_card(book_folder, quick_config, trained, tmp_path):
    reasons = ReasonsConfig(reference="approval_margin", cut_off=0.03, reference_rows=200)
    found = train_bundle(book_folder, quick_config.model_copy(update={"reasons": reasons}), out=tmp_path / "b").bundle
    assert (found.reference.id, found.training["reference_cut_off"]) == ("approval-margin", 0.03)
    assert "`approval-margin`, 200 training rows nearest to a PD of 0.03" in found.card
    assert trained.bundle.training["reference_cut_off"] is None
    assert "**Reasons compare with.** `training-applicants`, " in trained.bundle.card
    assert found.model.booster.model_to_string() == trained.bundle.model.booster.model_to_string()


def test_pred_contrib_has_no_population(fitted, quick_config):
    assert chosen(fitted, quick_config, explainer="pred_contrib") is None


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ("{reference: approval_margin}", "needs a cut_off"),
        ("{reference: approval_margin, cut_off: 0.03, explainer: pred_contrib}", "knows no reference population"),
        ("{reference: everybody}", "training_applicants"),
        ("{reference_rows: 0}", "greater than or equal to 1"),
        ("{cut_off: 1.0}", "less than 1"),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(tmp_path, reasons, said):
    path = tmp_path / "c.yaml"
    path.write_text(f"card: {{owner: o, tier: low, purpose: p}}\nreasons: {reasons}\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_training_config(path)
    assert said in str(caught.value)
