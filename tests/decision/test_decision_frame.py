"""Scores of a frame, of records and of columns by name: one answer for all, and a refusal for what is none of them."""

from dataclasses import replace
from datetime import UTC, datetime

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsml.decision.decide import decide
from icsml.decision.example import bundle_example
from icsml.decision.frame import frame_scores, input_scores
from icsml.errors import InputError
from icsml.features.encoder import Encoder
from icsml.model.scorer import Scorer
from icsml.records.direction import Direction
from icsml.records.enterprise import parse_record
from icsml.records.extra import ExtraFeature
from icsml.texts.label import Label

NOW = datetime(2026, 7, 1, tzinfo=UTC)
CALLS = ExtraFeature(name="calls", label=Label(en="Calls", zh="次"), group="loan", direction=Direction.RAISES_RISK)
NOTHING = {
    "none": lambda: None,
    "nan": lambda: float("nan"),
    "float64 nan": lambda: np.float64("nan"),
    "float32 nan": lambda: np.float32("nan"),
    "nan in an array": lambda: np.array(np.nan),
    "none in an array": lambda: np.array(None),
    "NA": lambda: pd.NA,
    "NaT": lambda: pd.NaT,
    "datetime64 NaT": lambda: np.datetime64("NaT"),
    "datetime64[ns] NaT": lambda: np.datetime64("NaT", "ns"),
}
MIDNIGHTS = (
    "%Y-%m-%dT00:00",
    "%Y-%m-%dT00:00:00",
    "%Y-%m-%d 00:00:00",
    "%Y-%m-%dT00:00:00.000",
    "%Y-%m-%dT00:00:00.000000Z",
    "%Y-%m-%dT00:00:00Z",
    "%Y-%m-%dT00:00:00+08:00",
    "%Y-%m-%dT00:00:00-0530",
)
TIMES = (
    "%Y-%m-%dT16:00:00Z",
    "%Y-%m-%dT00:00:01",
    "%Y-%m-%dT00:01",
    "%Y-%m-%d 12:00:00",
    "%Y-%m-%dT00:00:00.001",
    "%Y-%m-%dT24:00:00",
)


def as_python(value):
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else getattr(value, "item", lambda: value)()


def as_numpy(value):
    if isinstance(value, pd.Timestamp):
        return np.datetime64(value.date())
    if isinstance(value, str):
        return np.str_(value)
    return np.asarray(value)[()]


