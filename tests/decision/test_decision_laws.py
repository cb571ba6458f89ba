"""The laws of a decision, over records of all shapes."""

import dataclasses
import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.special import logit

from icsml.decision import ranked_terms, reasons
from icsml.decision.assess import assess, warm
from icsml.decision.decide import decide
from icsml.decision.example import bundle_example
from icsml.decision.frame import frame_scores
from icsml.decision.row import Row
from icsml.errors import InputError
from icsml.explain import shap_engine as engine
from icsml.explain.indicator_split import SMALLEST
from icsml.model.predict import log_odds, margin, pd_from_log_odds
from icsml.model.trees import booster_from_text, booster_text
from icsml.records.columns import record_columns, take, to_columns
from icsml.records.enterprise import example_record, frame_records, parse_record
from icsml.records.field import Domain
from icsml.records.fields import FIELDS

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NUMBERS = [field.name for field in FIELDS if field.kind == "number" and field.name in example_record()]
COUNTS = [field.name for field in FIELDS if field.kind == "count"]
INNOVATION = [field.name for field in FIELDS if field.domain is Domain.INNOVATION]

CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.none() | st.floats(0, 1) | st.floats(0, 1e9) for name in NUMBERS if name.endswith("_cny")},
        **{name: st.none() | st.integers(0, 300) for name in COUNTS},
    },
)
LAWS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def changed(changes):
    record = example_record() | changes
    return parse_record({name: value for name, value in record.items() if value is not None})


def decision_of(bundle, record, **options):
    return decide(bundle, record, decision_id="d", decided_at=NOW, **options).decision


@LAWS
@given(CHANGES, st.integers(0, 60))
def test_a_decision_adds_up(bundle, changes, shown):
    found = decision_of(bundle, changed(changes), reasons=shown)
    total = found.base_log_odds + math.fsum(reason.log_odds for reason in found.reasons) + found.other_log_odds
    assert abs(logit(found.pd) - total) < 1e-9
    assert found.score == found.base_points + sum(reason.points for reason in found.reasons) + found.other_points
    assert found.score == round(found.scale.offset - found.scale.pdo / math.log(2) * logit(found.pd))
    assert len(found.reasons) <= shown
    sizes = [abs(reason.log_odds) for reason in found.reasons]
    assert sizes == sorted(sizes, reverse=True)
    for reason in found.reasons:
        assert reason.pd_effect == pytest.approx(
            found.pd - pd_from_log_odds(np.array(logit(found.pd) - reason.log_odds))
        )


@LAWS
@given(CHANGES)
def test_groups_add_up(bundle, changes):
    found = decision_of(bundle, changed(changes))
    total = found.base_log_odds + math.fsum(group.log_odds for group in found.groups)
    assert abs(logit(found.pd) - total) < 1e-9
    assert found.score == found.base_points + sum(group.points for group in found.groups)
    assert [group.group for group in found.groups] == list(dict.fromkeys(f.group for f in bundle.features))


@LAWS
@given(CHANGES)
def test_indicators_add_up_to_the_reason_of_the_innovation_score(bundle, changes):
    found = decision_of(bundle, changed(changes), reasons=1000)
    rules = {indicator.id: indicator for indicator in found.innovation.indicators}
    for reason in found.reasons:
        if reason.indicators is None:
            continue
        assert reason.feature == "innovation_score"
        assert abs(reason.log_odds) >= SMALLEST
        assert math.fsum(part.log_odds for part in reason.indicators) == pytest.approx(reason.log_odds, rel=1e-13)
        assert sum(part.score_points for part in reason.indicators) == reason.points
        differences = [part.points - part.reference_points for part in reason.indicators]
        assert abs(sum(differences)) > 0.5 * sum(abs(each) for each in differences)
        for part, difference in zip(reason.indicators, differences, strict=True):
            share = difference / sum(differences)
            assert part.log_odds == pytest.approx(reason.log_odds * share, rel=1e-9, abs=1e-15)
            assert (part.points, part.rule) == (rules[part.indicator].points, rules[part.indicator].rule)
            assert part.reference_points == bundle.reference.points[part.indicator]
            assert rules[part.indicator].domain == "innovation"


