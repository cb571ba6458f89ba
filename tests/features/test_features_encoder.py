from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.core import arithmetic
from icsml.core.formulas import Trace
from icsml.errors import InputError, ModelError
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.encoder import Encoder
from icsml.features.innovation import INNOVATION_FIELDS
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.scoring.evaluate import Points, evaluate
from icsml.records.columns import as_table, layout
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature
from icsml.records.field import Domain, Kind, Purpose
from icsml.records.fields import FIELDS
from icsml.texts.label import Label

ALL_FIELDS = [field.name for field in FIELDS if field.purpose is Purpose.FEATURE] + ["statement_period_end"]
FINANCIAL_FIELDS = [field.name for field in FIELDS if field.domain is not Domain.INNOVATION]
TRADE = ExtraFeature(
    name="trade_age",
    label=Label(en="Age of trade lines", zh="贸易账龄"),
    group="credit_history",
    direction=Direction.RAISES_RISK,
    range=(0.0, None),
)
CITED = ExtraFeature(
    name="Cited",
    label=Label(en="Patent citations", zh="专利被引次数"),
    group="innovation",
    direction=Direction.LOWERS_RISK,
    domain="innovation",
)


def book(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    for field in FIELDS:
        if field.numeric:
            values = np.exp(rng.normal(8.0, 4.0, rows)) * rng.choice([1.0, 1.0, 1.0, -1.0], rows)
            columns[field.name] = np.where(rng.random(rows) < 0.05, np.nan, values)
        elif field.kind is Kind.DATE:
            columns[field.name] = np.datetime64("2010-01-01", "D") + rng.integers(0, 5000, rows)
        else:
            columns[field.name] = np.full(rows, None)
    for extra in (TRADE, CITED):
        columns[extra.column] = rng.normal(size=rows)
    return columns


def points_of(innovation_score: np.ndarray) -> Points:
    none = np.full(len(innovation_score), np.nan)
    return Points(
        rulebook="any",
        max_score=100.0,
        score=none,
        innovation_score=innovation_score,
        categories={},
        values={},
        points={},
        ceilings={},
        rules={},
        rescale_factor={},
        stages=(),
        stage=np.full(len(none), -1, dtype=np.int8),
        eligible=none,
        conditions={},
    )


def given_points(rows: int) -> Points:
    return points_of(np.linspace(0.0, 90.0, rows))


def complete() -> Encoder:
    return Encoder.fit_catalogue(ALL_FIELDS, [TRADE, CITED])[0]


def test_complete_data_keeps_the_whole_catalogue_in_its_order() -> None:
    encoder, dropped = Encoder.fit_catalogue(ALL_FIELDS)
    assert encoder.names == tuple(feature.name for feature in CATALOGUE)
    assert dropped == []


def test_features_without_inputs_are_dropped_and_listed() -> None:
    encoder, dropped = Encoder.fit_catalogue(["total_liabilities_cny", "total_assets_cny", "revenue_cny"])
    assert encoder.names == ("debt_to_assets", "asset_turnover", "total_assets", "revenue")
    assert set(dropped) == {feature.name for feature in CATALOGUE} - set(encoder.names)
    assert len(dropped) == len(set(dropped))


def test_finance_alone_leaves_no_innovation_feature_behind() -> None:
    encoder, dropped = Encoder.fit_catalogue(FINANCIAL_FIELDS)
    assert not encoder.innovative.any()
    assert encoder.without_innovation() == encoder
    assert "rd_intensity" in dropped
    assert "innovation_score" in dropped


def test_a_feature_that_is_kept_has_values_and_one_that_is_dropped_has_none() -> None:
    present = {"ip_class1", "rd_expense_cny", "revenue_cny", "staff_rd", "founded_on", "total_assets_cny"}
    columns = book(50)
    for field in FIELDS:
        if field.numeric and field.name not in present:
            columns[field.name] = np.full(50, np.nan)
        if field.kind is Kind.DATE and field.name not in {*present, "as_of"}:
            columns[field.name] = np.full(50, np.datetime64("NaT"), dtype="datetime64[D]")
    kept, dropped = Encoder.fit_catalogue(present)
    assert np.isfinite(kept.encode(columns, given_points(50))).any(axis=0).all()
    assert np.isnan(Encoder(tuple(dropped)).encode(columns, given_points(50))).all()


def test_the_points_stay_if_any_innovation_field_of_the_rulebook_is_present() -> None:
    fit = Encoder.fit_catalogue
    assert "innovation_score" in fit(["revenue_cny", "ip_class2"])[0].names
    encoder, dropped = fit(["revenue_cny", "ip_class2"], score_inputs=["rd_expense_cny", "revenue_cny"])
    assert "innovation_score" in dropped
    assert not encoder.needs_points
    kept, _ = fit(["revenue_cny", "rd_expense_cny"], score_inputs=["rd_expense_cny", "revenue_cny"])
    score = next(feature for feature in kept.features if feature.name == "innovation_score")
    assert score.inputs == ("rd_expense_cny",)


def test_the_raw_variant_differs_by_the_score_alone() -> None:
    points, _ = Encoder.fit_catalogue(ALL_FIELDS)
    raw, dropped = Encoder.fit_catalogue(ALL_FIELDS, variant="raw")
    assert set(points.names) - set(raw.names) == {"innovation_score"}
    assert dropped == []
    assert points.needs_points
    assert not raw.needs_points


def test_excluded_features_are_left_out_and_not_called_dropped() -> None:
    encoder, dropped = Encoder.fit_catalogue(ALL_FIELDS, [TRADE, CITED], exclude=["rd_intensity", "extra.Cited"])
    assert "rd_intensity" not in encoder.names
    assert encoder.extras == (TRADE,)
    assert dropped == []


def test_the_companion_holds_nothing_of_innovation() -> None:
    full = complete()
    companion = full.without_innovation()
    assert {feature.domain for feature in companion.features} == {Domain.FINANCIAL}
    assert companion.extras == (TRADE,)
    assert not companion.needs_points
    assert set(companion.inputs).isdisjoint(INNOVATION_FIELDS)
    assert len(companion.features) == int((~full.innovative).sum())
    columns = book(40)
    np.testing.assert_array_equal(
        companion.encode(columns), full.encode(columns, given_points(40))[:, ~full.innovative]
    )


def test_directions_are_those_of_the_columns() -> None:
    encoder = complete()
    assert len(encoder.directions) == len(encoder.features)
    assert dict(zip((f.name for f in encoder.features), encoder.directions, strict=True)) == {
        **{feature.name: feature.direction.sign for feature in CATALOGUE},
        "extra.trade_age": 1,
        "extra.Cited": -1,
    }
    assert all(type(direction) is int for direction in encoder.directions)


def test_extras_pass_through_as_features() -> None:
    trade, cited = complete().features[-2:]
    assert (trade.name, trade.code, trade.group) == ("extra.trade_age", "X_TRADE_AGE", "credit_history")
    assert (cited.code, cited.domain) == ("X_CITED", Domain.INNOVATION)
    assert (trade.label.en, trade.label.zh) == ("Age of trade lines", "贸易账龄")
    columns = book(4) | {"extra.trade_age": np.array([1.5, np.nan, np.inf, -2.0])}
    matrix = complete().encode(columns, given_points(4))
    np.testing.assert_array_equal(matrix[:, -2], [1.5, np.nan, np.nan, -2.0])
    np.testing.assert_array_equal(matrix[:, -1], columns["extra.Cited"])


def test_the_matrix_is_c_ordered_float64_of_rows_by_features() -> None:
    encoder = complete()
    matrix = encoder.encode(book(7), given_points(7))
    assert matrix.shape == (7, len(encoder.features))
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous
    assert encoder.encode(book(0), given_points(0)).shape == (0, len(encoder.features))


def test_every_column_is_its_own_feature() -> None:
    encoder, columns, points = complete(), book(30), given_points(30)
    matrix = encoder.encode(columns, points)
    for number, feature in enumerate(encoder.features):
        if feature.name == "innovation_score":
            np.testing.assert_array_equal(matrix[:, number], points.innovation_score)
        else:
            np.testing.assert_array_equal(matrix[:, number], feature.function(columns))


EDGES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1.0, -1.0, 3.0, 1e-308, 1.7e308, -1.7e308)
DAYS = ("NaT", "2024-01-01", "2024-01-02", "1970-01-01", "1900-01-01")