def as_whole_numbers(value):
    value = as_python(value)
    return np.int64(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def as_nanoseconds(value):
    return value.to_datetime64().astype("datetime64[ns]") if isinstance(value, pd.Timestamp) else value


def as_array(value):
    """Return an array without dimensions, as MLflow's server wraps each value of a record."""
    return np.array(as_python(value))


FORMS = {
    "python": as_python,
    "numpy": as_numpy,
    "whole numbers": as_whole_numbers,
    "array without dimensions": as_array,
    "pandas": lambda value: value,
    "nanoseconds": as_nanoseconds,
    "array of nanoseconds": lambda value: np.array(as_nanoseconds(value)),
}


def record_of(row, form=as_python, nothing=None):
    """Return a row as a record; what is missing is left out, or said by what ``nothing`` gives."""
    known = {name: form(value) for name, value in row.items() if not pd.isna(value)}
    if nothing is not None:
        known |= {name: nothing() for name, value in row.items() if pd.isna(value)}
    extra = {name.removeprefix("extra."): known.pop(name) for name in list(known) if name.startswith("extra.")}
    return known | ({"extra": extra} if extra else {})


def records_of(frame, form=as_python, nothing=None):
    return [record_of(row, form, nothing) for row in frame.to_dict("records")]


def columns_of(frame, form=as_python):
    return {name: [None if pd.isna(value) else form(value) for value in frame[name]] for name in frame}


def assert_equal_to_the_last_bit(found, expected):
    assert list(found) == ["pd", "grade", "score"]
    assert found["pd"].to_numpy().tobytes() == expected["pd"].to_numpy().tobytes()
    assert found["score"].tolist() == expected["score"].tolist()
    assert found["grade"].isna().tolist() == expected["grade"].isna().tolist()
    assert found["grade"].dropna().tolist() == expected["grade"].dropna().tolist()


def refused(bundle, given, code):
    with pytest.raises(InputError) as caught:
        input_scores(bundle, given)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.fixture(scope="module")
def frame(enterprises):
    """Rows with missing numbers, texts and flags among them."""
    some = enterprises.iloc[::25].reset_index(drop=True)
    gaps = np.random.default_rng(11).random(some.shape) < 0.1
    kept = [some.columns.get_loc(name) for name in ("enterprise_id", "as_of")]
    gaps[:, kept] = False
    some = some.mask(pd.DataFrame(gaps, columns=some.columns))
    some.loc[some["as_of"].isna(), "statement_published_at"] = pd.NaT
    return some.drop(columns=[name for name in some if some[name].isna().all()])


@pytest.fixture(scope="module")
def expected(bundle, frame):
    return frame_scores(bundle, frame)


@pytest.fixture(scope="module")
def extended(bundle):
    """A model that reads one declared extra feature and debt to assets."""
    encoder, _ = Encoder.fit_catalogue({"total_assets_cny", "total_liabilities_cny"}, [CALLS])
    rng = np.random.default_rng(7)
    X = rng.uniform(0, 8, (400, len(encoder.features)))
    y = (X.sum(axis=1) + rng.normal(0, 2, 400) > 8).astype(float)
    params = {"objective": "binary", "num_leaves": 6, "min_child_samples": 10, "num_threads": 1, "verbosity": -1}
    fixed = {"deterministic": True, "force_row_wise": True, "monotone_constraints": list(encoder.directions)}
    booster = lgb.train(params | fixed, lgb.Dataset(X, y), num_boost_round=20)
    return replace(
        bundle,
        model=Scorer(booster, encoder, bundle.model.calibration),
        extras=(CALLS,),
        companion=None,
        rulebook=None,
        reference=None,
        never_missing=(),
    )


@pytest.fixture(scope="module")
def extended_frame(frame):
    calls = np.arange(len(frame)) % 9.0
    calls[::4] = np.nan
    return frame.assign(**{"extra.calls": calls})


def test_the_rows_differ_and_have_gaps(frame, expected):
    assert expected["pd"].nunique() > 30
    assert expected["grade"].nunique() > 3
    assert frame.isna().any().sum() > 20


def test_a_frame_gives_what_frame_scores_gives(bundle, frame, expected):
    pd.testing.assert_frame_equal(input_scores(bundle, frame), expected, check_exact=True)


@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_records_gives_what_its_frame_gives(bundle, frame, expected, form):
    found = input_scores(bundle, records_of(frame, FORMS[form]))
    assert_equal_to_the_last_bit(found, expected)
    assert found.dtypes.equals(expected.dtypes)
    assert found.index.tolist() == list(range(len(frame)))


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_is_missing_may_be_said_in_any_way(bundle, frame, expected, nothing):
    given = records_of(frame, nothing=NOTHING[nothing])
    assert all(record.keys() == set(frame.columns) for record in given)
    assert_equal_to_the_last_bit(input_scores(bundle, given), expected)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_records_of_any_rows_in_any_form_give_what_their_frame_gives(bundle, enterprises, data):
    places = data.draw(st.lists(st.integers(0, len(enterprises) - 1), min_size=1, max_size=6))
    forms = data.draw(st.lists(st.sampled_from(sorted(FORMS)), min_size=len(places), max_size=len(places)))
    nothing = data.draw(st.none() | st.sampled_from(sorted(NOTHING)))
    rows = enterprises.iloc[places]
    given = [
        record_of(row, FORMS[form], NOTHING[nothing] if nothing else None)
        for row, form in zip(rows.to_dict("records"), forms, strict=True)
    ]
    assert_equal_to_the_last_bit(input_scores(bundle, given), frame_scores(bundle, rows))


@pytest.mark.parametrize("form", FORMS)
def test_one_record_gives_its_row(bundle, frame, expected, form):
    for place in (0, 7):
        given = record_of(frame.iloc[place].to_dict(), FORMS[form])
        assert_equal_to_the_last_bit(input_scores(bundle, given), expected.iloc[[place]])


def test_a_record_gives_what_its_decision_states(bundle, frame):
    for record in records_of(frame.head(5)):
        decision = decide(bundle, parse_record(record), decision_id="d", decided_at=NOW).decision
        row = input_scores(bundle, record).iloc[0]
        assert (row["pd"], row["grade"], row["score"]) == (decision.pd, decision.grade, decision.score)


def test_a_tuple_of_records_is_a_list_of_them(bundle, frame, expected):
    assert_equal_to_the_last_bit(input_scores(bundle, tuple(records_of(frame))), expected)


@pytest.mark.parametrize("form", FORMS)
def test_columns_by_name_give_what_their_frame_gives(bundle, frame, expected, form):
    given = columns_of(frame, FORMS[form])
    assert_equal_to_the_last_bit(input_scores(bundle, given), expected)
    assert_equal_to_the_last_bit(
        input_scores(bundle, {name: tuple(values) for name, values in given.items()}), expected
    )


def test_columns_may_be_arrays(bundle, frame, expected):
    assert_equal_to_the_last_bit(input_scores(bundle, {name: frame[name].to_numpy() for name in frame}), expected)
    nanoseconds = {name: frame[name].dt.as_unit("ns") for name in frame.select_dtypes("datetime")}
    assert "as_of" in nanoseconds
    given = {name: nanoseconds.get(name, frame[name]).to_numpy() for name in frame}
    assert_equal_to_the_last_bit(input_scores(bundle, given), expected)


@pytest.mark.parametrize("form", MIDNIGHTS)
def test_a_timestamp_at_midnight_is_its_date(bundle, frame, expected, form):
    texts = frame.assign(as_of=frame["as_of"].dt.strftime(form))
    assert_equal_to_the_last_bit(input_scores(bundle, texts), expected)
    assert_equal_to_the_last_bit(input_scores(bundle, records_of(texts)), expected)
    assert_equal_to_the_last_bit(input_scores(bundle, columns_of(texts)), expected)


@pytest.mark.parametrize("form", TIMES)
def test_a_time_of_day_is_refused(bundle, frame, form):
    texts = frame.assign(as_of=frame["as_of"].dt.strftime(form))
    assert refused(bundle, texts, "ICS-REC-003").field == "as_of"
    assert refused(bundle, records_of(texts), "ICS-REC-001").field == "record 1: as_of"
    assert refused(bundle, columns_of(texts), "ICS-REC-003").field == "as_of"


def test_a_time_of_day_of_a_timestamp_is_refused(bundle, frame):
    late = frame.head(2)["as_of"] + pd.Timedelta(hours=16)
    assert refused(bundle, frame.head(2).assign(as_of=late), "ICS-REC-003").field == "as_of"
    for when in (late[0], late[0].to_pydatetime(), late[0].to_datetime64(), np.array(late[0].to_datetime64())):
        given = record_of(frame.iloc[0].to_dict()) | {"as_of": when}
        assert refused(bundle, given, "ICS-REC-001").field == "record 1: as_of"
    barely = record_of(frame.iloc[0].to_dict()) | {"as_of": pd.Timestamp("2024-06-30") + pd.Timedelta(1, "ns")}
    assert refused(bundle, barely, "ICS-REC-001").field == "record 1: as_of"


def test_a_number_is_no_date(bundle, frame):
    given = record_of(frame.iloc[0].to_dict())
    for number in (20240630, np.int64(20240630), np.array(20240630)):
        assert refused(bundle, given | {"as_of": number}, "ICS-REC-001").field == "record 1: as_of"


def test_an_unknown_name_is_refused_in_every_form(bundle, frame):
    wrong = frame.rename(columns={"revenue_cny": "revenu_cny"})
    assert refused(bundle, wrong, "ICS-REC-003").field == "revenu_cny"
    assert refused(bundle, columns_of(wrong), "ICS-REC-003").field == "revenu_cny"
    (first, second, *_) = records_of(frame.dropna(subset="revenue_cny"))
    second["revenu_cny"] = second.pop("revenue_cny")
    assert refused(bundle, [first, second], "ICS-REC-001").field == "record 2: revenu_cny"
    assert refused(bundle, second, "ICS-REC-001").field == "record 1: revenu_cny"
    assert refused(bundle, {3: 1.0} | first, "ICS-REC-001").field == "record 1: 3"


def test_a_name_is_refused_even_where_its_value_is_missing(bundle, frame):
    given = record_of(frame.iloc[0].to_dict())
    for nothing in NOTHING.values():
        assert refused(bundle, given | {"revenu_cny": nothing()}, "ICS-REC-001").field == "record 1: revenu_cny"
        assert refused(bundle, given | {"extra": {"cals": nothing()}}, "ICS-DEC-002").field == "record 1: extra.cals"
    assert refused(bundle, frame.assign(revenu_cny=np.nan), "ICS-REC-003").field == "revenu_cny"


def test_extra_features_are_read_in_every_form(extended, extended_frame):
    expected = frame_scores(extended, extended_frame)
    without = frame_scores(extended, extended_frame.assign(**{"extra.calls": np.nan}))
    assert (expected["pd"] != without["pd"]).mean() > 0.5
    assert_equal_to_the_last_bit(input_scores(extended, columns_of(extended_frame)), expected)
    for form in FORMS.values():
        assert_equal_to_the_last_bit(input_scores(extended, records_of(extended_frame, form)), expected)
    wrapped = [record | {"extra": np.array(record.get("extra", {}))} for record in records_of(extended_frame)]
    assert_equal_to_the_last_bit(input_scores(extended, wrapped), expected)


@pytest.mark.parametrize("nothing", NOTHING)
def test_an_extra_feature_that_is_missing_may_be_said_in_any_way(extended, extended_frame, nothing):
    given = records_of(extended_frame, nothing=NOTHING[nothing])
    assert all(record["extra"].keys() == {"calls"} for record in given)
    assert_equal_to_the_last_bit(input_scores(extended, given), frame_scores(extended, extended_frame))


@pytest.mark.parametrize("value", [True, "3", float("inf"), np.True_, [1.0], {"calls": 1.0}], ids=repr)
def test_an_extra_feature_that_is_no_number_is_refused(extended, extended_frame, value):
    given = record_of(extended_frame.iloc[1].to_dict()) | {"extra": {"calls": value}}
    assert refused(extended, given, "ICS-REC-001").field == "record 1: extra.calls"


def test_an_undeclared_extra_feature_is_refused(bundle, extended, extended_frame):
    first, second = records_of(extended_frame.iloc[1:3])
    error = refused(extended, [first, second | {"extra": {"cals": 1.0, "calls": 2.0, "mails": 3.0}}], "ICS-DEC-002")
    assert error.field == "record 2: extra.cals"
    assert [name for name, _ in error.details] == ["extra.cals", "extra.mails"]
    assert refused(bundle, first, "ICS-DEC-002").field == "record 1: extra.calls"
    assert refused(bundle, extended_frame, "ICS-REC-003").field == "extra.calls"
    assert refused(extended, extended_frame.assign(**{"extra.cals": 1.0}), "ICS-REC-003").field == "extra.cals"


def test_a_frame_without_a_declared_extra_column_is_refused_by_its_name(extended, frame):
    assert refused(extended, frame, "ICS-REC-003").field == "extra.calls"
    assert refused(extended, columns_of(frame), "ICS-REC-003").field == "extra.calls"
    two = replace(extended, extras=(CALLS, CALLS.model_copy(update={"name": "mails"})))
    assert refused(two, frame, "ICS-REC-003").field == "extra.calls, extra.mails"


def test_a_record_without_a_declared_extra_feature_is_one_where_it_is_missing(extended, frame):
    missing = frame_scores(extended, frame.assign(**{"extra.calls": np.nan}))
    assert_equal_to_the_last_bit(input_scores(extended, records_of(frame)), missing)
    assert_equal_to_the_last_bit(input_scores(extended, records_of(frame)[2]), missing.iloc[[2]])
    empty = [record | {"extra": {}} for record in records_of(frame)]
    assert_equal_to_the_last_bit(input_scores(extended, empty), missing)


def test_columns_of_differing_lengths_are_refused(bundle):
    given = {"enterprise_id": ["a", "b"], "as_of": ["2024-06-30", "2024-06-30"], "revenue_cny": [1.0]}
    error = refused(bundle, given, "ICS-REC-009")
    assert (error.field, error.message) == ("model_input", "columns differ in length")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pd.Series([1.0, 2.0]), "a Series of float"),
        (pd.Series([], dtype=float), "an empty Series"),
        (np.ones((3, 2)), "a ndarray of float"),
        (np.empty((0, 2)), "an empty ndarray"),
        (np.array([{"enterprise_id": "a"}]), "a ndarray of dict"),
        ([1.0, 2.0], "a list of float"),
        ([[1.0], [2.0]], "a list of list"),
        ([{"enterprise_id": "a"}, 3], "a list of dict and int"),
        ([np.ones((2, 2)), np.ones((2, 3))], "a list of ndarray"),
        (["enterprise_id"], "a list of str"),
        ("enterprise_id", "a value of type str"),
        ("", "a value of type str"),
        (b"", "a value of type bytes"),
        (7, "a value of type int"),
        (None, "a value of type NoneType"),
        ({"enterprise_id"}, "a value of type set"),
        (set(), "a value of type set"),
        (range(0), "an empty range"),
    ],
    ids=repr,
)
def test_what_holds_no_records_is_refused_in_one_line(bundle, given, said):
    error = refused(bundle, given, "ICS-REC-009")
    assert (error.field, error.message) == ("model_input", f"{said} holds no records")
    assert error.remedy


