"""Steps on a record and the search among them, with a model simple enough to know the answer."""

from types import SimpleNamespace

import numpy as np
import pytest

from icsml.core.paths import configs_dir
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record
from icsml.recourse.actionable_fields import ActionSet, FieldLimit, GroupLimit, load_recourse_policy
from icsml.recourse.actions import apply_steps, changed_fields, feasible, step_limits
from icsml.recourse.jumps import jumped
from icsml.recourse.search import NoRecourse, Scored, find_recourse

POLICY = load_recourse_policy(configs_dir() / "policy" / "recourse.yaml")
ACTIONS = {action.id: action for action in POLICY.levers}
STEP = {None: 3.0, "revenue_cny": 0.05, "staff_total": 0.1}


def limit(step, per=None):
    return FieldLimit(per=per, groups=(GroupLimit(technical_field=None, size=None, pairs=500, step=step),))


@pytest.fixture
def action_set():
    return ActionSet(
        policy=POLICY,
        limits={name: limit(STEP[per], per) for name, per in POLICY.limits.items()},
        jumps={name: limit(0.5, name) for name in POLICY.watch},
    )


def columns_of(**changes):
    record = {name: value for name, value in (example_record() | changes).items() if value is not None}
    return record_columns(parse_record(record))


def after(columns, **steps):
    actions = [ACTIONS[name] for name in steps]
    return {
        name: float(values[0])
        for name, values in apply_steps(columns, actions, np.array([list(steps.values())])).items()
        if values.dtype.kind == "f"
    }


def changes(columns, **steps):
    found = after(columns, **steps)
    before = {name: float(columns[name][0]) for name in found}
    return {name: round(value - before[name], 2) for name, value in found.items() if value != before[name]}


SPENT = {
    "operating_profit_cny": -1, "net_profit_cny": -1, "cash_cny": -1, "current_assets_cny": -1, "total_assets_cny": -1,
    "retained_earnings_cny": -1, "equity_cny": -1, "operating_cash_flow_cny": -1, "total_cost_cny": 1,
}  # fmt: skip


def test_rd_expense_is_paid_out_of_profit_cash_and_equity():
    columns = columns_of(rd_expense_cny=4_000_000.0, rd_super_deduction_cny=2_000_000.0)
    spent = {name: sign * 100_000.0 for name, sign in SPENT.items()}
    expected = spent | {"rd_expense_cny": 100_000.0, "rd_super_deduction_cny": 50_000.0}
    assert changes(columns, rd_expense=100_000.0) == expected


def test_a_hire_counts_on_the_whole_staff_and_costs_a_wage():
    wage = 2 * ACTIONS["st_staff"].unit_cost_cny
    found = changes(columns_of(), st_staff=2.0)
    assert found == {"staff_st": 2.0, "staff_total": 2.0} | {name: sign * wage for name, sign in SPENT.items()}


def test_more_sold_is_sold_at_cost_and_paid_for_later():
    columns = columns_of(receivables_cny=10_000_000.0, revenue_cny=50_000_000.0)
    found = changes(columns, hightech_revenue=1_000_000.0)
    sold = {"hightech_revenue_cny", "revenue_cny", "main_revenue_cny", "total_cost_cny", "operating_cost_cny"}
    assert found == dict.fromkeys(sold, 1000000.0) | {
        "receivables_cny": 200_000.0,
        "cash_cny": -200_000.0,
        "operating_cash_flow_cny": -200_000.0,
    }


def test_what_is_not_on_file_stays_so():
    columns = columns_of(net_profit_cny=None, staff_st=None, rd_super_deduction_cny=None)
    found = after(columns, rd_staff=1.0)
    assert all(np.isnan(found[name]) for name in ("net_profit_cny", "staff_st", "rd_super_deduction_cny"))
    assert found["staff_rd"] == float(columns["staff_rd"][0]) + 1


@pytest.mark.parametrize("names", [["rd_expense"], ["rd_staff"], ["tech_contracts"], ["class1_grants", "st_staff"]])
def test_what_may_change_is_named(names):
    columns = columns_of()
    found = changes(columns, **dict.fromkeys(names, 2.0))
    assert set(found) <= set(changed_fields([ACTIONS[name] for name in names]))
    assert len(found) > 5


