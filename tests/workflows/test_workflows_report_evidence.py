"""What a validator looks for first is what the data say, and nothing is claimed of rows whose use is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from icsml.core.canonical import digest
from icsml.core.paths import configs_dir
from icsml.model.scale import load_scale
from icsml.reports.validation_figures import EMBARGO, OTHER, TESTED, TRAINED, UNLABELLED
from icsml.workflows.report import report_facts
from icsml.workflows.report_evidence import ASSUMED_SCALE, bands, gain, labels, makes, rows_of_value, usage, variables


@pytest.fixture(scope="module")
def found(trained):
    return report_facts(trained.bundle, trained.dataset, interactions=False)


def test_how_training_used_each_row_is_found_again(trained):
    relation, used = usage(trained.bundle, trained.dataset)
    counted = trained.metrics["rows"]
    assert relation == "same"
    assert (used == TRAINED).sum() == counted["train"]
    assert (used == EMBARGO).sum() == counted["embargoed"]
    assert (used == UNLABELLED).sum() == counted["unlabelled"]
    np.testing.assert_array_equal(np.flatnonzero(used == TESTED), trained.predictions["row"])


def test_nothing_is_claimed_of_another_data_set_or_of_rows_that_do_not_agree(trained):
    other = replace(trained.dataset, digest="0" * 64)
    relation, used = usage(trained.bundle, other)
    assert relation == "other"
    assert set(used.tolist()) == {OTHER, UNLABELLED}
    silent = replace(trained.bundle, training={})
    assert usage(silent, trained.dataset)[0] == "unrecorded"
    wrong = replace(trained.bundle, training=dict(trained.bundle.training) | {"rows": 7})
    relation, used = usage(wrong, trained.dataset)
    assert relation == "unknown"
    assert TRAINED not in used


def test_outcomes_are_never_read_from_other_rows(trained):
    cut = replace(trained.dataset, enterprises=trained.dataset.enterprises.head(10))
    with pytest.raises(ValueError, match="as many outcomes"):
        report_facts(trained.bundle, cut)


def test_rates_by_grade_are_those_of_the_rows(trained, found):
    bad, (_, used) = labels(trained.dataset), usage(trained.bundle, trained.dataset)
    scale = found.evidence.bands
    assert scale.provenance == "assumed"
    counted = dict(found.pd.grades)
    ungraded = counted.pop(None)  # too short of facts for a grade: counted by its PD
    assert ungraded > 0
    assert [band.name for band in scale.bands] == list(counted)
    assert all(band.rows >= counted[band.name] for band in scale.bands)
    assert sum(band.rows for band in scale.bands) == sum(counted.values()) + ungraded
    assert scale.trained.rows == (used == TRAINED).sum()
    assert scale.trained.events == bad[used == TRAINED].sum()
    held_out = np.isin(used, (TESTED, EMBARGO))
    assert (scale.held_out.rows, scale.held_out.events) == (held_out.sum(), bad[held_out].sum())
    assert sum(band.held_out.events for band in scale.bands) == scale.held_out.events
    assert sum(band.held_out.rows for band in scale.bands) == scale.held_out.rows


def test_a_pd_on_a_bound_is_in_the_grade_below_it(trained):
    scale = trained.bundle.scale
    pds = np.array([grade.upper for grade in scale.grades])
    nothing = np.zeros(len(pds))
    told = bands(trained.bundle, pds, nothing, np.full(len(pds), OTHER, dtype=np.int8))
    assert [band.rows for band in told.bands] == [1] * len(pds)
    assert told.held_out.outside


def test_the_shipped_scale_is_known_as_assumed_and_another_is_not(trained):
    shipped = load_scale(configs_dir() / "policy" / "master-scale.yaml")
    assert digest(shipped.model_dump(mode="json")) == ASSUMED_SCALE
    own = replace(trained.bundle, scale=shipped.model_copy(update={"offset": 500}))
    none = np.empty(0)
    assert bands(own, none, none, np.empty(0, dtype=np.int8)).provenance == "declared"
    of_another = replace(trained.bundle, event="bankruptcy")
    assert not bands(of_another, none, none, np.empty(0, dtype=np.int8)).graded


def test_what_innovation_adds_is_what_training_found(trained, found):
    told = trained.metrics["innovation_gain"]
    assert found.evidence.gain.auc == pytest.approx(told["auc"], rel=1e-4)
    assert found.evidence.gain.low < found.evidence.gain.auc < found.evidence.gain.high
    assert found.evidence.gain.source == "test"


def test_where_training_did_not_record_it_only_rows_never_seen_are_asked(trained, found):
    silent = replace(trained.bundle, training={k: v for k, v in trained.bundle.training.items() if k != "figures"})
    again = report_facts(silent, trained.dataset, interactions=False).evidence.gain
    assert again.source == "rows"
    assert again.auc == pytest.approx(found.evidence.gain.auc, rel=1e-4)
    pds, bad = np.array([0.1, 0.2]), np.array([0.0, 1.0])
    told = gain(silent, pds, pds, bad, np.full(2, TRAINED, dtype=np.int8), None)
    assert (told.auc, told.source) == (None, "not_recorded")


def test_trees_depth_and_calibration_are_those_of_the_bundle(trained):
    model, companion = makes(trained.bundle)
    assert model.trees == trained.bundle.model.booster.num_trees()
    assert 1 <= model.depth <= 4
    assert (model.slope, model.intercept) == (
        trained.bundle.model.calibration.slope,
        trained.bundle.model.calibration.intercept,
    )
    assert companion.slope == trained.bundle.companion.calibration.slope


def test_information_values_are_found_on_rows_trained_on():
    bad = np.array([0.0, 1.0, 0.0, np.nan, 1.0])
    used = np.array([TRAINED, TRAINED, TESTED, UNLABELLED, TESTED], dtype=np.int8)
    assert rows_of_value(bad, used).tolist() == [0, 1]
    assert rows_of_value(bad, np.full(5, OTHER, dtype=np.int8)).tolist() == [0, 1, 2, 4]


def test_the_highest_correlation_names_the_other_variable():
    random = np.random.default_rng(0)
    first = random.normal(size=100)
    sample = np.column_stack([first, random.normal(size=100), -np.exp(first), np.ones(100), np.full(100, np.nan)])
    told = variables(sample, (random.random(100) < 0.5).astype(float), sample)
    assert (told[0].partner, told[2].partner) == (2, 0)
    assert told[0].correlation == pytest.approx(-1.0)
    assert (told[3].partner, told[3].iv, told[4].partner) == (None, None, None)


def test_rows_looked_up_are_the_rows_assessed(found, trained):
    firms = found.evidence.firms
    assert firms.ids == tuple(trained.dataset.enterprises["enterprise_id"])
    assert firms.pd.mean() == pytest.approx(found.pd.mean)
    counted = np.bincount(firms.adverse[firms.adverse >= 0], minlength=len(found.features))
    np.testing.assert_array_equal(counted, found.segments["all"][0].adverse)
