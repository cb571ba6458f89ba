"""What the auditor's report says is what the rows say: figures against direct computation, checks that can fail."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from icsml.cli.main import _run
from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.core.sampling import sampled_rows
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.decide import DEFAULT_REASONS, decide
from icsml.errors import InputError
from icsml.explain.contradiction import contradictions
from icsml.explain.treeshap import TreeShap
from icsml.innovation.scoring.population_groups import population_groups
from icsml.model.bundle import certificates
from icsml.portfolio.importer import import_dataset
from icsml.records.columns import to_columns
from icsml.records.dataset import read_dataset, write_dataset
from icsml.records.enterprise import frame_records
from icsml.reports.interactions import affordable_rows, interaction_values
from icsml.reports.report_facts import PD_BANDS
from icsml.workflows import report as reporting
from icsml.workflows import report_checks, report_samples
from icsml.workflows import training_plots as plots
from icsml.workflows.accumulators import pd_bands
from icsml.workflows.report import report_facts, write_report
from icsml.workflows.train import train_bundle
from icsml.workflows.training_plots import can_draw, training_plots

CHECKS = {
    *("adds_up", "directions_proved", "grade_holds_pd", "one_is_batch", "pd_is_of_the_trees", "pd_proper"),
    *("points_sum", "score_reconciles"),
}


def _patch_assess(monkeypatch, function):
    for module in (reporting, report_checks, report_samples):
        monkeypatch.setattr(module, "assess", function)


@pytest.fixture(scope="module")
def found(trained):
    return report_facts(trained.bundle, trained.dataset, version="3", interactions=False)


@pytest.fixture(scope="module")
def everything(trained):
    """All rows at once, the way a chunk is never assessed."""
    columns = to_columns(trained.dataset.enterprises)
    return columns, assess(trained.bundle, columns)


def _rows(dataset, places):
    """Some rows of a data set, with their outcomes."""
    places = list(places)
    return replace(dataset, enterprises=dataset.enterprises.iloc[places], outcomes=dataset.outcomes.iloc[places])


def test_figures_over_all_rows_are_those_of_all_rows(found, everything, trained):
    _, assessment = everything
    terms = assessment.explanation.terms.log_odds
    assert found.origin.rows == found.origin.rows_held == len(terms)
    np.testing.assert_allclose(found.sizes, np.abs(terms).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.missing, np.isnan(assessment.features).mean(axis=0), rtol=1e-12)
    assert found.pd.mean == pytest.approx(assessment.pd.mean(), rel=1e-12)
    assert dict(found.pd.grades) == {grade.id: 0 for grade in trained.bundle.scale.grades} | Counter(assessment.grade)
    own = assessment.innovation_log_odds(trained.bundle)
    assert dict(found.innovation.quantiles)[0.5] == pytest.approx(np.median(own), rel=1e-12)
    assert found.innovation.pd_mean_without == pytest.approx(assessment.pd_without_innovation.mean(), rel=1e-12)
    innovative = trained.bundle.model.encoder.innovative
    assert found.innovation.share == pytest.approx(np.abs(terms[:, innovative]).sum() / np.abs(terms).sum())
    moves = (found.innovation.better, found.innovation.same, found.innovation.worse)
    assert sum(moves) == len(terms) - sum(grade is None for grade in assessment.grade)
    assert found.innovation.better > 0 < found.innovation.worse


def test_adverse_reasons_are_counted_row_by_row_as_decisions_tell_them(found, everything, trained):
    columns, assessment = everything
    terms, _ = assessment.explanation.merged
    most = trained.bundle.catalogue.adverse_reasons
    assert found.adverse_most == most
    kinds = population_groups(columns, assessment.innovation)
    counted = np.zeros(terms.shape, dtype=bool)
    for row, own in enumerate(terms):
        best = sorted(range(len(own)), key=lambda place, own=own: (-own[place], place))[:most]
        counted[row, [place for place in best if own[place] >= trained.bundle.catalogue.adverse_at_least]] = True
    assert counted.any(axis=1).mean() > 0.9
    np.testing.assert_array_equal(found.segments["all"][0].adverse, counted.sum(axis=0))
    for kind in ("technical_field", "province", "size"):
        for group in found.segments[kind]:
            own = np.array([name is None if group.name is None else name == group.name for name in kinds[kind]])
            assert group.rows == own.sum()
            assert group.pd_mean == pytest.approx(assessment.pd[own].mean(), rel=1e-9)
            np.testing.assert_array_equal(group.adverse, counted[own].sum(axis=0))


def test_the_adverse_reasons_of_a_decision_are_those_counted(found, trained):
    record = frame_records(trained.dataset.enterprises.iloc[[3]])[0]
    decision = decide(trained.bundle, record, decision_id="d", decided_at=datetime(2026, 7, 1, tzinfo=UTC)).decision
    one = report_facts(trained.bundle, _rows(trained.dataset, [3]))
    counted = [one.features[place].code for place in np.flatnonzero(one.segments["all"][0].adverse)]
    assert sorted(counted) == sorted(each.code for each in decision.adverse_reasons)
    assert one.examples[0].reasons == tuple(each.text for each in decision.reasons[:3])
    assert found.origin.reference == decision.reference
    assert found.origin.hashes["reference"] == decision.reference.sha256


def test_groups_of_features_are_sums_of_terms(found, everything, trained):
    _, assessment = everything
    terms = assessment.explanation.terms.log_odds
    own = np.array([feature.group == "leverage" for feature in trained.bundle.features])
    assert dict(found.groups)["leverage"] == pytest.approx(np.abs(terms[:, own].sum(axis=1)).mean())
    assert [size for _, size in found.groups] == sorted((size for _, size in found.groups), reverse=True)


def test_contradicting_reasons_are_counted_on_the_sample(found, trained):
    rows = sampled_rows(len(found.sample.values), 500)
    told = contradictions(trained.bundle, found.sample.values[rows], found.sample.log_odds[rows], DEFAULT_REASONS)
    assert found.contradictions.rate == told.rate
    assert sum(shown for _, shown, _ in found.contradictions.features) == sum(told.displayed.values())


def test_a_direction_that_is_broken_fails_its_check(trained, monkeypatch):
    proved = certificates(trained.bundle)
    first = proved["model.txt"]
    broken = replace(first, features=(replace(first.features[0], violations=2), *first.features[1:]))
    monkeypatch.setattr(reporting, "certificates", lambda bundle: proved | {"model.txt": broken})
    found = report_facts(trained.bundle, trained.dataset, rows=200, interactions=False)
    assert {check.id: check.failed for check in found.checks if not check.passed} == {"directions_proved": 2}


def test_a_kind_of_groups_that_is_known_of_no_row_is_left_out(trained):
    unknown = trained.dataset.enterprises.assign(staff_total=np.nan)
    found = report_facts(trained.bundle, replace(trained.dataset, enterprises=unknown), rows=200, interactions=False)
    assert {"technical_field", "province"} <= set(found.segments)
    assert "size" not in found.segments


@pytest.mark.parametrize("kind", ["pd_band", "technical_field", "province", "size"])
def test_groups_of_a_kind_are_all_rows(found, kind):
    assert sum(group.rows for group in found.segments[kind]) == found.origin.rows
    np.testing.assert_array_equal(
        sum(group.adverse for group in found.segments[kind]), found.segments["all"][0].adverse
    )


def test_bands_hold_their_pds():
    pds = np.array([0.0001, 0.01, 0.049, 0.05, 0.2, 0.99])
    names = list(PD_BANDS)
    assert list(pd_bands(pds)) == [names[0], names[1], names[1], names[2], names[3], names[3]]


def test_every_check_is_made_and_passes(found):
    assert {check.id for check in found.checks} == CHECKS
    assert all(check.passed for check in found.checks)
    rows = {check.id: check.rows for check in found.checks}
    assert {rows[name] for name in ("adds_up", "score_reconciles", "pd_proper", "grade_holds_pd")} == {
        found.origin.rows
    }
    assert found.checks[0].worst < 1e-12


def _tampered(monkeypatch, change):
    """Let one row of each chunk come out changed."""

    def changed(bundle, columns, **options):
        assessment = assess(bundle, columns, **options)
        return (
            change(assessment) if isinstance(assessment, ExplainedAssessment) and len(assessment.pd) > 1 else assessment
        )

    _patch_assess(monkeypatch, changed)


def _with_terms(assessment):
    terms = assessment.explanation.terms
    moved = terms.log_odds.copy()
    moved[7, 3] += 1e-6
    return replace(assessment, explanation=replace(assessment.explanation, terms=replace(terms, log_odds=moved)))


def _with_points(assessment):
    points = assessment.explanation.points.copy()
    points[7, 3] += 1
    return replace(assessment, explanation=replace(assessment.explanation, points=points))


def _with_grade(assessment):
    grades = assessment.grade.copy()
    grades[7] = "A1" if grades[7] != "A1" else "D"
    return replace(assessment, grade=grades)


def _with_nothing(assessment):
    pd = assessment.pd.copy()
    pd[7] = np.nan
    return replace(assessment, pd=pd)


def _with_other_log_odds(assessment):
    return replace(assessment, log_odds=np.nextafter(assessment.log_odds, 0))


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        (_with_terms, {"adds_up"}),
        (_with_points, {"score_reconciles"}),
        (_with_grade, {"grade_holds_pd"}),
        (_with_nothing, {"adds_up", "pd_proper", "grade_holds_pd"}),
    ],
    ids=["a term", "points", "a grade", "no PD"],
)
def test_a_row_that_does_not_add_up_fails_its_check(trained, monkeypatch, change, failing):
    _tampered(monkeypatch, change)
    found = report_facts(trained.bundle, trained.dataset, rows=900, interactions=False)
    failed = {check.id: check.failed for check in found.checks if not check.passed}
    assert failing <= set(failed) <= failing | {"one_is_batch"}
    assert all(count == 1 for name, count in failed.items() if name in failing)


def test_log_odds_that_are_not_the_trees_own_fail_their_check(trained, monkeypatch):
    def moved(bundle, columns, **options):
        return _with_other_log_odds(assess(bundle, columns, **options))

    _patch_assess(monkeypatch, moved)
    found = report_facts(trained.bundle, trained.dataset, rows=300, interactions=False)
    assert "pd_is_of_the_trees" in {check.id for check in found.checks if not check.passed}


def _without_feed(trained, rows):
    """The book, with the innovation records of its first rows taken away."""
    frame = trained.dataset.enterprises.copy()
    for name in trained.bundle.model.encoder.innovation_inputs:
        frame.loc[frame.index[:rows], name] = pd.NA
    return replace(trained.dataset, enterprises=frame)


@pytest.mark.parametrize("rows", [0, 40, 200], ids=["model", "both", "companion"])
def test_log_odds_are_compared_whichever_booster_gave_them(trained, rows):
    data = _without_feed(trained, rows)
    found = report_facts(trained.bundle, _rows(data, range(200)), interactions=False)
    (check,) = (each for each in found.checks if each.id == "pd_is_of_the_trees")
    assert (check.rows, check.failed) == (200, 0)
    assert found.innovation.fallback == rows


@pytest.mark.parametrize("method", ["explain", "margin"])
def test_an_engine_whose_margins_are_not_those_of_the_trees_fails(trained, monkeypatch, tmp_path, capsys, method):
    whole = getattr(TreeShap, method)

    def shifted(engine, *args, **options):
        found = whole(engine, *args, **options)
        return np.nextafter(found, 9) if method == "margin" else (found[0], np.nextafter(found[1], 9))

    monkeypatch.setattr(TreeShap, method, shifted)
    data = _without_feed(trained, len(trained.dataset.enterprises) // 3)
    write_dataset(tmp_path / "data", data.meta, data.enterprises, data.outcomes)
    command = ["report", "--model", str(trained.bundle.folder), "--data", str(tmp_path / "data"), "--rows", "300"]
    assert _run([*command, "--out", str(tmp_path / "r.html"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["failed"] == ["pd_is_of_the_trees"]


def test_a_row_that_differs_alone_fails_its_check(trained, monkeypatch):
    def alone(bundle, columns, **options):
        assessment = assess(bundle, columns, **options)
        return replace(assessment, pd=np.nextafter(assessment.pd, 1)) if len(assessment.pd) == 1 else assessment

    _patch_assess(monkeypatch, alone)
    found = report_facts(trained.bundle, trained.dataset, rows=300, interactions=False)
    assert {check.id for check in found.checks if not check.passed} == {"one_is_batch"}


def test_a_report_with_a_failed_check_is_written_and_ends_with_1(trained, book_folder, monkeypatch, tmp_path, capsys):
    _tampered(monkeypatch, _with_terms)
    page = tmp_path / "r.html"
    command = ["report", "--model", str(trained.bundle.folder), "--data", str(book_folder), "--rows", "300"]
    assert _run([*command, "--out", str(page), "--json"]) == 1
    assert "adds_up" in json.loads(capsys.readouterr().out)["failed"]
    assert 'class="bad"' in page.read_text("utf-8")


def test_chunks_do_not_show(trained, found, monkeypatch):
    monkeypatch.setattr(reporting, "_CHUNK", 777)
    other = report_facts(trained.bundle, trained.dataset, version="3", interactions=False)
    np.testing.assert_allclose(other.sizes, found.sizes, rtol=1e-12)
    np.testing.assert_array_equal(other.sample.log_odds, found.sample.log_odds)
    np.testing.assert_array_equal(other.segments["all"][0].adverse, found.segments["all"][0].adverse)
    assert [each.enterprise_id for each in other.examples] == [each.enterprise_id for each in found.examples]


def test_the_three_decisions_are_a_good_a_middling_and_a_poor_risk(found, everything):
    _, assessment = everything
    shown = [each.pd for each in found.examples]
    assert shown == sorted(shown)
    assert [each.role for each in found.examples] == ["good", "middling", "poor"]
    for each in found.examples:
        assert each.pd in assessment.pd
        total = each.base + each.log_odds.sum()
        assert total == pytest.approx(np.log(each.pd / (1 - each.pd)), abs=1e-9)
        assert each.base_points + each.points.sum() == each.score


def test_thresholds_are_on_the_scale_of_the_feature(found, trained):
    names = [feature.name for feature in trained.bundle.features]
    marks = {names[each.feature]: [at for at, _ in each.at] for each in found.thresholds}
    assert marks["rd_intensity"] == pytest.approx([0.0, 0.15])
    assert marks["ip_per_100_rd_staff"] == pytest.approx([0.0, 100.0])
    assert "innovation_score" not in marks
    assert "total_assets" not in marks


def test_interactions_sum_to_path_dependent_terms(trained, found):
    rows = found.sample.values[:60]
    never = [i for i, f in enumerate(trained.bundle.features) if f.name in trained.bundle.never_missing]
    rows = rows[~np.isnan(rows[:, never]).any(axis=1)]
    slope = trained.bundle.model.calibration.slope
    inner = interaction_values(trained.bundle.model.booster, rows, slope)
    terms = slope * trained.bundle.model.booster.predict(rows, pred_contrib=True)[:, :-1]
    np.testing.assert_allclose(inner.sum(axis=2), terms, atol=1e-10)
    np.testing.assert_allclose(inner, inner.transpose(0, 2, 1), atol=1e-12)


def test_the_strongest_pair_is_the_strongest(trained):
    found = report_facts(trained.bundle, trained.dataset, rows=400)
    inner = interaction_values(
        trained.bundle.model.booster, found.interactions.values, trained.bundle.model.calibration.slope
    )
    sizes = 2 * np.abs(inner).mean(axis=0)
    np.fill_diagonal(sizes, 0.0)
    first = found.interactions.pairs[0]
    assert first.size == pytest.approx(sizes.max())
    np.testing.assert_allclose(first.log_odds, 2 * inner[:, first.first, first.second])
    assert 0 < found.interactions.main < 1


def test_rows_for_interactions_are_bounded(trained):
    assert 100 <= affordable_rows(trained.bundle.model.booster) <= 1000


def test_fewer_rows_are_drawn_the_same_way_each_time(trained):
    one, other = (report_facts(trained.bundle, trained.dataset, rows=200, interactions=False) for _ in range(2))
    assert one.origin.rows == 200 < one.origin.rows_held
    np.testing.assert_array_equal(one.sizes, other.sizes)


def test_a_data_set_without_rows_is_refused(trained):
    empty = _rows(trained.dataset, [])
    with pytest.raises(InputError, match="ICS-RPT-001"):
        report_facts(trained.bundle, empty)


def test_a_data_set_of_other_features_is_refused(trained, shared_data, quick_config, tmp_path):
    mapping = configs_dir() / "datasets" / "taiwan.yaml"
    import_dataset(mapping, tmp_path / "data", progress=silent)
    other = train_bundle(tmp_path / "data", quick_config, out=tmp_path / "bundle")
    with pytest.raises(InputError, match="ICS-RPT-002"):
        report_facts(other.bundle, trained.dataset)
    found = write_report(other.bundle, read_dataset(tmp_path / "data"), tmp_path / "r.html", "zh", rows=800)
    assert found.failed == []
    assert found.bytes < 3_000_000
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "模拟" not in page
    assert "模型审计报告" in page
    assert "创新类变量的影响" in page  # the set declares one feature of innovation
    assert "不含创新类变量的对照模型给出" in page.split("<nav>")[0]
    assert "积分的内容不适用" in page
    assert "assumed rulebook" not in other.bundle.card
    assert "**Innovation points.** None among the features" in other.bundle.card


def test_where_what_draws_is_not_installed_training_goes_on_and_says_so(trained, monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda name: None if name == "shap" else object())
    said = []
    assert training_plots(trained.bundle, trained.dataset, said.append) == {}
    assert said == ["nothing is drawn: shap not installed — pip install 'icsml[report]'"]
    assert not can_draw()


def test_training_draws_what_the_report_draws(trained):
    drawn = training_plots(trained.bundle, trained.dataset)
    assert {"importance", "beeswarm", "waterfall-poor"} <= set(drawn)
    assert all(each.startswith("<?xml") for each in drawn.values())