def test_the_innovation_score_of_the_example_is_split(bundle):
    (reason,) = (r for r in decision_of(bundle, changed({}), reasons=1000).reasons if r.feature == "innovation_score")
    assert len(reason.indicators) == len(bundle.reference.points) > 5


def as_told(reason):
    own = (reason.code, reason.log_odds, reason.points, reason.contradicts, reason.text, reason.also)
    return (*own, reason.kind, reason.value, reason.reference_value)


def in_telling_order(reasons):
    """Return reasons ranked by size as an applicant is told them: comparisons first, last the neutral on innovation."""
    place = {"comparison": 0, "not_provided": 1, "not_computable": 1, "neutral": 2}
    return sorted(reasons, key=lambda each: (place[each.kind], each.kind == "neutral" and each.code.startswith("INN")))


def worth_telling(bundle, reasons):
    """Return, of all reasons ranked by size, the few largest adverse ones that are not negligible."""
    found = [r for r in reasons if r.form == "adverse" and r.log_odds >= bundle.catalogue.adverse_at_least]
    return [as_told(r) for r in in_telling_order(found[: bundle.catalogue.adverse_reasons])]


@LAWS
@given(CHANGES)
def test_adverse_reasons_are_the_largest_that_were_scored(bundle, changes):
    found = decision_of(bundle, changed(changes), reasons=1000)
    assert all(reason.log_odds > 0.0 for reason in found.reasons if reason.form == "adverse")
    assert [as_told(r) for r in found.adverse_reasons] == worth_telling(bundle, found.reasons)
    assert decision_of(bundle, changed(changes), reasons=0).adverse_reasons == found.adverse_reasons


def test_no_innovation_heads_what_is_told_while_there_is_anything_else_to_tell(bundle, enterprises):
    """A firm that is refused is not told of its R&D first: neutral texts state no shortcoming."""
    columns = to_columns(enterprises.head(400))
    found = assess(bundle, columns)
    ranked, last = ranked_terms.ranked_terms(bundle, found, 0), 0
    for row in range(400):
        told = reasons.row_reasons(Row(bundle, found, row), ranked).adverse_reasons
        late = [each.kind == "neutral" and each.code.startswith("INN") for each in told]
        assert late == sorted(late)
        last += 0 < sum(late) < len(late)
    assert last > 20
    assert {f.code[:3] for f in bundle.features if f.domain is Domain.INNOVATION} == {"INN"}


def test_a_decision_says_compared_with_whom(bundle):
    found = decision_of(bundle, changed({}), reasons=1000)
    assert found.reference.model_dump() == {
        "kind": "interventional",
        "id": "training-applicants",
        "text": {"en": "compared with the training applicants", "zh": "与参照样本相比"},
        "n": len(bundle.reference.rows),
        "sha256": bundle.reference.sha256,
    }
    medians = dict(zip((f.name for f in bundle.features), bundle.reference.medians, strict=True))
    for reason in found.reasons:
        assert reason.reference_value == medians[reason.feature]
        if reason.value is not None:
            assert "compared with the median of the training applicants" in reason.text.en
            assert "参照样本中位数" in reason.text.zh
        assert (reason.contradicts is None) is (reason.direction != "free")


def test_without_a_population_reasons_are_path_dependent(bundle):
    alone = dataclasses.replace(bundle, reference=None)
    found = decision_of(alone, changed({}), reasons=1000)
    assert (found.reference.kind, found.reference.id) == ("path_dependent", "training-cover")
    assert set(found.reference.model_dump()) == {"kind", "id", "text"}
    assert {reason.reference_value for reason in found.reasons} == {None}
    assert {reason.contradicts for reason in found.reasons} == {None}
    assert {reason.indicators for reason in found.reasons} == {None}
    own = dataclasses.replace(alone, explainer="pred_contrib")
    assert [r.log_odds for r in decision_of(own, changed({}), reasons=1000).reasons] == pytest.approx(
        [r.log_odds for r in found.reasons], abs=1e-10
    )