@st.composite
def odd_books(draw) -> dict[str, np.ndarray]:
    """Rows with missing, infinite, tiny and huge numbers of either sign, and dates in any order or missing."""
    rows = draw(st.sampled_from([1, 2, 300]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    columns = book(rows, draw(st.integers(0, 2**32)))
    for name, values in columns.items():
        odd = rng.random(rows) < draw(st.sampled_from([0.1, 0.5, 1.0]))
        if values.dtype.kind == "M":
            values[odd] = rng.choice(np.array(DAYS, dtype="datetime64[D]"), odd.sum())
        elif values.dtype.kind == "f":
            columns[name][odd] = rng.choice(EDGES, odd.sum())
    return columns


@settings(max_examples=60, deadline=None)
@given(odd_books())
def test_every_column_has_the_bits_of_its_feature(columns) -> None:
    encoder, points = complete(), given_points(len(columns["as_of"]))
    matrix = encoder.encode(columns, points)
    table = as_table(columns, layout((TRADE, CITED)))
    assert encoder.encode(table, points).tobytes() == matrix.tobytes()
    on_file = np.any([~np.isnan(columns[name]) for name in encoder.score_inputs], axis=0)
    for values, feature in zip(matrix.T, encoder.features, strict=True):
        expected = feature.function(columns) if feature.name != "innovation_score" else points.innovation_score
        if feature.name == "innovation_score":
            expected = np.where(on_file, expected, np.nan)
        assert values.tobytes() == expected.tobytes(), feature.name


@pytest.mark.parametrize(
    "function",
    [
        lambda columns: np.log(columns["revenue_cny"]),
        lambda columns: np.nan_to_num(columns["revenue_cny"]),
        lambda columns: columns["revenue_cny"] + columns["total_cost_cny"],
        lambda columns: columns["revenue_cny"].clip(0.0),
        lambda columns: np.where(columns["revenue_cny"] == 0.0, 0.0, 1.0),
        lambda columns: arithmetic.known(columns["revenue_cny"] if columns["revenue_cny"] else columns["staff_rd"]),
        lambda columns: arithmetic.add(columns["revenue_cny"], np.zeros(3)),
        lambda columns: columns.get("revenue_cny"),
        lambda columns: np.zeros(len(columns["revenue_cny"])),
        lambda columns: np.zeros(1),
        lambda columns: None,
    ],
)
def test_a_function_that_does_anything_else_is_named_with_the_remedy(function, monkeypatch) -> None:
    other = replace(FEATURE_BY_NAME["revenue"], function=function)
    monkeypatch.setitem(FEATURE_BY_NAME, "revenue", other)
    with pytest.raises(ModelError, match="revenue") as caught:
        Encoder(("staff", "revenue")).encode(book(3))
    assert caught.value.code == "ICS-FEA-012"
    assert caught.value.field == "revenue"
    assert "icsml.core.arithmetic" in caught.value.message
    assert "functions alone" in caught.value.remedy


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_feature_can_be_compiled_from_the_columns_that_it_declares(feature) -> None:
    trace = Trace()
    formulas = trace.formulas([feature.recorded(trace)])
    if feature.name != "innovation_score":
        assert set(formulas.columns) == set(feature.inputs)


@pytest.mark.parametrize("name", ["revenue_cny", "as_of", "extra.trade_age"])
def test_columns_of_other_lengths_are_refused(name: str) -> None:
    columns = book(5)
    with pytest.raises(ValueError, match="differ in length"):
        complete().encode(columns | {name: columns[name][:1]}, given_points(5))


def test_one_row_has_the_bits_of_the_batch() -> None:
    rows = 16_384 + 61
    encoder, columns, points = complete(), book(rows, seed=3), given_points(rows)
    matrix = encoder.encode(columns, points)
    assert np.isfinite(matrix).mean() > 0.4
    for row in (0, 1, 7, 4095, 16_383, 16_384, 16_385, rows - 1):
        alone = encoder.encode(
            {name: values[row : row + 1] for name, values in columns.items()},
            points_of(points.innovation_score[row : row + 1]),
        )
        assert alone[0].tobytes() == matrix[row].tobytes()


def test_a_firm_without_any_innovation_record_has_no_points() -> None:
    encoder, _ = Encoder.fit_catalogue(ALL_FIELDS, score_inputs=["rd_expense_cny", "ip_class1"])
    column = encoder.names.index("innovation_score")
    records = {"rd_expense_cny": np.array([np.nan, 5.0, np.nan]), "ip_class1": np.array([np.nan, np.nan, 0.0])}
    points = points_of(np.array([0.0, 12.0, 0.0]))
    np.testing.assert_array_equal(encoder.encode(book(3) | records, points)[:, column], [np.nan, 12.0, 0.0])


def test_json_brings_the_same_encoder_back() -> None:
    encoder = Encoder.fit_catalogue(ALL_FIELDS, [TRADE, CITED], score_inputs=["rd_expense_cny"])[0]
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))
    assert again == encoder
    assert [f.code for f in again.features] == [f.code for f in encoder.features]
    assert encoder.encode(book(5), given_points(5)).tobytes() == again.encode(book(5), given_points(5)).tobytes()


