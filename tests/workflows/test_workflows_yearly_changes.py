"""How far enterprises move in a year: fitted on training rows, on changes that were made, and on nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from icsml.core.canonical import canonical_bytes
from icsml.core.progress import silent
from icsml.records.columns import take
from icsml.records.dataset import read_dataset
from icsml.records.extra import ExtraFeature
from icsml.recourse.actionable_fields import size_class
from icsml.recourse.yearly_changes import successive, yearly_changes
from icsml.texts.label import Label
from icsml.workflows.fit import fit_actions
from icsml.workflows.prepare import prepare, split_rows


@pytest.fixture(scope="module")
def prepared(book_folder, quick_config):
    return prepare(read_dataset(book_folder), quick_config, silent)


@pytest.fixture(scope="module")
def train(prepared):
    return split_rows(prepared, None).train


def small(**columns):
    n = len(columns["enterprise_id"])
    base = {
        "as_of": np.array(["2020-06-30"] * n, dtype="datetime64[D]"),
        "statement_period_end": np.array(["NaT"] * n, dtype="datetime64[D]"),
    }
    return base | {name: np.array(values) for name, values in columns.items()}


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


def test_the_bundle_holds_what_is_fitted_on_the_training_rows(bundle, prepared, train):
    assert fit_actions(prepared, train) == bundle.levers
    assert (
        canonical_bytes(fit_actions(prepared, train).model_dump(mode="json"))
        in (bundle.folder / "bundle.json").read_bytes()
    )


def test_no_other_row_is_looked_at(prepared, train):
    moved = {
        name: np.where(train, values, values * 1000.0) if values.dtype.kind == "f" else values
        for name, values in prepared.columns.items()
    }
    assert fit_actions(replace(prepared, columns=moved), train) == fit_actions(prepared, train)
    everything = np.ones_like(train)
    assert fit_actions(replace(prepared, columns=moved), everything) != fit_actions(prepared, everything)


def test_rows_may_be_flags_or_places_and_who_is_drawn_twice_counts_twice(prepared, train):
    """A bootstrap draws whole enterprises, some of them more than once; a copy is no year after another copy."""
    once, twice = (fit_actions(prepared, np.tile(np.flatnonzero(train), times)) for times in (1, 2))
    assert once == fit_actions(prepared, train)
    for name, limit in once.limits.items():
        told = {(group.technical_field, group.size): group.pairs for group in twice.limits[name].groups}
        assert all(told[group.technical_field, group.size] == 2 * group.pairs for group in limit.groups)


def test_a_limit_is_a_change_that_was_made_and_nine_in_ten_are_no_larger(prepared, train):
    known = fit_actions(prepared, train)
    columns = take(prepared.columns, train)
    pairs = successive(columns)
    for name, limit in known.limits.items():
        change, row = yearly_changes(columns, pairs, name, limit.per)
        size = size_class(columns["staff_total"], known.policy.size_edges)[row]
        for group in limit.groups:
            own = np.ones(len(row), dtype=bool)
            if group.size is not None:
                own &= size == group.size
            if group.technical_field is not None:
                own &= columns["technical_field"][row] == group.technical_field
            assert group.pairs == own.sum() >= known.policy.min_pairs
            assert group.step in change[own]
            assert (change[own] < group.step).mean() <= 0.9 <= (change[own] <= group.step).mean() + 1 / own.sum()


def test_groups_go_from_fine_to_coarse_and_end_with_all(prepared, train):
    known = fit_actions(prepared, train)
    for limit in [*known.limits.values(), *known.jumps.values()]:
        coarse = [(each.technical_field is None) + (each.size is None) for each in limit.groups]
        assert coarse == sorted(coarse)
        assert coarse[-1] == 2


def test_a_year_apart_is_the_same_enterprise_on_new_statements():
    columns = small(
        enterprise_id=["a", "b", "a", "a", "b", "c", "c", "d", "d"],
        as_of=days(
            *("2020-06-30", "2020-06-30", "2021-06-30", "2023-06-30", "2021-07-31"),
            *("2020-06-30", "2020-12-31", "2020-06-30", "2021-06-30"),
        ),
        statement_period_end=days(
            *("2019-12-31", "NaT", "2020-12-31", "2022-12-31", "NaT"),
            *("2019-12-31", "2020-11-30", "2019-12-31", "2019-12-31"),
        ),
    )
    earlier, later = successive(columns)
    assert sorted(zip(earlier.tolist(), later.tolist(), strict=True)) == [(0, 2), (1, 4)]


def test_rows_without_a_date_have_no_year_before():
    columns = small(enterprise_id=["a", "a"], as_of=days("NaT", "NaT"))
    assert [len(side) for side in successive(columns)] == [0, 0]


def test_a_change_is_a_share_of_the_year_before():
    columns = small(
        enterprise_id=["a", "b"],
        rd_expense_cny=[6.0, 5.0],
        rd_expense_prev_cny=[4.0, np.nan],
        revenue_cny=[100.0, 100.0],
        revenue_prev_cny=[50.0, 50.0],
        staff_rd=[3.0, 7.0],
        staff_total=[10.0, 40.0],
    )
    within, row = yearly_changes(columns, (np.array([0]), np.array([1])), "rd_expense_cny", "revenue_cny")
    assert (within.tolist(), row.tolist()) == ([0.04], [0])
    between, row = yearly_changes(columns, (np.array([0]), np.array([1])), "staff_rd", "staff_total")
    assert (between.tolist(), row.tolist()) == ([0.4], [0])


def test_without_data_an_action_is_not_offered(prepared, train):
    empty = {**prepared.columns, "ip_class1": np.full(len(train), np.nan)}
    known = fit_actions(replace(prepared, columns=empty), train)
    assert "class1_grants" not in {action.id for action in known.policy.levers}
    assert "ip_class1" not in known.limits
    nobody = {**prepared.columns, "enterprise_id": np.arange(len(train)).astype(str).astype(object)}
    known = fit_actions(replace(prepared, columns=nobody), train)
    assert {action.id for action in known.policy.levers} == {"rd_expense"}  # with its year before on record


def test_only_actions_that_the_model_or_its_rulebook_reads_are_kept(prepared, train):
    names = tuple(name for name in prepared.encoder.names if name != "invention_filings")
    known = fit_actions(replace(prepared, encoder=replace(prepared.encoder, names=names)), train)
    assert "invention_applications" not in {action.id for action in known.policy.levers}
    assert "tech_contracts" in {action.id for action in known.policy.levers}


def test_a_model_of_extra_features_has_none(prepared, train):
    """What those are made of is not known, so they could not follow a change of the record."""
    extra = ExtraFeature(name="x", label=Label(en="x", zh="x"), group="g")
    assert fit_actions(replace(prepared, encoder=replace(prepared.encoder, extras=(extra,))), train) is None


def test_without_a_rulebook_there_are_none(prepared, train):
    assert fit_actions(replace(prepared, rulebook=None), train) is None