def test_like_features_become_one_reason(bundle):
    merging = dataclasses.replace(bundle, reasons=bundle.catalogue.model_copy(update={"merge_above": 0.5}))
    apart, merged = (decision_of(each, changed({}), reasons=1000) for each in (bundle, merging))
    terms = {reason.feature: reason for reason in apart.reasons}
    assert any(reason.also for reason in merged.reasons)
    for reason in merged.reasons:
        own = terms[reason.feature]
        assert all(terms[also.feature].group == reason.group for also in reason.also)
        assert all(also.log_odds * own.log_odds > 0 and abs(also.log_odds) <= abs(own.log_odds) for also in reason.also)
        assert reason.log_odds == pytest.approx(own.log_odds + math.fsum(also.log_odds for also in reason.also))
        assert reason.points == own.points + sum(also.points for also in reason.also)
    assert {f for r in merged.reasons for f in (r.feature, *(also.feature for also in r.also))} == set(terms)
    total = merged.base_log_odds + math.fsum(reason.log_odds for reason in merged.reasons) + merged.other_log_odds
    assert abs(logit(merged.pd) - total) < 1e-9
    assert merged.score == merged.base_points + sum(reason.points for reason in merged.reasons) + merged.other_points
    assert merged.groups == apart.groups


def test_nothing_negligible_is_told_as_adverse(bundle, enterprises):
    """However few adverse reasons are left, one below the least size of the catalogue is not among them."""
    catalogue, few = bundle.catalogue, 0
    for record in frame_records(enterprises.iloc[::150]):
        everything = dataclasses.replace(bundle, reasons=catalogue.model_copy(update={"adverse_at_least": 0.0}))
        raised = dataclasses.replace(bundle, reasons=catalogue.model_copy(update={"adverse_at_least": 0.25}))
        told = [decision_of(each, record, with_recourse=False).adverse_reasons for each in (everything, raised)]
        assert told[1] == [reason for reason in told[0] if reason.log_odds >= 0.25]
        assert sorted(told[0], key=lambda reason: -reason.log_odds)[: len(told[1])] == sorted(
            told[1], key=lambda reason: -reason.log_odds
        )
        few += len(told[1]) < len(told[0])
    assert few > 0
    assert catalogue.adverse_at_least == SMALLEST


def test_adverse_reasons_are_told_merged_where_reasons_are(bundle, enterprises):
    """Both what is told and in which order come from the merged terms, and each says what is in it."""
    merging = dataclasses.replace(bundle, reasons=bundle.catalogue.model_copy(update={"merge_above": 0.3}))
    holding, elsewhere = 0, 0
    for record in frame_records(enterprises.iloc[::150]):
        apart, merged = (decision_of(each, record, reasons=1000, with_recourse=False) for each in (bundle, merging))
        assert [as_told(reason) for reason in merged.adverse_reasons] == worth_telling(merging, merged.reasons)
        assert all(not reason.also for reason in apart.adverse_reasons)
        holding += any(reason.also for reason in merged.adverse_reasons)
        elsewhere += [r.code for r in merged.adverse_reasons] != [r.code for r in apart.adverse_reasons]
    assert holding > 0 < elsewhere


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_moving_to_a_reference_row_than_which_it_is_worse_never_raises_the_pd(bundle, boosters, data):
    booster, calibration, directions, rows = boosters["model"]
    column = data.draw(st.sampled_from([i for i, direction in enumerate(directions) if direction]))
    row = rows[data.draw(st.integers(0, len(rows) - 1))]
    population = bundle.reference.rows[:, column]
    better = population[directions[column] * (row[column] - population) > 0.0]
    assume(better.size)
    moved = np.stack([row, row])
    moved[1, column] = data.draw(st.sampled_from(sorted(set(better.tolist()))))
    pds = pd_from_log_odds(log_odds(margin(booster, moved), calibration))
    assert pds[1] <= pds[0]


