"""Measuring: a model that does not rank is refused or told, never measured as if it did."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icsml.core.progress import silent
from icsml.errors import ModelError
from icsml.model.calibrate import Affine
from icsml.portfolio.importer import import_dataset
from icsml.records.dataset import FoldSplit, read_dataset, write_dataset
from icsml.validation.summary import FoldModel, Measures, measures
from icsml.workflows import measure as workflow
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_pair
from icsml.workflows.leakage_checks import blocking_reasons, leakage_warnings
from icsml.workflows.measure import Figures, Measured, measure
from icsml.workflows.prepare import Prepared, Split, prepare, ranked_within, split_rows

Slopes = tuple[float, float]
RANKS: Slopes = (1.0, 1.0)
SPLIT_IN_THREE = FoldSplit(folds=3)
FED_LATE = 900  # so many first rows have no innovation feed: the companion gives their PD


@pytest.fixture(scope="module")
def folded(book_folder: Path, quick_config: TrainingConfig, tmp_path_factory) -> tuple[Prepared, Split, FittedPair]:
    dataset = read_dataset(book_folder)
    innovation = prepare(dataset, quick_config, silent).encoder.innovation_inputs
    rows = dataset.enterprises.copy()
    for name in set(innovation) & set(rows):
        rows[name] = rows[name].astype(rows[name].dtype).mask(np.arange(len(rows)) < FED_LATE)
    folder = tmp_path_factory.mktemp("folded")
    write_dataset(folder, dataset.meta.model_copy(update={"split": SPLIT_IN_THREE}), rows, dataset.outcomes)
    prepared = prepare(read_dataset(folder), quick_config, silent)
    split = split_rows(prepared, None)
    prepared = ranked_within(prepared, split.train)
    return prepared, split, fit_pair(prepared, split.train, quick_config, silent)


@pytest.fixture
def with_slopes(monkeypatch: pytest.MonkeyPatch, folded) -> Callable[[Sequence[Slopes]], list[int]]:
    """Fit nothing: hand out the one fitted pair with the given slopes, first of the pair that is kept."""

    def prepare_slopes(slopes: Sequence[Slopes]) -> list[int]:
        asked: list[int] = []

        def fit(prepared: Prepared, rows: np.ndarray, *_: object) -> FittedPair:
            model, companion = slopes[len(asked)]
            asked.append(int(rows.sum()))
            pair = folded[2]
            return replace(
                pair,
                model=replace(pair.model, calibration=_turned(pair.model.calibration, model)),
                companion=replace(pair.companion, calibration=_turned(pair.companion.calibration, companion)),
            )

        monkeypatch.setattr(workflow, "fit_pair", fit)
        return asked

    return prepare_slopes


def _turned(calibration: Affine, by: float) -> Affine:
    return Affine(by * calibration.slope, calibration.intercept)


def run(folded, config: TrainingConfig, heard: list[str] | None = None) -> Measured:
    return measure(folded[0], folded[1], config, silent if heard is None else heard.append)


def rates(folded) -> list[float]:
    """Default rate of the training rows of each fold's own model."""
    prepared, split, _ = folded
    return [float(prepared.y[split.train & (split.folds != number)].mean()) for number in range(3)]


def test_where_every_fold_ranks_none_is_told(folded, quick_config, with_slopes):
    asked = with_slopes([RANKS] * 4)
    heard: list[str] = []
    measured = run(folded, quick_config, heard)
    prepared, split, _ = folded
    assert measured.figures.sample == "cv"
    for figures in (measured.figures.model, measured.figures.companion):
        assert figures.folds_without_ranking == []
        assert [model.fold for model in figures.folds] == [1, 2, 3]
        assert sum(model.held_out_rows for model in figures.folds) == split.test.sum()
        assert all(model.pd is None for model in figures.folds)
    assert [model.rows for model in measured.figures.model.folds] == asked[1:]
    assert not any("warning" in line for line in heard)
    assert not any("outer fold" in said for said in leakage_warnings(prepared, split, measured.figures))
    assert not np.isnan(measured.held_out[split.test]).any()


