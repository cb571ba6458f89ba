"""Two rulebooks compared over a population and a model: what counts, what is said besides, and what stays still."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from pydantic_core import to_jsonable_python

from icsml.decision.assess import assess
from icsml.errors import InputError, MissingError
from icsml.innovation import evaluate, fit_peers, fitted, load_rulebook
from icsml.records.columns import latest, take, to_columns
from icsml.records.dataset import read_records
from icsml.records.screening import screen
from icsml.workflows.rulebook_diff import compare, pd_change

SIMULATED = "The population is simulated: it shows the machinery and is no evidence."


@pytest.fixture
def records(tmp_path):
    """Two enterprises of two records each and one of one, without a data set beside them."""
    path = tmp_path / "firms.parquet"
    pd.DataFrame(
        {
            "enterprise_id": ["A", "B", "A", "B", "C"],
            "as_of": pd.to_datetime(["2025-06-30", "2024-06-30", "2024-06-30", "2025-06-30", None]),
            "awards_2y": [1.0, 1.0, 0.0, 0.0, 1.0],
            "key_rd_projects": [0.0, 0.0, 0.0, 1.0, 0.0],
            "revenue_cny": [1e6, 2e6, 3e6, 4e6, 5e6],
            "staff_total": [10.0, 10.0, 10.0, 10.0, 10.0],
        }
    ).to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def book(book_folder):
    """The latest record of each enterprise of the simulated book."""
    columns = screen(to_columns(read_records(book_folder / "enterprises.parquet"))).columns
    return take(columns, latest(columns))


def english(notes):
    return [note.en for note in notes]


# the rules and the population


def test_without_a_population_there_are_changes_and_nothing_else():
    found = compare("national-2025", "national-2025-patent-value")
    assert (found.a, found.b) == ("national-2025", "national-2025-patent-value")
    assert found.changes
    assert (found.impact, found.model, found.population, found.synthetic) == (None, None, None, False)
    assert (found.notes, found.stages) == ([], {})
    assert found.as_json()["swap_set"] is None
    assert compare("tech-sme-2017", "tech-sme-2017").changes == []


def test_files_are_rulebooks_too(tmp_path):
    path = tmp_path / "own.yaml"
    text = load_rulebook("tech-sme-2017").source_text.replace("id: tech-sme-2017", "id: own", 1)
    path.write_text(text.replace("at_least: 60\n", "at_least: 70\n"))
    (change,) = compare("tech-sme-2017", path).changes
    assert (change.item, change.a, change.b) == ("eligibility.conditions.pass_mark.at_least", "60 points", "70 points")


def test_the_latest_record_of_each_enterprise_counts(records):
    found = compare("national-2025", "national-2025-patent-value", source=records, cut_off=1.0)
    # Of A the award counts, of B the project and no more the award of the year before, of C what it has.
    assert found.impact.rows == 3
    assert found.impact.a.mean == 10.0
    assert (found.population, found.synthetic) == ("firms", False)


def test_the_figures_of_the_json_are_those_of_the_impact(records):
    found = compare("national-2025", "tech-sme-2017", source=records, cut_off=5.0)
    told = found.as_json()
    effect = found.impact
    assert told["swap_set"] == effect.entered + effect.left == 3
    assert (told["score_mean_a"], told["score_mean_b"]) == (effect.a.mean, effect.b.mean) == (10.0, 0.0)
    assert told["impact"]["groups"] == to_jsonable_python(effect.groups)
    assert told["changes"] == [asdict(change) for change in found.changes]
    assert told["notes"] == [{"en": note.en, "zh": note.zh} for note in found.notes]
    assert json.loads(json.dumps(told, allow_nan=False)) == json.loads(json.dumps(told))


def test_by_default_the_list_is_the_share_that_qualified(records):
    assert compare("national-2025", "tech-sme-2017", source=records).impact.threshold == {"top_share": 0.137}
    found = compare("national-2025", "tech-sme-2017", source=records, cut_off=60.0)
    assert found.impact.threshold == {"cut_off": 60.0}
    found = compare("national-2025", "tech-sme-2017", source=records, top_share=0.5)
    assert found.impact.threshold == {"top_share": 0.5}


def test_the_same_rules_by_another_name_move_nobody(book_folder):
    found = compare("national-2024", "national-2024", source=book_folder / "enterprises.parquet")
    assert found.changes == []
    assert (found.impact.rows, found.impact.entered, found.impact.left) == (1500, 0, 0)
    assert found.impact.rank_correlation == pytest.approx(1.0, abs=1e-9)


def test_both_rank_among_the_population_where_they_rank(records, book_folder):
    found = compare("national-2024", "hangzhou-htz-2020", source=records, cut_off=1.0)
    columns = screen(to_columns(read_records(records))).columns
    own = take(columns, latest(columns))
    rulebooks = [load_rulebook(name) for name in (found.a, found.b)]
    for rulebook, side in zip(rulebooks, (found.impact.a, found.impact.b), strict=True):
        assert side.mean == evaluate(fitted(rulebook, own, "firms"), own).score.mean()
    assert set(found.stages) == {stage for rulebook in rulebooks for stage in rulebook.stages.ids}
    assert found.stages["seed"].zh


def test_progress_is_told(records):
    said = []
    compare("national-2025", "tech-sme-2017", source=records, progress=said.append)
    assert len(said) == 2
    assert str(records) in said[0]


# what is said besides


def test_the_notes_of_two_that_differ_in_everything(records):
    found = compare("tech-sme-2017", "national-2024", source=records)
    assert english(found.notes) == [
        "tech-sme-2017 is published: no score of it is an official score.",
        "national-2024 is assumed: no score of it is an official score.",
        "national-2024 ranks among peers: here among firms (3).",
    ]
    found = compare("national-2024", "national-2025", source=records)
    assert english(found.notes)[-1] == "The scales differ (100 and 130): compare shares and ranks, not points."
    assert all(note.zh for note in found.notes)
    assert "两套规则满分不同（100 与 130）：请比较占比与名次，而非分值。" in [note.zh for note in found.notes]


def test_a_simulated_population_is_called_simulated(records, book_folder):
    found = compare("national-2025", "national-2025", source=book_folder / "enterprises.parquet")
    assert found.synthetic
    assert english(found.notes)[-1] == SIMULATED
    assert SIMULATED not in english(compare("national-2025", "national-2025", source=records).notes)
    assert found.as_json()["synthetic"] is True


def test_what_is_declared_beside_the_records_decides(records, book_folder):
    text = (book_folder / "dataset.yaml").read_text()
    assert "synthetic: true" in text
    (records.parent / "dataset.yaml").write_text(text.replace("synthetic: true", "synthetic: false"))
    assert not compare("national-2025", "tech-sme-2017", source=records).synthetic
    (records.parent / "dataset.yaml").write_text(text)
    assert compare("national-2025", "tech-sme-2017", source=records).synthetic


# a model


def test_the_models_own_rules_move_nothing(bundle, book):
    own = load_rulebook("national-2025")
    for rulebook in (own, bundle.rulebook):
        change = pd_change(bundle, rulebook, rulebook, book)
        assert change.pd_change == dict.fromkeys(("p5", "p25", "p50", "p75", "p95"), 0.0)
        assert change.grade_changed == 0
        assert change.pd_mean_a == change.pd_mean_b
        assert all(set(each.to) == {each.grade} for each in change.migration)
        graded = change.rows - change.ungraded
        assert sum(each.to[each.grade] for each in change.migration) == graded > 1_000
        assert change.rows == 1500
    assert (change.model, change.trained_with, change.synthetic) == (bundle.name, "national-2025", True)


def test_other_rules_move_it_and_what_moves_adds_up(bundle, book):
    change = pd_change(bundle, bundle.rulebook, load_rulebook("tech-sme-2017"), book)
    assert change.grade_changed > 0
    stayed = sum(each.to.get(each.grade, 0) for each in change.migration)
    assert sum(sum(each.to.values()) for each in change.migration) == change.rows - change.ungraded
    assert change.rows - change.ungraded - stayed == change.grade_changed
    grades = [grade.id for grade in bundle.scale.grades]
    assert [each.grade for each in change.migration] == [
        grade for grade in grades if grade in {each.grade for each in change.migration}
    ]
    quantiles = list(change.pd_change.values())
    assert quantiles == sorted(quantiles)
    back = pd_change(bundle, load_rulebook("tech-sme-2017"), bundle.rulebook, book)
    assert (back.pd_mean_a, back.pd_mean_b) == (change.pd_mean_b, change.pd_mean_a)
    assert back.pd_change["p50"] == pytest.approx(-change.pd_change["p50"])


def test_the_moves_are_those_of_the_decisions_themselves(bundle, book):
    other = load_rulebook("tech-sme-2017")
    before, after = (
        assess(replace(bundle, rulebook=rules), book, explained=False) for rules in (bundle.rulebook, other)
    )
    change = pd_change(bundle, bundle.rulebook, other, book)
    assert (change.pd_mean_a, change.pd_mean_b) == (before.pd.mean(), after.pd.mean())
    assert change.pd_change["p95"] == np.quantile(after.pd - before.pd, 0.95)
    assert change.pd_change["p5"] == np.quantile(after.pd - before.pd, 0.05)
    pairs = Counter(pair for pair in zip(before.grade, after.grade, strict=True) if pair != (None, None))
    assert any(pairs[one, two] != pairs[two, one] for one, two in pairs)
    told = {(each.grade, to): count for each in change.migration for to, count in each.to.items()}
    assert told == dict(pairs)


def test_rules_that_rank_can_be_put_in(bundle, book):
    ranked = load_rulebook("national-2024")
    ranked = ranked.with_peers(fit_peers(ranked, book, "book"))
    change = pd_change(bundle, bundle.rulebook, ranked, book)
    assert np.isfinite(list(change.pd_change.values())).all()
    assert change.pd_mean_a != change.pd_mean_b


def test_compare_looks_at_the_model_too(bundle, book_folder):
    source = book_folder / "enterprises.parquet"
    found = compare("national-2024", "national-2025", source=source, bundle=bundle)
    assert found.model.rows == found.impact.rows == 1500
    assert found.as_json()["model"] == to_jsonable_python(found.model)
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["model"]["trained_with"] == "national-2025"


def said(bundle, before, after, book):
    rulebooks = (load_rulebook(before), load_rulebook(after))
    few = take(book, np.arange(5))
    ready = (fitted(rulebook, few, "few") for rulebook in rulebooks)
    return [note.en for note in pd_change(bundle, *ready, few).notes]


def test_what_a_reader_must_know_of_the_model(bundle, book):
    untrained = "The model is not trained again: this is what would happen if its rulebook were replaced as it stands."
    simulated = "It was trained on simulated data: no evidence."
    neither = "It was trained on the points of national-2025, and neither rulebook is that one."
    scale = "Its points were of 130; those of tech-sme-2017 are of 100."
    assert said(bundle, "national-2025", "national-2025-patent-value", book) == [untrained, simulated]
    assert said(bundle, "national-2025", "tech-sme-2017", book) == [untrained, scale, simulated]
    assert said(bundle, "national-2024", "tech-sme-2017", book) == [untrained, neither, scale, simulated]
    real = replace(bundle, synthetic=False)
    assert said(real, "national-2025", "national-2025", book) == [untrained]


def test_a_model_that_reads_no_points_does_not_move(bundle, book):
    """The companion without innovation, taken for a model of its own."""
    blind = replace(
        bundle,
        model=bundle.companion,
        companion=None,
    )
    change = pd_change(blind, bundle.rulebook, load_rulebook("tech-sme-2017"), book)
    assert "It does not read points, so nothing moves." in [note.en for note in change.notes]
    assert change.grade_changed == 0
    assert set(change.pd_change.values()) == {0.0}


# what is refused


def test_both_cuts_are_refused_and_a_model_without_a_population(bundle, records):
    with pytest.raises(InputError) as caught:
        compare("tech-sme-2017", "national-2025", source=records, top_share=0.1, cut_off=60.0)
    assert caught.value.code == "ICS-SEL-001"
    with pytest.raises(InputError) as caught:
        compare("tech-sme-2017", "national-2025", bundle=bundle)
    assert (caught.value.code, caught.value.field) == ("ICS-CLI-003", "--model")


@pytest.mark.parametrize(
    "cut", [{"top_share": 0.0}, {"top_share": 1.5}, {"top_share": float("nan")}, {"cut_off": float("nan")}], ids=str
)
def test_what_is_no_cut_is_refused(records, cut):
    with pytest.raises(InputError) as caught:
        compare("tech-sme-2017", "national-2025", source=records, **cut)
    assert caught.value.code == "ICS-SEL-001"


def test_no_population_and_no_rulebook(records, tmp_path):
    with pytest.raises(MissingError):
        compare("tech-sme-2017", "national-2025", source=tmp_path / "none.parquet")
    with pytest.raises(MissingError):
        compare("tech-sme-2017", "hubei", source=records)


def test_an_empty_population_is_said_to_be_empty(records, tmp_path):
    pd.read_parquet(records).iloc[:0].to_parquet(tmp_path / "empty.parquet")
    for before, code in (("tech-sme-2017", "ICS-RUL-034"), ("national-2024", "ICS-RUL-031")):
        with pytest.raises(InputError) as caught:
            compare(before, "national-2025", source=tmp_path / "empty.parquet")
        assert caught.value.code == code