@LAWS
@given(CHANGES)
def test_a_grade_holds_its_pd(bundle, changes):
    found = decision_of(bundle, changed(changes))
    bounds = {
        grade.id: (low, grade.upper)
        for grade, low in zip(bundle.scale.grades, [0.0, *(grade.upper for grade in bundle.scale.grades)], strict=False)
    }
    short = [warning.field for warning in found.warnings if warning.code == "INSUFFICIENT_DATA"]
    assert (found.grade is None) is bool(short)
    if short:
        return
    low, high = bounds[found.grade]
    assert low < found.pd <= high


@LAWS
@given(CHANGES)
def test_points_sum_and_stay_within_their_bounds(bundle, changes):
    found = decision_of(bundle, changed(changes)).innovation
    assert found.score == pytest.approx(sum(indicator.points for indicator in found.indicators), abs=1e-9)
    assert found.score == pytest.approx(sum(category.points for category in found.categories), abs=1e-9)
    for indicator in found.indicators:
        assert min(0.0, indicator.max) <= indicator.points <= indicator.max
    assert found.provenance == "assumed"


@LAWS
@given(CHANGES)
def test_all_of_innovation_is_summed_shown_or_not(bundle, changes):
    record = changed(changes)
    every = decision_of(bundle, record, reasons=1000)
    domain = {feature.name: feature.domain for feature in bundle.features}
    expected = math.fsum(reason.log_odds for reason in every.reasons if domain[reason.feature] == "innovation")
    assert every.innovation_log_odds == pytest.approx(expected, abs=1e-12)
    assert decision_of(bundle, record, reasons=0).innovation_log_odds == every.innovation_log_odds


def test_one_row_is_the_batch_to_the_last_bit(bundle, enterprises):
    rows = enterprises.iloc[::60]
    columns = to_columns(rows)
    batch = assess(bundle, columns)
    frame = frame_scores(bundle, rows)
    for i, record in enumerate(frame_records(rows)):
        alone = decision_of(bundle, record)
        assert (alone.pd, alone.score, alone.grade) == (batch.pd[i], batch.score[i], batch.grade[i])
        grade = frame["grade"].iloc[i]
        assert (alone.pd, alone.score) == (frame["pd"].iloc[i], frame["score"].iloc[i])
        assert alone.grade == (None if pd.isna(grade) else grade)
        assert alone.base_log_odds == batch.explanation.terms.base[i]
        assert alone.pd_without_innovation == batch.pd_without_innovation[i]
        terms = assess(bundle, take(columns, np.array([i]))).explanation.terms.log_odds
        assert terms.tobytes() == batch.explanation.terms.log_odds[i : i + 1].tobytes()


@pytest.mark.parametrize("explained", [True, False])
def test_the_pd_is_the_boosters_margin_and_no_sum_of_reasons(bundle, enterprises, explained):
    columns = dict(to_columns(enterprises))
    for name in bundle.model.encoder.innovation_inputs:  # the first rows have no innovation feed
        columns[name] = np.concatenate([np.full(200, np.nan), columns[name][200:]])
    found = assess(bundle, columns, explained=explained)
    own = np.ascontiguousarray(found.features[:, bundle.companion_columns])
    raw = {
        "model": (bundle.model.booster.predict(found.features, raw_score=True), bundle.model.calibration),
        "companion": (bundle.companion.booster.predict(own, raw_score=True), bundle.companion.calibration),
    }
    pds = {name: pd_from_log_odds(log_odds(*each)) for name, each in raw.items()}
    assert found.pd_without_innovation.tobytes() == pds["companion"].tobytes()
    assert found.pd.tobytes() == np.where(found.fallback, pds["companion"], pds["model"]).tobytes()
    assert 0 < found.fallback.sum() < len(found.pd)