@pytest.mark.parametrize("slope", [-1.0, 0.0], ids=["reversed", "flat"])
def test_a_fold_whose_model_does_not_rank_is_measured_at_its_own_default_rate(folded, quick_config, with_slopes, slope):
    prepared, split, _ = folded
    with_slopes([RANKS] * 4)
    before = run(folded, quick_config).held_out
    with_slopes([RANKS, RANKS, (slope, 1.0), RANKS])
    heard: list[str] = []
    measured = run(folded, quick_config, heard)
    second, fed = split.folds == 1, np.arange(len(prepared.y)) >= FED_LATE
    np.testing.assert_allclose(measured.held_out[second & fed, 0], rates(folded)[1], rtol=1e-12)
    assert np.unique(measured.held_out[second & fed, 0]).size == 1
    assert np.array_equal(measured.held_out[second & ~fed, 0], before[second & ~fed, 0])  # by the companion
    assert np.array_equal(measured.held_out[second, 1], before[second, 1])
    others = split.test & ~second
    assert np.array_equal(measured.held_out[others], before[others])
    assert measured.figures.model.folds_without_ranking == [2]
    assert measured.figures.companion.folds_without_ranking == []
    warned = [line for line in heard if line.startswith("warning")]
    assert len(warned) == 1
    assert warned[0].startswith("warning: outer fold 2: the model does not rank risk (calibration slope ")
    assert heard.index(warned[0]) < heard.index("outer fold 3 of 3")  # told when it is seen
    assert measured.pair.model.calibration.ranks


def test_a_companion_that_does_not_rank_gives_no_reversed_pd_where_it_stands_in(folded, quick_config, with_slopes):
    prepared, split, _ = folded
    with_slopes([RANKS, (1.0, -1.0), RANKS, (1.0, -1.0)])
    heard: list[str] = []
    measured = run(folded, quick_config, heard)
    unfed = np.arange(len(prepared.y)) < FED_LATE
    for number in (0, 2):
        rows = split.folds == number
        np.testing.assert_allclose(measured.held_out[rows, 1], rates(folded)[number], rtol=1e-12)
        np.testing.assert_allclose(measured.held_out[rows & unfed, 0], rates(folded)[number], rtol=1e-12)
        assert np.unique(measured.held_out[rows & ~unfed, 0]).size > 10
    assert measured.figures.model.folds_without_ranking == []
    assert measured.figures.companion.folds_without_ranking == [1, 3]
    assert sum("the companion without innovation does not rank" in line for line in heard) == 2


def test_a_fold_that_says_nothing_says_the_long_run_rate_where_there_is_one(folded, quick_config, with_slopes):
    with_slopes([RANKS, (-1.0, -1.0), RANKS, RANKS])
    measured = run(folded, quick_config.model_copy(update={"long_run_rate": 0.07}))
    np.testing.assert_allclose(measured.held_out[folded[1].folds == 0], 0.07, rtol=1e-12)
    assert measured.figures.model.folds[0].pd == 0.07


def test_figures_of_folds_that_all_say_nothing_are_those_of_chance(folded, quick_config, with_slopes):
    with_slopes([RANKS] + [(-1.0, -1.0)] * 3)
    found = run(folded, quick_config).figures
    figures = found.as_json()
    assert figures["cv"]["folds_without_ranking"] == [1, 2, 3]
    assert figures["cv"]["auc_folds"] == [0.5, 0.5, 0.5]
    assert figures["cv"]["auc"] == pytest.approx(0.5, abs=0.05)
    assert figures["innovation_gain"]["auc"] == 0.0
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures == found.as_json()