def possible(action_set, columns, **steps):
    actions, amounts = [ACTIONS[name] for name in steps], np.array([list(steps.values())])
    return bool(feasible(action_set, columns, actions, amounts, apply_steps(columns, actions, amounts))[0])


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ({"rd_expense": 2_500_000.0}, {"revenue_cny": 50_000_000.0, "rd_expense_prev_cny": None}),
        ({"invention_applications": 3.0}, {}),
        ({"class1_grants": 2.0}, {"invention_applications": 2}),
        ({"rd_expense": 500_000.0}, {"cash_cny": 500_000.0}),
        ({"rd_staff": 2.0}, {"cash_cny": 500_000.0}),
        ({"rd_expense": 500_000.0}, {"rd_expense_cny": 4_000_000.0, "rd_expense_prev_cny": 3_000_000.0}),
    ],
)
def test_the_last_step_that_can_be_taken_and_the_first_that_cannot(action_set, steps, why):
    columns = columns_of(**why)
    one_more = {name: step + ACTIONS[name].round_to for name, step in steps.items()}
    assert possible(action_set, columns, **steps)
    assert not possible(action_set, columns, **one_more)


@pytest.mark.parametrize(
    ("steps", "changed"),
    [
        ({"rd_expense": 1000.0}, {"cash_cny": None}),
        ({"hightech_revenue": 1000.0}, {"receivables_cny": None}),
        ({"class1_grants": 1.0}, {"invention_applications": None}),
        ({"invention_applications": 1.0}, {"invention_applications": 1_000_000}),
        ({"rd_expense": 1000.0}, {"cash_cny": 1e6, "current_assets_cny": 500.0}),
    ],
)
def test_steps_that_cannot_be_shown_to_be_possible_are_not(action_set, steps, changed):
    assert not possible(action_set, columns_of(**changed), **steps)


def test_two_actions_share_the_limit_of_what_both_move(action_set):
    columns = columns_of(revenue_cny=50_000_000.0, rd_expense_prev_cny=None)  # R&D may grow by 2.5 million
    assert possible(action_set, columns, rd_expense=2_000_000.0, rd_staff=2.0)
    assert not possible(action_set, columns, rd_expense=2_001_000.0, rd_staff=2.0)


def test_a_jump_is_growth_beyond_the_peers(action_set):
    at, above, unknown = (columns_of(revenue_cny=value, revenue_prev_cny=100.0) for value in (150.0, 150.1, None))
    assert [bool(jumped(action_set, each)["revenue_cny"][0]) for each in (at, above, unknown)] == [False, True, False]


FIELDS = sorted({action.field for action in POLICY.levers})
RULEBOOK = SimpleNamespace(indicators=[SimpleNamespace(id=f"of_{name}", fields=(name,)) for name in FIELDS])


def points_of(total, worth, columns):
    """Points of one indicator for each field that an action names; what the model values gains points."""
    every = worth if set(worth) & set(FIELDS) else dict.fromkeys(FIELDS, 1.0)
    points = {f"of_{name}": columns[name] * abs(every.get(name, 0.0)) for name in FIELDS}
    return SimpleNamespace(innovation_score=total, score=total, points=points)


def agreeing(actions, columns):
    return False


def searched(action_set, columns, before, rescore, contradicts=agreeing):
    return find_recourse(action_set, RULEBOOK, columns, before, rescore, contradicts)


def toy(worth, bounds=(0.5, 0.7, 1.0)):
    """A model whose log-odds fall by the worth of each unit of a field, and whose points rise with it."""

    def rescore(columns):
        gained = sum((columns[name] * value for name, value in worth.items()), np.zeros(len(columns["cash_cny"])))
        pd = 1.0 / (1.0 + np.exp(gained - base + 0.0))
        rank = np.searchsorted(np.array(bounds), pd)
        points = points_of(gained, worth, columns)
        grade = np.array([f"G{each}" for each in rank], dtype=object)
        return Scored(pd, np.rint(100 * (gained - base)).astype(np.int64), grade, rank, points, {})

    before = columns_of()
    base = sum(float(before[name][0]) * value for name, value in worth.items())
    return before, rescore


def found(action_set, worth, bounds=(0.5, 0.7, 1.0)):
    columns, rescore = toy(worth, bounds)
    return searched(action_set, columns, rescore(columns), rescore)