@pytest.fixture(scope="module")
def boosters(bundle, enterprises):
    """The model and its companion: trees, calibration, directions, and rows to move."""
    columns = to_columns(enterprises.iloc[::40])
    features = assess(bundle, columns, explained=False).features
    others = bundle.companion.encoder.encode(columns, None)
    return {
        "model": (bundle.model.booster, bundle.model.calibration, bundle.model.encoder.directions, features),
        "companion": (
            bundle.companion.booster,
            bundle.companion.calibration,
            bundle.companion.encoder.directions,
            others,
        ),
    }


@pytest.mark.parametrize("which", ["model", "companion"])
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_pd_never_falls_when_a_risk_raising_feature_rises(boosters, which, data):
    booster, calibration, directions, rows = boosters[which]
    column = data.draw(st.sampled_from([i for i, direction in enumerate(directions) if direction]))
    seen = rows[:, column][~np.isnan(rows[:, column])]
    value = st.floats(-1e9, 1e9) | st.sampled_from(sorted(set(seen.tolist())))
    low, high = sorted((data.draw(value), data.draw(value)))
    row = rows[data.draw(st.integers(0, len(rows) - 1))]
    moved = np.stack([row, row])
    moved[:, column] = low, high
    pds = pd_from_log_odds(log_odds(margin(booster, moved), calibration))
    assert directions[column] * (pds[1] - pds[0]) >= 0


def test_both_directions_are_declared_and_some_features_are_free(bundle):
    assert {1, -1, 0} == set(bundle.model.encoder.directions)


def test_without_an_innovation_feed_the_companion_decides(bundle):
    kept = {name: value for name, value in example_record().items() if name not in INNOVATION}
    found = decision_of(bundle, parse_record(kept))
    assert found.pd == found.pd_without_innovation
    assert found.innovation_log_odds == 0.0
    codes = {notice.code for notice in found.warnings}
    assert ("INNOVATION_FEED_MISSING", "innovation_log_odds") in {(each.code, each.field) for each in found.warnings}
    assert "NEVER_MISSING_IN_TRAINING" not in codes  # the companion does not read what is missing
    companion = bundle.companion.encoder.encode(record_columns(parse_record(kept)), None)
    expected = pd_from_log_odds(log_odds(margin(bundle.companion.booster, companion), bundle.companion.calibration))
    assert found.pd == expected[0]


def test_with_an_innovation_feed_the_companion_only_stands_beside(bundle):
    found = decision_of(bundle, changed({}))
    assert found.pd != found.pd_without_innovation
    assert "INNOVATION_FEED_MISSING" not in {notice.code for notice in found.warnings}
    assert found.innovation_evidence == "not_tested"


def test_a_value_that_training_never_saw_missing_is_told_where_it_is(bundle):
    told = {
        each.field
        for each in decision_of(bundle, parse_record({"enterprise_id": "E", "as_of": "2024-06-30"})).warnings
        if each.code == "NEVER_MISSING_IN_TRAINING"
    }
    innovative = {each.name for each in bundle.features if each.domain == Domain.INNOVATION}
    assert told == set(bundle.never_missing) - innovative != set()
    whole = {each.code for each in decision_of(bundle, changed({})).warnings}
    assert "NEVER_MISSING_IN_TRAINING" not in whole


def test_a_model_that_cannot_grade_or_compare_says_so(bundle):
    alone = dataclasses.replace(bundle, horizon_months=36, companion=None)
    found = decision_of(alone, changed({}))
    told = {(each.code, each.field) for each in found.warnings}
    assert {("NO_GRADE", "grade"), ("NO_COMPANION", "pd_without_innovation")} <= told
    assert (found.grade, found.pd_without_innovation) == (None, None)
    usual = {each.code for each in decision_of(bundle, changed({})).warnings}
    assert usual.isdisjoint({"NO_GRADE", "NO_COMPANION"})