@pytest.mark.parametrize("out_of_time", [False, True], ids=["folds", "out-of-time"])
@pytest.mark.parametrize(
    ("slopes", "field", "remedy"),
    [
        ((-0.5, 1.0), "model", "train on more rows or better features"),
        ((0.0, 1.0), "model", "train on more rows or better features"),
        ((-1.0, -1.0), "model", "train on more rows or better features"),
        ((1.0, -0.5), "companion without innovation", "the features other than innovation do not tell the event"),
        ((1.0, 0.0), "companion without innovation", "the features other than innovation do not tell the event"),
    ],
)
def test_a_pair_that_does_not_rank_is_refused_before_anything_is_measured(
    folded, quick_config, with_slopes, monkeypatch, out_of_time, slopes, field, remedy
):
    asked = with_slopes([slopes])
    monkeypatch.setattr(workflow, "assess", lambda *_, **__: pytest.fail("measured all the same"))
    prepared, split, pair = folded
    if out_of_time:
        split = replace(split, train=split.folds > 0, test=split.folds == 0, folds=None)
    with pytest.raises(ModelError) as caught:
        measure(prepared, split, quick_config, silent)
    fitted = {"model": (pair.model, slopes[0])}.get(field, (pair.companion, slopes[1]))
    assert (caught.value.code, caught.value.field) == ("ICS-MOD-017", field)
    assert f"{split.train.sum():,} rows with {int(prepared.y[split.train].sum()):,} events" in caught.value.message
    assert f"calibration slope {_turned(fitted[0].calibration, fitted[1]).slope:.4g}:" in caught.value.message
    assert remedy in (caught.value.remedy or "")
    assert len(asked) == 1


def test_a_pair_without_a_companion_is_measured(folded, quick_config, monkeypatch):
    monkeypatch.setattr(workflow, "fit_pair", lambda *_: replace(folded[2], companion=None))
    measured = run(folded, quick_config)
    assert set(measured.figures.as_json()) == {"cv"}
    assert np.isnan(measured.held_out[:, 1]).all()


CASE = """
name: t
licence: internal
source: {file: f.csv}
enterprise_id: firm
as_of: null
outcome: {column: bad, positive: ["1"], event: default, horizon_months: 12}
fields: {}
extra_features:
  - {column: x1, name: x1, label: {en: x1, zh: x1}, group: g}
  - {column: x2, name: x2, label: {en: x2, zh: x2}, group: g}
split: {folds: 3}
"""


def test_real_folds_that_cannot_find_the_event_are_told(tmp_path, quick_config):
    """Thirty bad rows of 200 and leaves of twenty: no leaf can hold the bad of one fold, and what is left is noise."""
    draw = np.random.default_rng(1)
    bad = np.zeros(200, dtype=int)
    bad[draw.choice(200, 30, replace=False)] = 1
    table = {"firm": [f"E{row}" for row in range(200)], "bad": bad, "x1": bad * 1.0, "x2": draw.normal(size=200)}
    pd.DataFrame(table).to_csv(tmp_path / "f.csv", index=False)
    (tmp_path / "m.yaml").write_text(CASE, encoding="utf-8")
    import_dataset(tmp_path / "m.yaml", tmp_path / "book")
    prepared = prepare(read_dataset(tmp_path / "book"), quick_config, silent)
    split = split_rows(prepared, None)
    measured = measure(prepared, split, quick_config, silent)
    figures = measured.figures.model
    silent_folds = figures.folds_without_ranking
    assert silent_folds
    assert [figures.auc_folds[number - 1] for number in silent_folds] == [0.5] * len(silent_folds)
    assert min(figures.auc_folds) >= 0.5
    assert any("does not rank" in reason for reason in blocking_reasons(measured.figures))


def fold_model(number: int, slope: float, pd: float | None) -> FoldModel:
    return FoldModel(fold=number, slope=slope, rows=1330, events=20, held_out_rows=670, held_out_events=10, pd=pd)


def figures_of(auc: float, low: float, high: float, without: Sequence[int] | None = None) -> Measures:
    metrics = {"auc": auc, "auc_low": low, "auc_high": high}
    folds = None
    if without is not None:
        folds = tuple(fold_model(n, -0.25 if n in without else 1.1, 0.015 if n in without else None) for n in (1, 2, 3))
    return Measures(metrics=metrics, rows=2000, defaults=30, folds=folds)


FINE = figures_of(0.7, 0.45, 0.8)


def test_folds_without_ranking_are_warned_of_with_what_they_were(folded):
    measured = Figures("cv", figures_of(0.7, 0.6, 0.8, [1, 3]), figures_of(0.6, 0.5, 0.7, [2]))
    model, companion = leakage_warnings(folded[0], folded[1], measured)
    assert model.startswith(
        "the model does not rank risk in outer folds 1, 3 of 3 (fold 1 with slope -0.25, trained on"
    )
    assert "1,330 rows with 20 events, its own 670 rows with 10 measured at a PD of 0.015; fold 3 with" in model
    assert "fold 2 with" not in model
    assert "never kept" in model
    assert "train on more rows" in model
    assert companion.startswith("the companion without innovation does not rank risk in outer fold 2 of 3 (fold 2 with")