def steps(proposal):
    return {step.action.id: step.step for step in proposal.steps}


def test_the_smallest_effort_that_reaches_the_better_grade_comes_first(action_set):
    answer = found(action_set, {"invention_applications": 0.1, "staff_rd": 0.3}, bounds=(0.47, 0.7, 1.0))
    assert steps(answer.proposals[0]) == {"rd_staff": 1.0}  # an eighth of the yearly change; two applications are 2/3
    assert steps(answer.proposals[1]) == {"invention_applications": 2.0}
    assert all(proposal.verified and proposal.scored.grade_rank[0] == 0 for proposal in answer.proposals)
    assert [each.effort for each in answer.proposals] == sorted(each.effort for each in answer.proposals)


def test_where_no_grade_can_be_reached_the_largest_fall_comes_first(action_set):
    answer = found(action_set, {"invention_applications": 0.1, "pct_applications": 0.05}, bounds=(0.01, 1.0))
    assert steps(answer.proposals[0]) == {"invention_applications": 3.0, "pct_applications": 3.0}
    assert [steps(each) for each in answer.proposals[1:]] == [
        {"invention_applications": 3.0},
        {"pct_applications": 3.0},
    ]


def test_a_pair_must_do_more_than_its_actions_alone_for_no_more_effort(action_set):
    columns, rescore = toy({"invention_applications": 0.1, "staff_rd": 0.3}, bounds=(0.01, 1.0))

    def capped(rows):
        scored = rescore(rows)
        pd, score = np.maximum(scored.pd, 0.43), np.minimum(scored.score, 28)
        return Scored(pd, score, scored.grade, scored.grade_rank, scored.points, {})

    answer = searched(action_set, columns, capped(columns), capped)
    assert steps(answer.proposals[0]) == {"rd_staff": 1.0}  # alone it reaches what no pair can surpass
    assert all(len(steps(each)) == 1 for each in answer.proposals)


def test_a_pair_that_adds_nothing_is_not_proposed(action_set):
    answer = found(action_set, {"invention_applications": 0.1}, bounds=(0.01, 1.0))
    assert [steps(each) for each in answer.proposals] == [{"invention_applications": 3.0}]


def test_what_gains_too_few_points_of_score_is_not_worth_proposing(action_set):
    assert action_set.policy.least_points == 10
    assert found(action_set, {"invention_applications": 0.031}).reason == NoRecourse.NO_EFFECT
    assert steps(found(action_set, {"invention_applications": 0.032}).proposals[0]) == {"invention_applications": 3.0}


def test_a_step_that_more_of_the_same_would_undo_is_not_proposed(action_set):
    columns, rescore = toy({"invention_applications": 0.1})

    def bent(rows, worst):
        scored = rescore(rows)
        back = rows["invention_applications"] - float(columns["invention_applications"][0]) == worst
        pd = np.where(back, 0.6, scored.pd)
        return Scored(pd, scored.score, scored.grade, scored.grade_rank, scored.points, {})

    for worst, expected in (
        (1.0, [{"invention_applications": 3.0}]),
        (2.0, [{"invention_applications": 3.0}]),
        (3.0, []),
    ):
        answer = searched(action_set, columns, rescore(columns), lambda rows, worst=worst: bent(rows, worst))
        assert [steps(each) for each in answer.proposals] == expected


def test_growth_alone_is_no_recourse(action_set):
    columns, rescore = toy({"revenue_cny": 1e-6})

    def without_points(rows):
        scored = rescore(rows)
        flat = SimpleNamespace(**vars(scored.points) | {"innovation_score": np.zeros(len(scored.pd))})
        return Scored(scored.pd, scored.score, scored.grade, scored.grade_rank, flat, {})

    answer = searched(action_set, columns, without_points(columns), without_points)
    assert (answer.proposals, answer.reason) == ((), NoRecourse.NO_EFFECT)
    assert found(action_set, {"revenue_cny": 1e-6}).proposals


