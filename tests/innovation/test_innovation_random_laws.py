"""Laws that hold for every rulebook that can be written, over rulebooks made at random."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_rulebooks import SLOW, cells, records, rulebooks, scored

from icsml.core.yaml import dump_yaml
from icsml.innovation import evaluate, fitted, load_rulebook, parse_rulebook
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.records.columns import take


def same_bits(first, second):
    return np.asarray(first, dtype=np.float64).tobytes() == np.asarray(second, dtype=np.float64).tobytes()


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_points_lie_between_the_minimum_and_the_maximum_of_their_row(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    for indicator in rulebook.indicators:
        earned, most = points.points[indicator.id], points.maximum(indicator.id)
        lowest = min(float(at_stage(indicator.min, stage)) for stage in rulebook.stage_ids)
        known = ~np.isnan(earned)
        assert np.all((earned >= lowest) & (earned <= most) | ~known)
        assert np.all(known | (indicator.missing == "refuse"))
        absent = np.isnan(points.values[indicator.id])
        assert np.all((earned == 0) | ~absent | ~known)
        if indicator.missing == "rescale":
            assert np.all(most[absent] == 0)


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_the_total_is_the_sum_of_the_indicators_and_of_the_categories(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    refused = np.zeros(len(points.score), dtype=bool)
    if rulebook.stages is not None:
        refused |= points.stage < 0
    base = {category.id for category in rulebook.categories if not category.bonus}
    most = sum(points.maximum(each.id) for each in rulebook.indicators if each.category in base)
    refused |= most == 0  # all base points are left out
    total_of, innovation = np.zeros(len(refused)), np.zeros(len(refused))
    for indicator in rulebook.indicators:
        earned = points.points[indicator.id]
        total_of = total_of + earned
        innovation = innovation + (earned if indicator.domain == "innovation" else 0.0)
        if indicator.missing == "refuse":
            refused |= np.isnan(points.values[indicator.id])
    assert np.array_equal(np.isnan(points.score), refused)
    assert same_bits(points.score[~refused], total_of[~refused])
    assert same_bits(points.innovation_score[~refused], innovation[~refused])
    by_category = sum(points.categories.values())
    np.testing.assert_allclose(by_category[~refused], points.score[~refused], rtol=1e-12, atol=1e-9)
    assert np.all(np.isnan(by_category[refused]))


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_maxima_sum_to_the_whole_whatever_is_left_out(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    staged = points.stage >= 0 if rulebook.stages is not None else np.ones(len(points.score), dtype=bool)
    bonus = {category.id: category.bonus for category in rulebook.categories}
    for kind, whole in ((False, 100.0), (True, 30.0)):
        own = [indicator.id for indicator in rulebook.indicators if bonus[indicator.category] is kind]
        most = sum((points.maximum(name) for name in own), np.zeros(len(points.score)))
        # Nothing is left to grow where every indicator that weighs anything is left out.
        expected = np.where(most == 0, 0.0, whole)
        np.testing.assert_allclose(most[staged], expected[staged], rtol=1e-12)
        earned = sum((np.nan_to_num(points.points[name]) for name in own), np.zeros(len(points.score)))
        assert np.all(earned[staged] <= expected[staged] + 1e-9)


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_more_of_what_is_better_never_costs_a_point(blank, data):
    rulebook, columns = data.draw(scored(blank))
    directed = [indicator for indicator in rulebook.indicators if indicator.better != "none"]
    assume(directed)
    indicator = data.draw(st.sampled_from(directed))
    field = indicator.fields[0]  # of a ratio, what it divides
    rising_values = sorted(data.draw(st.lists(cells(field).filter(lambda v: not np.isnan(v)), min_size=2, max_size=8)))
    row = dict(take(columns, np.zeros(len(rising_values), dtype=np.intp)))
    row[field] = np.array(rising_values)
    points = evaluate(rulebook, row)
    assume(not np.isnan(points.values[indicator.id]).any())
    sign = 1 if indicator.better == "higher" else -1
    assert np.all(sign * np.diff(points.points[indicator.id]) >= 0)
    gained = sign * np.diff(points.score)
    assert np.all((gained >= -1e-9) | np.isnan(gained))


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_rows_in_another_order_have_the_same_points(blank, data):
    rulebook, columns = data.draw(scored(blank))
    order = np.array(data.draw(st.permutations(range(len(columns["enterprise_id"])))))
    before, after = evaluate(rulebook, columns), evaluate(rulebook, take(columns, order))
    assert same_bits(before.score[order], after.score)
    assert np.array_equal(before.stage[order], after.stage)
    for name in before.points:
        assert same_bits(before.points[name][order], after.points[name])
        assert same_bits(before.maximum(name)[order], after.maximum(name))
        assert before.rules[name][order].tolist() == after.rules[name][:].tolist()


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_one_row_is_the_same_in_a_batch_bit_for_bit(blank, data):
    rulebook, columns = data.draw(scored(blank))
    batch = evaluate(rulebook, columns)
    for row in range(len(batch.score)):
        alone = evaluate(rulebook, take(columns, np.array([row])))
        assert same_bits(alone.score, batch.score[row : row + 1])
        assert same_bits(alone.innovation_score, batch.innovation_score[row : row + 1])
        assert alone.stage_of(0) == batch.stage_of(row)
        for name in batch.points:
            assert same_bits(alone.points[name], batch.points[name][row : row + 1])
            assert same_bits(alone.maximum(name), batch.maximum(name)[row : row + 1])
            assert alone.rules[name][0] == batch.rules[name][row]


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_an_overlay_that_changes_nothing_changes_nothing(blank, data):
    content = data.draw(rulebooks())
    own = ("format", "edition", "scope", "title", "issuer", "in_force", "known_since")
    overlay = {"extends": "random", "id": "over", **{key: content[key] for key in own}}
    again = data.draw(st.sets(st.sampled_from(sorted(content.keys() - {*own, "id"}))))
    overlay |= {key: content[key] for key in sorted(again)}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "random.yaml").write_text(dump_yaml(content), "utf-8")
        (Path(folder) / "over.yaml").write_text(dump_yaml(overlay), "utf-8")
        base, over = (load_rulebook(Path(folder) / name) for name in ("random.yaml", "over.yaml"))
    alone = parse_rulebook(over.source_text, "alone")
    assert over.derived_from == alone.derived_from == ("random",)
    population, columns = (data.draw(records(base, blank)) for _ in range(2))
    first, *others = (evaluate(fitted(each, population, "some"), columns) for each in (base, over, alone))
    for other in others:
        assert same_bits(first.score, other.score)
        assert same_bits(first.eligible, other.eligible)
        for name in first.points:
            assert same_bits(first.points[name], other.points[name])
            assert same_bits(first.maximum(name), other.maximum(name))
            assert first.rules[name][:].tolist() == other.rules[name][:].tolist()


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_a_random_rulebook_reads_back_from_its_text(data):
    content = data.draw(rulebooks())
    rulebook = parse_rulebook(dump_yaml(content), "random")
    assert parse_rulebook(rulebook.source_text, "again") == rulebook
    assert [each.id for each in rulebook.indicators] == [each["id"] for each in content["indicators"]]
    assert rulebook.max_score == 100 + content["totals"]["bonus"]