@pytest.mark.parametrize(
    ("measured", "reasons"),
    [
        (Figures("test", FINE), []),
        (Figures("test", FINE, FINE), []),
        (Figures("cv", figures_of(0.7, 0.6, 0.8, [])), []),
        (Figures("cv", figures_of(0.7, 0.6, 0.8, [2])), ["the model does not rank in outer fold 2 of 3"]),
        (
            Figures("cv", figures_of(0.7, 0.6, 0.8, []), figures_of(0.6, 0.5, 0.7, [1, 2])),
            ["the companion without innovation does not rank in outer folds 1, 2 of 3"],
        ),
        (Figures("test", figures_of(0.9899, 0.97, 0.995)), []),
        (Figures("test", figures_of(0.99, 0.98, 0.999)), ["the model has an AUC of 0.9900 on rows never seen: a leak"]),
        (Figures("test", figures_of(0.5001, 0.4, 0.6)), []),
        (
            Figures("test", figures_of(0.5, 0.5, 0.5)),
            ["the model ranks no better than chance on rows never seen: AUC 0.5000"],
        ),
        (Figures("test", figures_of(0.45, 0.35, 0.55)), ["the model ranks no better than chance"]),
        (
            Figures("test", figures_of(0.4, 0.3, 0.49)),
            ["the model ranks the wrong way round on rows never seen: AUC 0.4000"],
        ),
        (
            Figures("test", FINE, figures_of(0.4, 0.3, 0.6)),
            ["the companion without innovation ranks no better than chance"],
        ),
        (
            Figures("cv", figures_of(0.4, 0.3, 0.45, [3])),
            ["the model does not rank in outer fold 3 of 3", "the model ranks no better than chance"],
        ),
        (Figures("cv", figures_of(0.4, 0.3, 0.45, [])), ["the model ranks the wrong way round"]),
    ],
)
def test_what_keeps_a_version_from_becoming_the_champion_by_itself(measured, reasons):
    found = blocking_reasons(measured)
    assert len(found) == len(reasons)
    for line, start in zip(found, reasons, strict=True):
        assert line.startswith(start)
        assert "\n" not in line


def test_folds_that_say_nothing_are_not_said_to_rank_the_wrong_way_round():
    """A fold with more events was trained on fewer, so its one PD is the lower one."""
    folds, y = np.repeat([0, 1, 2], 667), np.zeros(2001)
    for number, events in enumerate((40, 30, 20)):
        y[np.flatnonzero(folds == number)[:events]] = 1.0
    rate = np.array([y[folds != number].mean() for number in range(3)])[folds]
    figures = measures(y, rate, folds=folds, models=tuple(fold_model(n, -0.25, 0.04) for n in (1, 2, 3)))
    assert figures.metrics["auc_high"] < 0.5  # though every fold by itself is at 0.5
    assert figures.auc_folds == (0.5, 0.5, 0.5)
    assert figures.folds_without_ranking == [1, 2, 3]
    silent_folds, chance = blocking_reasons(Figures("cv", figures))
    assert silent_folds.startswith("the model does not rank in outer folds 1, 2, 3 of 3")
    assert chance.startswith("the model ranks no better than chance")


def test_an_auc_no_better_than_chance_is_warned_of(folded):
    (said,) = leakage_warnings(folded[0], folded[1], Figures("test", figures_of(0.5, 0.4, 0.6)))
    assert said.startswith("the model ranks no better than chance on rows never seen: AUC 0.5000 (0.4000 to 0.6000): ")
    assert leakage_warnings(folded[0], folded[1], Figures("test", FINE)) == []


def test_fitting_for_a_fold_does_not_warn_beside_what_is_told(folded, quick_config):
    """Features that say nothing: pytest makes any warning an error, and measure tells it instead."""
    prepared, split, _ = folded
    flat = replace(prepared, X=np.zeros_like(prepared.X))
    assert fit_pair(flat, split.train, quick_config, silent).model.calibration.slope <= 0.0