def test_a_refusal_does_not_carry_what_was_given(bundle, frame):
    record = record_of(frame.iloc[0].to_dict())
    for secret in (["Secret Ltd"], pd.Series(["Secret Ltd"]), record | {"revenue_cny": "Secret Ltd"}):
        with pytest.raises(InputError) as caught:
            input_scores(bundle, secret)
        assert "Secret" not in str(caught.value)


def test_nothing_in_gives_nothing_out(bundle, extended, frame, extended_frame, expected):
    for model, rows in ((bundle, frame), (extended, extended_frame)):
        forms = ([], (), rows.head(0), columns_of(rows.head(0)), pd.DataFrame(columns=rows.columns))
        found = [input_scores(model, given) for given in forms]
        for each in found:
            assert (len(each), list(each)) == (0, ["pd", "grade", "score"])
            assert each.dtypes.equals(found[0].dtypes)
            assert each[["pd", "score"]].dtypes.equals(expected[["pd", "score"]].dtypes)
            assert each["grade"].dtype == object


def test_an_empty_record_is_refused(bundle):
    assert refused(bundle, {}, "ICS-REC-001").field == "record 1: enterprise_id"
    assert refused(bundle, pd.DataFrame(), "ICS-REC-003").field == "enterprise_id"


@pytest.mark.parametrize(
    "labels", [lambda n: [f"row {i}" for i in range(n)], lambda n: [3] * n, lambda n: range(n, 0, -1)]
)
def test_the_index_of_a_frame_is_kept(bundle, frame, expected, labels):
    given = frame.set_axis(list(labels(len(frame))))
    given.index.name = "firm"
    found = input_scores(bundle, given)
    assert found.index.equals(given.index)
    assert found.index.name == "firm"
    assert_equal_to_the_last_bit(found, expected)