def test_the_reader_is_told_what_the_figures_rest_on(bundle):
    measured = dict(bundle.training) | {"points_robustness": {"top_share": 0.137, "depends": 0.45}}
    own = dataclasses.replace(bundle, training=measured)
    told = {notice.code: notice.text for notice in decision_of(own, changed({"revenue_cny": 1e14})).warnings}
    assert {"SYNTHETIC_MODEL", "ASSUMED_POINTS", "OUT_OF_RANGE"} <= set(told)
    assert "Of the best 13.7% of the training rows, 45% owe their place" in told["ASSUMED_POINTS"].en
    assert "得分最高的13.7%里，有45%的名次取决于假设权重" in told["ASSUMED_POINTS"].zh


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"staff_rd": 500}, "OUT_OF_RANGE", "staff_rd"),
        ({"staff_rd": 500, "staff_total": 10}, "OUT_OF_RANGE", "staff_total"),  # less than several of its parts
        ({"revenue_cny": 5200.0}, "OUT_OF_RANGE", "revenue_cny"),
        (
            {"receivables_cny": 26e7, "current_assets_cny": 27e7, "total_assets_cny": 41e7},
            "OUT_OF_RANGE",
            "receivable_days",
        ),
        ({"cash_cny": 1e9}, "OUT_OF_RANGE", "cash_cny"),
        ({"current_assets_cny": 9e9}, "OUT_OF_RANGE", "current_assets_cny"),
        (
            {"statement_period_end": "2001-12-31", "statement_published_at": "2002-04-01"},
            "OUT_OF_RANGE",
            "statement_age",
        ),
        ({"as_of": "2099-01-01"}, "FUTURE_DATE", "as_of"),
    ],
)
def test_what_cannot_be_is_told(bundle, changes, code, field):
    plain = {(notice.code, notice.field) for notice in decision_of(bundle, changed({})).warnings}
    assert (code, field) not in plain
    assert (code, field) in {(notice.code, notice.field) for notice in decision_of(bundle, changed(changes)).warnings}


def test_tomorrow_is_no_future_east_of_utc(bundle):
    found = decision_of(bundle, changed({"as_of": "2026-07-02"})).warnings
    assert "FUTURE_DATE" not in {notice.code for notice in found}


def test_guarantee_list_and_limit_cannot_move_the_pd(bundle):
    plain = decision_of(bundle, changed({}))
    helped = changed(
        {
            "guarantee_type": "government_fund",
            "guarantee_share": 0.8,
            "on_recommended_list": True,
            "relending_supported": True,
            "interest_subsidised": True,
            "limit_granted_cny": 9e6,
            "bank_pd": 0.9,
            "bank_grade": "D",
            "legal_representative": "某人",
            "guarantor_name": "某人",
        }
    )
    assert decision_of(bundle, helped).pd == plain.pd


def test_the_same_input_gives_the_same_decision(bundle):
    record = changed({})
    assert decision_of(bundle, record).model_dump_json() == decision_of(bundle, record).model_dump_json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"as_of": None, "statement_published_at": None}, "as_of"),
        ({"extra": {"X1": 1.0}}, "extra.X1"),
        ({"statement_published_at": "2026-07-01"}, "statement_published_at"),
    ],
)
def test_a_record_the_bundle_cannot_take_is_refused_by_name(bundle, changes, field):
    with pytest.raises(InputError) as caught:
        decision_of(bundle, changed(changes))
    assert caught.value.field == field