def test_a_bundle_with_an_unknown_feature_is_refused_by_name() -> None:
    stored = complete().to_json()
    stored["features"].append("from_the_future")
    with pytest.raises(ModelError, match="from_the_future") as caught:
        Encoder.from_json(stored)
    assert caught.value.code == "ICS-FEA-001"
    assert caught.value.remedy


@pytest.mark.parametrize("broken", [
    {"features": None}, {"features": "debt_to_assets"}, {"features": [1]}, {"extras": [{"name": "x"}]},
    {"extras": None}, {"score_inputs": [None]}, {"score_inputs": "rd_expense_cny"},
])  # fmt: skip
def test_a_bundle_with_an_unreadable_list_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ModelError) as caught:
        Encoder.from_json({"features": [], "extras": [], "score_inputs": []} | broken)
    assert caught.value.code == "ICS-FEA-005"


def test_an_empty_object_is_refused() -> None:
    with pytest.raises(ModelError):
        Encoder.from_json({})


def test_two_extras_with_one_reason_code_are_refused() -> None:
    twin = CITED.model_copy(update={"name": "cited"})
    with pytest.raises(ModelError, match="X_CITED") as caught:
        Encoder.fit_catalogue([], [CITED, twin])
    assert caught.value.code == "ICS-FEA-002"