def test_an_error_names_the_record_and_every_field(bundle, frame):
    first, second = records_of(frame.head(2))
    error = refused(bundle, [first, second | {"staff_total": "x", "revenue_cny": "y"}, {}], "ICS-REC-001")
    assert error.field == "record 2: staff_total"
    assert {name for name, _ in error.details} == {"staff_total", "revenue_cny"}


def test_what_is_given_is_left_as_it_is(bundle, frame):
    copy = frame.copy()
    input_scores(bundle, frame)
    pd.testing.assert_frame_equal(frame, copy)
    record = record_of(frame.iloc[0].to_dict(), FORMS["pandas"], NOTHING["NA"])
    kept = dict(record)
    input_scores(bundle, [record])
    assert record.keys() == kept.keys()
    assert all(record[name] is kept[name] for name in kept)


def test_the_example_of_a_model_is_scored(bundle, extended):
    for model in (bundle, extended):
        found = input_scores(model, bundle_example(model))
        assert 0 < found["pd"].iloc[0] < 1


def test_the_example_of_an_undated_model_has_no_dates_of_its_own(bundle):
    own = {"as_of", "statement_published_at"}
    assert own <= bundle_example(bundle).keys()
    assert bundle_example(bundle).keys() - bundle_example(replace(bundle, dated=False)).keys() == own