def test_the_example_of_a_bundle_is_accepted_and_complete(bundle):
    found = decide(bundle, parse_record(bundle_example(bundle)), decision_id="d", decided_at=NOW)
    assert all(value is not None for value in found.features.values())
    assert found.decision.decided_at == "2026-07-01T00:00:00.000000Z"
    assert found.decision.model.bundle_sha256 == bundle.sha256


def test_reasons_of_the_companion_compare_with_the_same_rows(bundle):
    kept = {name: value for name, value in example_record().items() if name not in INNOVATION}
    found = decision_of(bundle, parse_record(kept), reasons=1000)
    own = bundle.reference.rows[:, [f.domain == "financial" for f in bundle.features]]
    mean = log_odds(margin(bundle.companion.booster, np.ascontiguousarray(own)), bundle.companion.calibration).mean()
    assert found.base_log_odds == pytest.approx(mean, abs=1e-9)
    total = found.base_log_odds + math.fsum(reason.log_odds for reason in found.reasons)
    assert abs(logit(found.pd) - total) < 1e-9
    assert "innovation" not in {reason.group for reason in found.reasons}
    assert any(reason.contradicts is not None for reason in found.reasons)


def test_a_contradiction_is_one_of_the_booster_that_decided(bundle, monkeypatch):
    asked, real = [], ranked_terms.one_at_a_time
    monkeypatch.setattr(ranked_terms, "one_at_a_time", lambda *given: asked.append(given) or real(*given))
    kept = {name: value for name, value in example_record().items() if name not in INNOVATION}
    for record, booster, encoder in (
        (changed({}), bundle.model.booster, bundle.model.encoder),
        (parse_record(kept), bundle.companion.booster, bundle.companion.encoder),
    ):
        found = decision_of(bundle, record, reasons=1000)
        scorer, calibration, row, (rows, columns), values = asked.pop()
        assert row.shape == (1, len(encoder.features))
        assert scorer(row) == margin(booster, row)
        effects = real(scorer, calibration, row, (rows, columns), values)
        free = {encoder.features[at].name: (at, effect) for at, effect in zip(columns, effects, strict=True)}
        for reason in found.reasons:
            if reason.direction == "free":
                place, effect = free[reason.feature]
                opposed = reason.log_odds * effect < 0 and min(abs(reason.log_odds), abs(effect)) >= SMALLEST
                assert reason.contradicts is bool(opposed)
                column = bundle.reference.rows[:, [f.name for f in bundle.features].index(reason.feature)]
                assert set(values[~np.isnan(values[:, place]), place]) <= set(column)


def test_the_texts_are_the_bundles_own(bundle):
    first = next(each for each in decision_of(bundle, changed({})).reasons if each.kind == "comparison")
    forms = bundle.catalogue.codes[first.code]
    other = forms.model_copy(
        update={first.form: forms.of(first.form).model_copy(update={"en": "{value} / {reference}"})}
    )
    own = bundle.catalogue.model_copy(
        update={"codes": {**bundle.catalogue.codes, first.code: other}, "adverse_reasons": 1}
    )
    found = decision_of(dataclasses.replace(bundle, reasons=own), changed({}))
    told = next(each for each in found.reasons if each.code == first.code)
    assert " / compared with the median of the training applicants" in told.text.en
    assert told.text.zh == first.text.zh
    assert len(found.adverse_reasons) == 1


def test_what_is_built_ahead_is_what_decisions_use(bundle, monkeypatch):
    bare = parse_record({k: v for k, v in example_record().items() if k not in INNOVATION})
    expected = [(record, decision_of(bundle, record).reasons) for record in (changed({}), bare)]
    fresh = dataclasses.replace(
        bundle,
        **{
            name: dataclasses.replace(scorer, booster=booster_from_text(booster_text(scorer.booster), name))
            for name, scorer in (("model", bundle.model), ("companion", bundle.companion))
        },
    )
    warm(fresh)
    monkeypatch.setattr(engine, "_built", None)  # nothing can be built from here on
    for record, told in expected:
        assert decision_of(fresh, record).reasons == told