@pytest.mark.parametrize(
    ("changed", "proposed"),
    [({}, True), ({"points": 0.0}, False), ({"score": -1.0}, False), ({"innovation_score": -1.0}, False)],
)
def test_what_gains_no_points_or_loses_any_altogether_is_not_proposed(action_set, changed, proposed):
    columns, rescore = toy({"invention_applications": 0.1})

    def with_points(rows):
        scored = rescore(rows)
        sign = {name: changed.get(name, 1.0) for name in ("points", "score", "innovation_score")}
        points = SimpleNamespace(
            innovation_score=scored.points.innovation_score * sign["innovation_score"],
            score=scored.points.score * sign["score"],
            points={name: own * sign["points"] for name, own in scored.points.points.items()},
        )
        return Scored(scored.pd, scored.score, scored.grade, scored.grade_rank, points, {})

    answer = searched(action_set, columns, with_points(columns), with_points)
    assert bool(answer.proposals) == proposed


def test_what_goes_against_the_reasons_gives_way_to_what_does_not(action_set):
    columns, rescore = toy({"invention_applications": 0.1, "staff_rd": 0.3}, bounds=(0.47, 0.7, 1.0))

    def answer(*refused):
        against = lambda actions, _: any(action.id in refused for action in actions)  # noqa: E731
        return searched(action_set, columns, rescore(columns), rescore, against)

    assert steps(answer().proposals[0]) == {"rd_staff": 1.0}
    others = answer("rd_staff").proposals
    assert steps(others[0]) == {"invention_applications": 2.0}
    assert all("rd_staff" not in steps(each) for each in others)
    nothing = answer(*ACTIONS)
    assert (nothing.proposals, nothing.reason) == ((), NoRecourse.NO_EFFECT)


@pytest.mark.parametrize("already", [True, False])
def test_what_screening_reports_anew_is_not_proposed(action_set, already):
    columns, rescore = toy({"invention_applications": 0.1})

    def reported(rows):
        scored = rescore(rows)
        flags = rows["invention_applications"] > float(columns["invention_applications"][0]) - already
        return Scored(scored.pd, scored.score, scored.grade, scored.grade_rank, scored.points, {"cash_cny": flags})

    answer = searched(action_set, columns, reported(columns), reported)
    assert bool(answer.proposals) == already


def test_no_step_starts_at_a_value_that_is_out_of_range(action_set):
    columns, rescore = toy({"invention_applications": 0.1, "staff_rd": 0.3})

    def reported(rows):
        scored, flags = rescore(rows), np.ones(len(rows["staff_rd"]), dtype=np.bool_)
        return Scored(scored.pd, scored.score, scored.grade, scored.grade_rank, scored.points, {"staff_rd": flags})

    answer = searched(action_set, columns, reported(columns), reported)
    assert answer.proposals
    assert not any(step.action.field == "staff_rd" for each in answer.proposals for step in each.steps)


def test_a_model_that_answers_otherwise_alone_is_found_out(action_set):
    columns, rescore = toy({"invention_applications": 0.1})

    def fickle(rows):
        scored = rescore(rows)
        shifted = scored.pd * (0.99 if len(scored.pd) == 1 else 1.0)
        return Scored(shifted, scored.score, scored.grade, scored.grade_rank, scored.points, {})

    answer = searched(action_set, columns, rescore(columns), fickle)
    assert [proposal.verified for proposal in answer.proposals] == [False]


def test_one_batch_for_single_actions_and_one_for_pairs(action_set):
    columns, rescore = toy({"invention_applications": 0.1})
    sizes = []

    def counted(rows):
        sizes.append(len(rows["cash_cny"]))
        return rescore(rows)

    answer = searched(action_set, columns, rescore(columns), counted)
    assert len(sizes) == 2 + len(answer.proposals)
    assert sizes[0] > 1
    assert sizes[1] > sizes[0]
    assert sizes[2:] == [1] * len(answer.proposals)


def test_reasons_for_none(action_set):
    columns, rescore = toy({"invention_applications": -0.1})
    assert searched(action_set, columns, rescore(columns), rescore).reason == NoRecourse.NO_EFFECT
    penniless = columns_of(cash_cny=0.0)
    assert searched(action_set, penniless, rescore(penniless), rescore).reason == NoRecourse.NO_ACTION
    nowhere = ActionSet(policy=action_set.policy, limits={}, jumps={})
    assert searched(nowhere, columns, rescore(columns), rescore).reason == NoRecourse.NO_ACTIONABLE_FIELD
    assert set(step_limits(nowhere, columns)) == set()
