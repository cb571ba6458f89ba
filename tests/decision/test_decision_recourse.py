"""The laws of recourse, over records of the simulated book: what is proposed is what would be answered."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.decision.recourse import rescorer, robustness_of
from icsml.model.bundle import read_bundle
from icsml.records.columns import record_columns, to_columns
from icsml.records.decision import Decision
from icsml.records.enterprise import example_record, frame_records, parse_record
from icsml.records.field import Domain, Purpose
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.screening import PARTS
from icsml.recourse.actionable_fields import ACTIONABLE, PRIOR_YEAR, limited_fields, size_class
from icsml.recourse.actions import step_limits
from icsml.recourse.robustness import RecourseRobustness, proposal_robustness
from icsml.texts.catalogue import within
from icsml.texts.label import Label, lower_first
from icsml.workflows.train import train_bundle

NOW = datetime(2026, 7, 1, tzinfo=UTC)
LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROWS = st.integers(0, 10**6)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "cash_cny": st.none() | st.floats(0, 1e8).map(lambda value: round(value, 2)),
        "rd_expense_cny": st.none() | st.just(0.0) | st.floats(0, 1e7).map(lambda value: round(value, 2)),
        "rd_super_deduction_cny": st.none() | st.floats(0, 1e7).map(lambda value: round(value, 2)),
        "receivables_cny": st.none() | st.floats(0, 1e8).map(lambda value: round(value, 2)),
        "technical_field": st.none(),
        **{name: st.none() | st.integers(0, 200) for name in ("staff_total", "staff_st", "staff_rd", "ip_class1")},
        "invention_applications": st.none() | st.integers(0, 30),
    },
)
IMMOVABLE = {
    *PRIOR_YEAR.values(),
    *(field.name for field in FIELDS if field.domain is Domain.IDENTITY or field.purpose is not Purpose.FEATURE),
    *("ip_class2", "ip_class1_high_value", "platforms_2y", "awards_2y", "projects_2y", "key_rd_projects"),
    *("high_growth_list", "high_tech_enterprise", "venture_capital_cny", "rd_tax_relief_cny", "total_liabilities_cny"),
    *("credit_history_months", "overdue_count_24m", "application_amount_cny", "short_term_debt_cny"),
}
SIDE = {name for whole in ACTIONABLE.values() for name in whole}


def decision_of(bundle, record, **options):
    return decide(bundle, record, decision_id="d", decided_at=NOW, **options).decision


def as_json(record):
    return record.model_dump(mode="json", exclude_none=True)


def after(record, proposal):
    """The record with every change the proposal names, as it would be sent to be decided on."""
    return parse_record(as_json(record) | {change.field: change.after for change in proposal.record})


@pytest.fixture(scope="module")
def drawn(enterprises):
    """A row of the book by its number, with a few fields moved or taken out."""

    def draw(number, changes):
        (record,) = frame_records(enterprises.iloc[[number % len(enterprises)]])
        values = as_json(record) | changes
        return parse_record({name: value for name, value in values.items() if value is not None})

    return draw


@pytest.fixture(scope="module")
def some(bundle, enterprises):
    """Records of the book for which something is proposed, with their decisions."""
    decided = [(record, decision_of(bundle, record)) for record in frame_records(enterprises.iloc[::15])]
    found = [(record, decision) for record, decision in decided if decision.recourse]
    assert len(found) > 20
    return found


@LAWS
@given(ROWS, CHANGES)
def test_recourse_rescores_to_exactly_what_it_claims(bundle, drawn, number, changes):
    record = drawn(number, changes)
    for proposal in decision_of(bundle, record).recourse:
        again = decision_of(bundle, after(record, proposal))
        assert (again.pd, again.grade, again.score) == (
            proposal.pd_after,
            proposal.grade_after,
            proposal.score_after,
        )
        assert proposal.verified
        points = {indicator.id: (indicator.points, indicator.rule) for indicator in again.innovation.indicators}
        now = {each.id: each.points for each in decision_of(bundle, record).innovation.indicators}
        for step in (proposal, *proposal.also):
            if step.indicator is not None:
                assert points[step.indicator][1] == step.rule_to
                assert step.points_gain == points[step.indicator][0] - now[step.indicator]


def test_the_proposals_that_re_score_are_many_and_of_every_kind(bundle, enterprises):
    """The laws above are not vacuous: firms do get proposals, single and joint, by several actions."""
    proposals = [
        (record, proposal)
        for record in frame_records(enterprises.iloc[::40])
        for proposal in decision_of(bundle, record).recourse
    ]
    assert len(proposals) >= 20
    assert len({proposal.lever for _, proposal in proposals}) >= 3
    assert any(proposal.also for _, proposal in proposals)
    for record, proposal in proposals:
        again = decision_of(bundle, after(record, proposal))
        assert (again.pd, again.score) == (proposal.pd_after, proposal.score_after)
        assert again.score > decision_of(bundle, record).score


@LAWS
@given(ROWS, CHANGES)
def test_recourse_is_better_and_in_order(bundle, drawn, number, changes):
    found = decision_of(bundle, drawn(number, changes))
    grades = [grade.id for grade in bundle.scale.grades]
    graded = found.grade is not None
    assert all((each.grade_after is not None) is graded for each in found.recourse)
    better = [graded and grades.index(each.grade_after) < grades.index(found.grade) for each in found.recourse]
    assert all(
        each.pd_after < found.pd and each.score_after >= found.score + bundle.levers.policy.least_points
        for each in found.recourse
    )
    assert all(better) or not any(better)
    key = [each.total_effort if all(better) else each.pd_after for each in found.recourse]
    assert key == sorted(key)
    actions = [frozenset([each.lever, *(step.lever for step in each.also)]) for each in found.recourse]
    assert len(set(actions)) == len(actions) <= bundle.levers.policy.most
    codes = {notice.code for notice in found.warnings}
    assert ("NO_RECOURSE" in codes) == (found.recourse == [])


@LAWS
@given(ROWS, CHANGES)
def test_recourse_gains_points_in_a_row_of_the_rule_and_loses_none_altogether(bundle, drawn, number, changes):
    for proposal in decision_of(bundle, drawn(number, changes)).recourse:
        assert proposal.indicator is not None
        assert proposal.points_gain > 0.0
        assert proposal.total_points_gain is None or proposal.total_points_gain >= 0.0


def raised_against_a_reason(bundle, record, proposal):
    """Features of what the actions move that rise, though high and adverse, and are adverse still."""
    now, then = (assess(bundle, record_columns(each)) for each in (record, after(record, proposal)))
    terms = [each.explanation.terms.log_odds[0] for each in (now, then)]
    of = {action.id: action for action in bundle.levers.policy.levers}
    actions = [of[step.lever] for step in (proposal, *proposal.also)]
    fields = {name for action in actions for name in action.adds}
    fields |= {"rd_expense_cny" for action in actions if action.account == "research"}
    return [
        feature.name
        for place, feature in enumerate(bundle.features)
        if fields & set(feature.inputs)
        and then.features[0, place] > now.features[0, place] > bundle.reference.medians[place]
        and terms[0][place] > 0.0
        and terms[1][place] > 0.0
    ]


@LAWS
@given(ROWS, CHANGES)
def test_recourse_raises_nothing_that_a_reason_calls_too_high(bundle, drawn, number, changes):
    record = drawn(number, changes)
    for proposal in decision_of(bundle, record).recourse:
        assert raised_against_a_reason(bundle, record, proposal) == []


def test_without_a_population_nothing_is_high_and_contrary_steps_are_proposed(bundle, enterprises):
    unrelated = replace(bundle, reference=None)
    against = [
        name
        for record in frame_records(enterprises.iloc[::40])
        for proposal in decision_of(unrelated, record).recourse
        for name in raised_against_a_reason(bundle, record, proposal)
    ]
    assert against


@LAWS
@given(ROWS, CHANGES)
def test_recourse_never_moves_what_cannot_be_moved_and_only_upwards(bundle, drawn, number, changes):
    record = drawn(number, changes)
    for proposal in decision_of(bundle, record).recourse:
        changed = {change.field for change in proposal.record}
        assert changed.isdisjoint(IMMOVABLE)
        for step in (proposal, *proposal.also):
            assert step.field in ACTIONABLE
            assert step.step > 0
            assert step.after >= step.before + step.step - 1e-6
        for change in proposal.record:
            assert change.before == getattr(record, change.field)
            if change.field in ACTIONABLE or change.field in SIDE or change.field == "revenue_cny":
                assert change.after > change.before


@LAWS
@given(ROWS, CHANGES)
def test_recourse_stays_within_what_the_peers_did_in_a_year(bundle, drawn, number, changes):
    record = drawn(number, changes)
    columns = record_columns(record)
    known = bundle.levers
    actions = {action.id: action for action in known.policy.levers}
    most = step_limits(known, columns)
    for proposal in decision_of(bundle, record).recourse:
        steps = (proposal, *proposal.also)
        for step in steps:
            assert step.step <= step.step_limit == most[step.field]
            assert step.effort == step.step / step.step_limit
        limited = {name for step in steps for name in limited_fields(actions[step.lever])}
        for change in proposal.record:
            if change.field in limited:
                assert change.after - change.before <= most[change.field] + 1e-6
        assert 0 < proposal.total_effort <= len(steps)


def holds(record):
    """The identities and orders of a record that hold, to the fen."""
    value = {name: np.nan if field is None else field for name, field in record}
    sums = {
        "profit": value["revenue_cny"] - value["total_cost_cny"] - value["operating_profit_cny"],
        "balance": value["total_liabilities_cny"] + value["equity_cny"] - value["total_assets_cny"],
        "costs": min(0.0, value["total_cost_cny"] - value["operating_cost_cny"]),
        "staff": min(0.0, value["staff_st"] - value["staff_rd"]),
        **{f"{part} in {whole}": min(0.0, value[whole] - value[part]) for part, whole in PARTS},
    }
    return {name for name, gap in sums.items() if abs(gap) < 0.01}


@LAWS
@given(ROWS, CHANGES)
def test_the_changed_record_passes_screening_and_its_accounts_hold(bundle, drawn, number, changes):
    record = drawn(number, changes)
    found = decision_of(bundle, record)
    for proposal in found.recourse:
        changed = after(record, proposal)
        again = decision_of(bundle, changed)  # refuses what screening refuses
        assert set(again.input.out_of_range) <= set(found.input.out_of_range)
        assert holds(record) <= holds(changed)
        assert again.input.present == found.input.present
        jumps = [
            {notice.field for notice in each.warnings if notice.code == "JUMP_BEFORE_APPLICATION"}
            for each in (found, again)
        ]
        assert jumps[1] <= jumps[0]


@LAWS
@given(ROWS, CHANGES)
def test_the_same_record_gets_the_same_recourse(bundle, drawn, number, changes):
    record = drawn(number, changes)
    assert decision_of(bundle, record).model_dump_json() == decision_of(bundle, record).model_dump_json()


def test_a_step_follows_through_the_accounts(bundle, some):
    spent = [
        (record, proposal)
        for record, decision in some
        for proposal in decision.recourse
        if (proposal.lever, proposal.also) == ("rd_expense", [])
    ]
    assert spent
    for record, proposal in spent:
        after_ = {change.field: change.after - change.before for change in proposal.record}
        assert after_["rd_expense_cny"] == pytest.approx(proposal.step)
        assert after_["total_cost_cny"] == pytest.approx(proposal.step)
        for name in ("cash_cny", "total_assets_cny", "equity_cny", "net_profit_cny", "operating_profit_cny"):
            assert after_[name] == pytest.approx(-proposal.step)
        if record.rd_super_deduction_cny and record.rd_expense_cny:
            share = record.rd_super_deduction_cny / record.rd_expense_cny
            assert after_["rd_super_deduction_cny"] == pytest.approx(share * proposal.step, abs=0.02)


def test_a_hire_is_a_person_more_on_every_count_and_is_paid(bundle, some):
    hires = [p for _, decision in some for p in decision.recourse if (p.lever, p.also) == ("rd_staff", [])]
    assert hires
    for proposal in hires:
        moved_by = {change.field: change.after - change.before for change in proposal.record}
        assert moved_by["staff_rd"] == moved_by["staff_total"] == moved_by.get("staff_st", proposal.step)
        assert moved_by["cash_cny"] < 0


def test_what_it_says_is_what_the_model_would_answer_and_no_promise(bundle, some):
    for _, decision in some:
        for proposal in decision.recourse:
            assert "the model would answer a PD of " in proposal.text.en
            assert "模型届时将给出违约概率" in proposal.text.zh
            now, then = (decision.pd, decision.grade), (proposal.pd_after, proposal.grade_after)
            en = [f"{pd:.2%}" + (f", grade {grade}" if grade else "") for pd, grade in (then, now)]
            zh = [f"{pd:.2%}" + (f"、等级{grade}" if grade else "") for pd, grade in (then, now)]
            assert proposal.text.en.endswith(f" a PD of {en[0]} (now {en[1]})")
            assert proposal.text.zh.endswith(f"违约概率{zh[0]}（目前为{zh[1]}）")
            for promise in ("default", "will", "would fall", "would be"):
                assert promise not in proposal.text.en
            for step in (proposal, *proposal.also):
                assert lower_first(step.label.en) in proposal.text.en
                assert step.label.zh in proposal.text.zh


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Turnover of technology contracts", "turnover of technology contracts"),
        ("High-tech product revenue", "high-tech product revenue"),
        ("Staff with a postgraduate degree", "staff with a postgraduate degree"),
        ("Invention-patent applications in the year", "invention-patent applications in the year"),
        ("Class I rights, own inventions granted", "Class I rights, own inventions granted"),
        ("R&D expense", "R&D expense"),
        ("S&T staff", "S&T staff"),
        ("PCT applications in the year", "PCT applications in the year"),
        ("", ""),
    ],
)
def test_a_label_stands_within_a_sentence_without_its_capital_unless_it_is_a_name(label, expected):
    assert within(Label(en=label, zh="")).en == expected


def test_the_keys_are_from_and_to_in_json_and_read_back(bundle, some):
    _, decision = some[0]
    (first, *_) = decision.model_dump(mode="json")["recourse"]
    assert {
        "indicator",
        "field",
        "from",
        "to",
        "rule_from",
        "rule_to",
        "points_gain",
        "pd_after",
        "grade_after",
    } <= set(first)
    assert {"field", "from", "to"} == set(first["record"][0])
    assert Decision.model_validate_json(decision.model_dump_json()) == decision
    assert Decision.model_validate(decision.model_dump(mode="json")) == decision


def test_it_can_be_switched_off(bundle):
    record = parse_record(example_record())
    off, on = decision_of(bundle, record, with_recourse=False), decision_of(bundle, record)
    assert off.recourse is None
    assert on.recourse is not None
    assert "NO_RECOURSE" not in {notice.code for notice in off.warnings}
    same = {"recourse", "warnings"}
    assert off.model_dump(exclude=same) == on.model_dump(exclude=same)


def _reason(found):
    (notice,) = [notice for notice in found.warnings if notice.code == "NO_RECOURSE"]
    return notice.text.en


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        ([name for name, field in FIELD_BY_NAME.items() if field.domain is Domain.INNOVATION], "Nothing that the firm"),
        (["cash_cny"], "No step stays within"),
    ],
)
def test_without_recourse_it_says_why(bundle, left_out, why):
    record = parse_record({name: value for name, value in example_record().items() if name not in left_out})
    found = decision_of(bundle, record)
    assert found.recourse == []
    assert _reason(found).startswith(why)


def test_where_no_step_helps_it_says_so(bundle, enterprises):
    decided = [decision_of(bundle, record) for record in frame_records(enterprises.iloc[::40])]
    assert any("gains points, goes against no reason and" in _reason(each) for each in decided if each.recourse == [])


def test_a_bundle_of_format_1_has_none(bundle, request):
    demo = read_bundle(request.config.rootpath / "models" / "demo")
    found = decision_of(demo, parse_record(example_record()))
    assert found.recourse is None
    assert _reason(found).startswith("The model holds no limits")


def test_what_jumped_before_the_application_is_told_and_by_which_peers(bundle):
    limit = bundle.levers.jumps["rd_expense_cny"]
    record = example_record()
    columns = record_columns(parse_record(record))
    size = int(size_class(columns["staff_total"], bundle.levers.policy.size_edges)[0])
    step = limit.step(record["technical_field"], size)

    def fields(growth):
        spent = record["rd_expense_prev_cny"] * (1.0 + growth)
        found = decision_of(bundle, parse_record(record | {"rd_expense_cny": spent}))
        return {n.field: n.text for n in found.warnings if n.code == "JUMP_BEFORE_APPLICATION"}

    assert "rd_expense_cny" not in fields(step * 0.999)
    text = fields(step * 1.001)["rd_expense_cny"]
    assert "R&D intensity" in text.en
    assert "研发投入强度" in text.zh
    others = tuple(each for each in bundle.rulebook.indicators if "rd_expense_cny" not in each.fields)
    unread = replace(bundle, rulebook=bundle.rulebook.model_copy(update={"indicators": others}))
    spent = record["rd_expense_prev_cny"] * (1.0 + step * 1.001)
    found = decision_of(unread, parse_record(record | {"rd_expense_cny": spent}))
    (text,) = (n.text for n in found.warnings if n.code == "JUMP_BEFORE_APPLICATION" and n.field == "rd_expense_cny")
    assert "which" not in text.en
    assert "涉及指标" not in text.zh


@pytest.fixture(scope="module")
def retrained(book_folder, quick_config, tmp_path_factory):
    """The same book under another seed and another size of trees."""
    config = quick_config.with_model(seed=11)
    return train_bundle(book_folder, config, out=tmp_path_factory.mktemp("retrained") / "bundle").bundle


def test_robustness_is_what_another_model_answers_to_the_changed_record(bundle, retrained, some):
    for record, decision in some[:20]:
        columns = record_columns(record)
        own = proposal_robustness(decision.recourse, columns, rescorer(bundle))
        assert all(each.lower_pd for each in own)
        assert [each.pd_after for each in own] == [proposal.pd_after for proposal in decision.recourse]
        better = [proposal.grade_after != decision.grade for proposal in decision.recourse]
        assert [each.better_grade for each in own] == better
        for proposal, each in zip(
            decision.recourse, proposal_robustness(decision.recourse, columns, rescorer(retrained)), strict=True
        ):
            before, changed = decision_of(retrained, record), decision_of(retrained, after(record, proposal))
            assert (each.pd_before, each.pd_after) == (before.pd, changed.pd)
            assert each.lower_pd == (changed.pd < before.pd)
    assert proposal_robustness([], record_columns(some[0][0]), rescorer(retrained)) == []


def test_shares_of_robustness_are_counted_over_proposals(bundle, retrained, enterprises):
    frame = enterprises.iloc[::30]
    decided = [(record, decision_of(bundle, record)) for record in frame_records(frame)]
    grades, answers, graded = [grade.id for grade in bundle.scale.grades], [], []
    for record, decision in decided:
        for proposal in decision.recourse:
            before, changed = decision_of(retrained, record), decision_of(retrained, after(record, proposal))
            answers.append(changed.pd < before.pd)
            if proposal.grade_after != decision.grade:
                graded.append(grades.index(changed.grade) < grades.index(before.grade))
    found = robustness_of(bundle, to_columns(frame))(retrained)
    assert found == RecourseRobustness(
        enterprises=sum(bool(decision.recourse) for _, decision in decided),
        proposals=len(answers),
        lower_pd=np.mean(answers),
        promised=len(graded),
        better_grade=np.mean(graded),
    )
    told = robustness_of(bundle, to_columns(frame))
    assert told(retrained) == found
    assert (told(bundle).lower_pd, told(bundle).better_grade) == (1.0, 1.0)
    nothing = RecourseRobustness(0, 0, None, 0, None)
    assert robustness_of(bundle, to_columns(frame.iloc[:0]))(retrained) == nothing
    assert told(replace(retrained, rulebook=None)) == nothing
    assert robustness_of(replace(bundle, levers=None), to_columns(frame))(retrained) == nothing


def test_robustness_leaves_the_record_as_it_was(bundle, some):
    record, decision = some[0]
    columns = record_columns(record)
    proposal_robustness(decision.recourse, columns, rescorer(bundle))
    assert float(assess(bundle, columns, explained=False).pd[0]) == decision.pd