def test_a_repeated_feature_is_refused() -> None:
    with pytest.raises(ModelError, match="debt_to_assets"):
        Encoder(("debt_to_assets", "debt_to_assets"))


def test_excluding_what_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="det_to_assets") as caught:
        Encoder.fit_catalogue(ALL_FIELDS, exclude=["det_to_assets"])
    assert caught.value.code == "ICS-FEA-003"


def test_data_without_any_feature_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        Encoder.fit_catalogue(["region"])
    assert caught.value.code == "ICS-FEA-004"


@pytest.mark.parametrize("points", [None, given_points(2)])
def test_points_that_are_needed_and_not_there_are_an_error(points: Points | None) -> None:
    with pytest.raises(InputError, match="innovation_score") as caught:
        complete().encode(book(3), points)
    assert caught.value.code == "ICS-FEA-006"


def test_a_column_that_is_not_there_is_named() -> None:
    columns = book(3)
    del columns["extra.trade_age"]
    with pytest.raises(InputError, match=r"extra\.trade_age") as caught:
        complete().encode(columns, given_points(3))
    assert caught.value.code == "ICS-FEA-007"


def test_inputs_are_listed_once_in_order_of_first_use() -> None:
    encoder, _ = Encoder.fit_catalogue(["total_liabilities_cny", "total_assets_cny"], [TRADE])
    assert encoder.inputs == ("total_liabilities_cny", "total_assets_cny", "extra.trade_age")


def test_the_innovation_feed_is_every_innovation_input_and_nothing_else() -> None:
    fields = ["revenue_cny", "rd_expense_cny", "staff_total", "staff_rd"]
    encoder, _ = Encoder.fit_catalogue(fields, [TRADE, CITED], score_inputs=["rd_expense_cny", "ip_class1"])
    assert set(encoder.innovation_inputs) == {"rd_expense_cny", "ip_class1", "staff_rd", "extra.Cited"}
    assert encoder.without_innovation().innovation_inputs == ()


@pytest.mark.parametrize("rulebook_id", ["national-2025", "tech-sme-2017"])
def test_the_score_column_is_the_innovation_score_of_a_real_rulebook(rulebook_id: str) -> None:
    rulebook = load_rulebook(rulebook_id)
    encoder, _ = Encoder.fit_catalogue(ALL_FIELDS, score_inputs=rulebook.innovation_inputs())
    columns = book(40) | {"enterprise_id": np.array([f"E{row}" for row in range(40)], dtype=object)}
    points = evaluate(rulebook, columns)
    assert np.unique(points.innovation_score).size > 5
    column = encoder.encode(columns, points)[:, encoder.names.index("innovation_score")]
    np.testing.assert_array_equal(column, points.innovation_score)
