"""Import of anybody's table: what is kept, refused, counted, and how a wrong file is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError, MissingError
from icsml.portfolio.importer import ImportReport, import_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import Dataset, FoldSplit, OutOfTimeSplit, read_dataset
from icsml.records.field_rules import BrokenRule

Frame = Mapping[str, Any]


def feature(column: str, **more: Any) -> dict[str, Any]:
    name = column.lower()
    return {"column": column, "name": name, "label": {"en": column, "zh": column}, "group": "g"} | more


def mapping(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "licence": "internal",
        "source": {"file": "firms.csv"},
        "enterprise_id": "firm",
        "as_of": None,
        "outcome": None,
        "fields": {},
        "extra_features": [],
    } | changes


def run(folder: Path, table: Frame | pd.DataFrame | None, **changes: Any) -> tuple[ImportReport, Dataset]:
    if table is not None:
        pd.DataFrame(table).to_csv(folder / "firms.csv", index=False)
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping(**changes), allow_unicode=True), "utf-8")
    report = import_dataset(folder / "mapping.yaml", folder / "out")
    return report, read_dataset(folder / "out")


def refusal(folder: Path, table: Frame | pd.DataFrame | None, **changes: Any) -> InputError:
    with pytest.raises(InputError) as error:
        run(folder, table, **changes)
    assert not (folder / "out").exists()
    return error.value


OUTCOME = {"column": "status", "positive": ["failed"], "event": "default", "horizon_months": 12}


def test_a_table_becomes_a_data_set(tmp_path):
    table = {
        "firm": ["007", "008", "009"],
        "sales": [1.5, 2, None],
        "X1": [1, 2, 3],
        "status": ["ok", " failed ", None],
    }
    report, data = run(
        tmp_path,
        table,
        outcome=OUTCOME,
        extra_features=[feature("X1")],
        fields={"revenue_cny": {"column": "sales", "scale": 10000}},
    )
    assert (report.rows, report.labelled, report.defaults, report.refused) == (3, 2, 1, 0)
    assert data.enterprises["enterprise_id"].tolist() == ["007", "008", "009"]
    np.testing.assert_array_equal(data.enterprises["revenue_cny"], [15000, 20000, np.nan])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [1, 2, 3])
    np.testing.assert_array_equal(data.outcomes["bad"].astype(float), [0, 1, np.nan])
    assert data.outcomes["event"].isna().tolist() == [True, False, True]
    assert data.meta.outcome is not None
    assert (data.meta.outcome.event, data.meta.outcome.horizon_months) == ("default", 12)
    assert data.meta.split == FoldSplit(folds=5, seed=0)
    assert (data.meta.dated, data.meta.grouped, data.meta.timing) == (False, True, "assumed")
    assert data.meta.fields == ["enterprise_id", "revenue_cny"]
    assert (data.meta.rows, data.meta.defaults, data.meta.refused) == (3, 1, 0)


def test_an_undeclared_column_is_refused_not_ignored(tmp_path):
    table = {"firm": ["a"], "X1": [1], "recovered": [2], "remark": ["x"]}
    error = refusal(tmp_path, table, extra_features=[feature("X1")])
    assert (error.code, error.field) == ("ICS-DAT-005", "recovered")
    assert "known_after" in str(error.remedy)
    assert [column for column, _ in error.details] == ["recovered", "remark"]
    report, data = run(tmp_path, table, extra_features=[feature("X1")], known_after=["recovered"], ignore=["remark"])
    assert report.dropped_columns == ("recovered", "remark")
    assert list(data.enterprises) == ["enterprise_id", "as_of", "extra.x1"]


def test_a_declared_column_must_be_there(tmp_path):
    error = refusal(tmp_path, {"firm": ["a"], "total": [1]}, fields={"revenue_cny": "totals"})
    assert (error.code, error.field) == ("ICS-DAT-004", "fields.revenue_cny")
    assert "did you mean total?" in str(error.remedy)
    assert (
        refusal(tmp_path, {"firm": ["a"], "X1": [1]}, extra_features=[feature("X1")], known_after=["charged"]).field
        == "known_after"
    )


@pytest.mark.parametrize(("content", "code"), [("", "ICS-DAT-003"), ("firm,X1\n", "ICS-DAT-003")])
def test_an_empty_table_is_refused(tmp_path, content, code):
    (tmp_path / "firms.csv").write_text(content)
    assert refusal(tmp_path, None, extra_features=[feature("X1")]).code == code


@pytest.mark.parametrize("name", ["firms.parquet", "firms.xlsx", "firms.txt"])
def test_a_file_of_another_kind_is_refused(tmp_path, name):
    (tmp_path / name).write_text("firm,X1\na,1\n")
    error = refusal(tmp_path, None, source={"file": name})
    assert (error.code, error.field) == ("ICS-DAT-002", name)


def test_a_missing_table_is_missing(tmp_path):
    with pytest.raises(MissingError, match="relative to the mapping"):
        run(tmp_path, None)


def test_a_sheet_is_chosen_by_name(tmp_path):
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        pd.DataFrame({"note": ["x"]}).to_excel(book, sheet_name="cover", index=False)
        pd.DataFrame({"firm": [1, 2], "X1": [3, 4]}).to_excel(book, sheet_name="data", index=False)
    source = {"file": "book.xlsx", "sheet": "data"}
    _, data = run(tmp_path, None, source=source, extra_features=[feature("X1")])
    assert data.enterprises["enterprise_id"].tolist() == ["1", "2"]
    assert refusal_after(tmp_path, source | {"sheet": "gone"}).code == "ICS-DAT-002"


def refusal_after(folder: Path, source: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as error:
        run(folder, None, source=source, extra_features=[feature("X1")])
    return error.value


def test_chinese_text_says_its_encoding(tmp_path):
    (tmp_path / "firms.csv").write_text("企业,X1\n甲,1\n", "gb18030")
    changes = {"enterprise_id": "企业", "extra_features": [feature("X1")]}
    assert "gb18030" in str(refusal(tmp_path, None, **changes).remedy)
    _, data = run(tmp_path, None, source={"file": "firms.csv", "encoding": "gb18030"}, **changes)
    assert data.enterprises["enterprise_id"].tolist() == ["甲"]


def test_a_number_column_that_is_mostly_text_is_refused_and_its_text_never_shown(tmp_path):
    table = {"firm": list("abcd"), "X1": ["1", "secret", "n.n.", None]}
    error = refusal(tmp_path, table, extra_features=[feature("X1")])
    assert (error.code, error.field) == ("ICS-DAT-007", "extra_features.x1")
    assert "2 of 3 values" in error.message
    assert "secret" not in str(error)
    assert error.remedy == "check the column, list under missing what means not known, or give values:"


@pytest.mark.parametrize("text", ["-", "暂无", "#DIV/0!", "1,23", "1,234,5", "12,3456.7", ",123"])
def test_a_cell_that_is_no_number_is_missing_and_counted(tmp_path, text):
    table = {"firm": list("abcd"), "X1": ["1", text, "2", None], "X2": [text, text, "3.5", "4"]}
    report, data = run(tmp_path, table, fields={"revenue_cny": "X2"}, extra_features=[feature("X1", scale=10)])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [10, np.nan, 20, np.nan])
    np.testing.assert_array_equal(data.enterprises["revenue_cny"], [np.nan, np.nan, 3.5, 4])
    assert report.unreadable == {"revenue_cny": 2, "extra.x1": 1}
    assert report.refused == 0


def test_commas_between_thousands_are_read(tmp_path):
    texts = ["1,234.5", "-1,234", "12,345,678", " 999,999.25 ", "1234.5"]
    report, data = run(tmp_path, {"firm": list("abcde"), "X1": texts}, extra_features=[feature("X1")])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [1234.5, -1234, 12345678, 999999.25, 1234.5])
    assert report.unreadable == {}


def test_days_counted_in_texts_are_refused_with_a_remedy_of_dates(tmp_path):
    table = {"firm": list("abc"), "d": ["soon", "later", "17000"]}
    error = refusal(tmp_path, table, as_of={"column": "d", "unit": "D"})
    assert (error.code, error.remedy) == ("ICS-DAT-007", "check the column, or give format instead of unit")


def test_values_translate_and_what_they_do_not_list_is_counted(tmp_path):
    table = {"firm": list("abcde"), "X1": ["Y", "N", " Y", "T", None]}
    report, data = run(tmp_path, table, extra_features=[feature("X1", values={"Y": 1, "N": 0})])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [1, 0, 1, np.nan, np.nan])
    assert report.unreadable == {"extra.x1": 1}
    report, data = run(tmp_path, table, extra_features=[feature("X1", values={"Y": 1, "T": None, "*": 0})])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [1, 0, 1, np.nan, np.nan])
    assert report.unreadable == {}


def test_values_that_list_nothing_of_the_column_are_refused(tmp_path):
    error = refusal(tmp_path, {"firm": ["a"], "X1": ["yes"]}, extra_features=[feature("X1", values={"Y": 1})])
    assert error.code == "ICS-DAT-007"


def test_number_keys_match_numbers_and_texts(tmp_path):
    pd.DataFrame({"firm": ["a", "b", "c"], "X1": [1.0, 2.0, np.nan]}).to_parquet(tmp_path / "firms.parquet")
    _, data = run(
        tmp_path, None, source={"file": "firms.parquet"}, extra_features=[feature("X1", values={1: 0, "2": 1})]
    )
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [0, 1, np.nan])


@pytest.mark.parametrize(
    ("outside", "kept", "refused"),
    [("report", [-1, 0, 1, 2], 0), ("missing", [np.nan, 0, 1, np.nan], 0), ("refuse", [0, 1], 2)],
)
def test_values_outside_a_range_are_reported_made_missing_or_refused(tmp_path, outside, kept, refused):
    table = {"firm": list("abcd"), "X1": [-1, 0, 1, 2]}
    report, data = run(tmp_path, table, extra_features=[feature("X1", range=[0, 1], outside=outside)])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], kept)
    assert report.refused == data.meta.refused == refused
    assert report.refused_by == ({"extra.x1": 2} if refused else {})
    assert report.out_of_range == data.meta.out_of_range == ({} if refused else {"extra.x1": 2})


def test_an_infinite_value_is_out_of_range_and_missing(tmp_path):
    report, data = run(tmp_path, {"firm": ["a", "b"], "X1": ["inf", "1"]}, extra_features=[feature("X1")])
    np.testing.assert_array_equal(data.enterprises["extra.x1"], [np.nan, 1])
    assert report.out_of_range == {"extra.x1": 1}


AS_OF = {
    "year": ({"column": "d", "format": "%Y"}, ["2014", "2016"], [date(2014, 12, 31), date(2016, 12, 31)]),
    "month": ({"column": "d", "format": "%Y-%m"}, ["2016-02", "2015-04"], [date(2016, 2, 29), date(2015, 4, 30)]),
    "day": ({"column": "d", "format": "%d.%m.%Y"}, ["01.02.2016", "2.3.2015"], [date(2016, 2, 1), date(2015, 3, 2)]),
    "iso": ("d", ["2016-02-01", "2015-03-02"], [date(2016, 2, 1), date(2015, 3, 2)]),
    "count": (
        {"column": "d", "unit": "D", "origin": "1960-01-01"},
        ["0", "15074"],
        [date(1960, 1, 1), date(2001, 4, 9)],
    ),
}


@pytest.mark.parametrize("case", AS_OF)
def test_a_decision_date_is_the_end_of_its_period(tmp_path, case):
    source, texts, expected = AS_OF[case]
    _, data = run(
        tmp_path, {"firm": ["a", "b"], "d": texts, "X1": [1, 2]}, as_of=source, extra_features=[feature("X1")]
    )
    assert data.enterprises["as_of"].dt.date.tolist() == expected
    assert data.outcomes["as_of"].dt.date.tolist() == expected
    assert data.meta.dated
    assert "as_of" in data.meta.fields


def test_a_row_without_a_readable_decision_date_is_refused(tmp_path):
    table = {"firm": list("abc"), "d": ["2014", "soon", None], "X1": [1, 2, 3]}
    report, data = run(tmp_path, table, as_of={"column": "d", "format": "%Y"}, extra_features=[feature("X1")])
    assert (report.rows, report.refused, report.refused_by) == (1, 2, {"as_of": 2})
    assert data.enterprises["enterprise_id"].tolist() == ["a"]
    error = refusal_of_format(tmp_path)
    assert (error.code, error.field) == ("ICS-DAT-006", "as_of")


def refusal_of_format(folder: Path) -> InputError:
    with pytest.raises(InputError) as error:
        run(
            folder,
            {"firm": ["a"], "d": ["2014"], "X1": [1]},
            as_of={"column": "d", "format": "%d/%m/%Y"},
            extra_features=[feature("X1")],
        )
    return error.value


@pytest.mark.parametrize("short", ["2014", "2014-03", "20140301", "2014-03-01x"])
def test_without_a_format_only_a_full_iso_date_is_read(tmp_path, short):
    table = {"firm": list("abc"), "d": ["2014-03-01", short, "2014-03-01 00:00:00"], "X1": [1, 2, 3]}
    report, data = run(tmp_path, table, as_of="d", extra_features=[feature("X1")])
    assert data.enterprises["as_of"].dt.date.tolist() == [date(2014, 3, 1)] * 2
    assert report.refused_by == {"as_of": 1}
    report, data = run(tmp_path, table | {"firm": list("aaa")}, as_of=None, fields={"founded_on": "d"}, ignore=["X1"])
    assert report.unreadable == {"founded_on": 1}


def test_bare_years_without_a_format_are_refused_with_the_remedy(tmp_path):
    pd.DataFrame({"firm": ["a"], "d": [2014], "X1": [1]}).to_parquet(tmp_path / "f.parquet")
    changes = {"as_of": "d", "extra_features": [feature("X1")]}
    for error in (
        refusal(tmp_path, {"firm": ["a"], "d": ["2014"], "X1": [1]}, **changes),
        refusal(tmp_path, None, source={"file": "f.parquet"}, **changes),
    ):
        assert (error.code, error.field) == ("ICS-DAT-006", "as_of")
        assert str(error.remedy).startswith("give format")


def test_dates_of_a_workbook_or_parquet_file_are_taken_as_they_are(tmp_path):
    pd.DataFrame({"firm": ["a"], "d": [pd.Timestamp("2016-02-01 13:00")], "X1": [1]}).to_parquet(tmp_path / "f.parquet")
    _, data = run(tmp_path, None, source={"file": "f.parquet"}, as_of="d", extra_features=[feature("X1")])
    assert data.enterprises["as_of"].dt.date.tolist() == [date(2016, 2, 1)]


@pytest.mark.parametrize("form", [None, "%Y-%m-%d", "%Y"])
def test_dates_and_texts_may_stand_in_one_column_of_a_workbook(tmp_path, form):
    text, day = {"%Y": ("2015", date(2015, 12, 31))}.get(form, ("2015-03-02", date(2015, 3, 2)))
    table = {"firm": list("abc"), "d": [datetime(2016, 2, 1, 13), text, None], "X1": [1, 2, 3]}
    pd.DataFrame(table).to_excel(tmp_path / "f.xlsx", index=False)
    as_of = {"column": "d", "format": form}
    report, data = run(tmp_path, None, source={"file": "f.xlsx"}, as_of=as_of, extra_features=[feature("X1")])
    assert data.enterprises["as_of"].dt.date.tolist() == [date(2016, 2, 1), day]
    assert report.refused_by == {"as_of": 1}


def test_text_in_a_workbook_stays_text_and_numbers_and_truth_values_are_read(tmp_path):
    table = {
        "firm": ["007", "8", "010"],
        "r": ["350100", None, "110000"],
        "n": ["1,234.5", 2, None],
        "f": [True, None, 0],
    }
    pd.DataFrame(table).to_excel(tmp_path / "f.xlsx", index=False)
    fields = {"region": "r", "revenue_cny": "n", "led_standard": "f"}
    report, data = run(tmp_path, None, source={"file": "f.xlsx"}, fields=fields)
    assert data.enterprises["enterprise_id"].tolist() == ["007", "8", "010"]
    assert data.enterprises["region"].fillna("").tolist() == ["350100", "", "110000"]
    np.testing.assert_array_equal(data.enterprises["revenue_cny"], [1234.5, 2, np.nan])
    assert data.enterprises["led_standard"].astype(object).fillna("").tolist() == [True, "", False]
    assert report.unreadable == {}


@pytest.mark.parametrize(("published", "timing"), [("2015-12-31", "stated"), (None, "assumed")])
def test_a_column_of_publication_dates_that_is_empty_states_nothing(tmp_path, published, timing):
    table = {"firm": ["a"], "d": ["2016-01-01"], "p": [published]}
    _, data = run(tmp_path, table, as_of="d", fields={"statement_published_at": "p"})
    assert data.meta.timing == timing


def test_without_an_identifier_rows_are_numbered(tmp_path):
    report, data = run(tmp_path, {"X1": [5, 5]}, enterprise_id=None, extra_features=[feature("X1")])
    assert data.enterprises["enterprise_id"].tolist() == ["row-000001", "row-000002"]
    assert not data.meta.grouped
    assert report.duplicates == 0


def test_of_equal_rows_one_is_kept_and_of_contradicting_rows_of_one_date_none(tmp_path):
    table = {"firm": list("aabbc"), "d": ["2014-01-01"] * 5, "X1": [1, 1, 2, 3, 4]}
    report, data = run(tmp_path, table, as_of="d", extra_features=[feature("X1")])
    assert data.enterprises["enterprise_id"].tolist() == ["a", "c"]
    assert (report.duplicates, report.refused, data.meta.refused) == (3, 3, 3)


def test_without_dates_only_copies_are_refused_since_rows_may_be_years_of_one_firm(tmp_path):
    table = {"firm": list("aabbcc"), "X1": [1, 1, 2, 3, 4, 4], "status": ["ok", "ok", "ok", "ok", "failed", "ok"]}
    report, data = run(tmp_path, table, outcome=OUTCOME, extra_features=[feature("X1")])
    assert data.enterprises["enterprise_id"].tolist() == list("abbcc")
    assert (report.duplicates, report.refused, data.meta.refused) == (1, 1, 1)


def test_a_firm_may_recur_at_another_date(tmp_path):
    table = {"firm": ["a", "a"], "d": ["2014", "2015"], "X1": [1, 1]}
    report, _ = run(tmp_path, table, as_of={"column": "d", "format": "%Y"}, extra_features=[feature("X1")])
    assert (report.rows, report.duplicates) == (2, 0)


def test_rows_that_differ_in_the_outcome_alone_contradict_one_another(tmp_path):
    table = {"firm": list("aab"), "d": ["2014-01-01"] * 3, "X1": [1, 1, 1], "status": ["failed", "ok", "failed"]}
    report, data = run(tmp_path, table, as_of="d", outcome=OUTCOME, extra_features=[feature("X1")])
    assert data.enterprises["enterprise_id"].tolist() == ["b"]
    assert report.duplicates == 2


def test_a_positive_value_that_no_row_holds_is_refused(tmp_path):
    table = {"firm": ["a"], "X1": [1], "status": ["yes"]}
    changes = {"extra_features": [feature("X1")]}
    error = refusal(tmp_path, table, outcome={"column": "status", "positive": [True]}, **changes)
    assert (error.code, error.field) == ("ICS-DAT-009", "outcome.positive")
    assert run(tmp_path, table, outcome={"column": "status", "positive": ["yes"]}, **changes)[0].defaults == 1


def test_without_labels_every_outcome_is_null_and_there_is_no_split(tmp_path):
    report, data = run(tmp_path, {"firm": ["a"], "X1": [1]}, extra_features=[feature("X1")])
    assert data.outcomes["bad"].isna().all()
    assert (report.labelled, report.defaults) == (0, 0)
    assert data.meta.outcome is None
    assert data.meta.split is None


DATED = {
    "as_of": {"column": "d", "format": "%Y-%m-%d"},
    "outcome": OUTCOME | {"event_date": "when"},
    "extra_features": [feature("X1")],
    "known_after": ["when"],
}


def test_an_event_date_belongs_to_an_event_and_follows_the_decision(tmp_path):
    table = {
        "firm": list("abcd"),
        "X1": [1, 2, 3, 4],
        "d": ["2014-01-01"] * 4,
        "status": ["failed", "ok", "failed", "failed"],
        "when": ["2014-05-01", "2014-06-01", "2013-12-31", None],
    }
    report, data = run(tmp_path, table, **DATED)
    assert report.refused_by == {"event_date": 1}
    assert data.outcomes["enterprise_id"].tolist() == ["a", "b", "d"]
    assert data.outcomes["event_date"].isna().tolist() == [False, True, True]


def out_of_time_table() -> Frame:
    days = [f"{year}-06-30" for year in (2010, 2011, 2012, 2013, 2014, 2015)]
    return {
        "firm": list("abcdef"),
        "X1": range(6),
        "d": days,
        "status": ["failed", "ok", "failed", "ok", "failed", "ok"],
        "when": ["2010-09-01", None, "2014-02-02", None, "2014-12-01", None],
    }


def test_labels_that_look_ahead_are_counted(tmp_path):
    changes = DATED | {"outcome": OUTCOME | {"horizon_months": None, "event_date": "when"}}
    report, data = run(tmp_path, out_of_time_table(), split={"test_from": date(2014, 1, 1)}, **changes)
    assert data.meta.split == OutOfTimeSplit(test_from=date(2014, 1, 1), embargo_months=12)
    assert report.split == {"train": 3, "dropped": 1, "test": 2}
    assert report.label_lookahead == data.meta.label_lookahead == 1


def test_the_embargo_is_the_horizon_unless_given(tmp_path):
    changes = DATED | {"outcome": OUTCOME | {"horizon_months": 24, "event_date": "when"}}
    report, data = run(tmp_path, out_of_time_table(), split={"test_from": date(2014, 1, 1)}, **changes)
    assert data.meta.split == OutOfTimeSplit(test_from=date(2014, 1, 1), embargo_months=24)
    assert report.split == {"train": 2, "dropped": 2, "test": 2}
    report, _ = run(
        tmp_path, out_of_time_table(), split={"test_from": date(2014, 1, 1), "embargo_months": 0}, **changes
    )
    assert report.split == {"train": 4, "dropped": 0, "test": 2}


def test_without_event_dates_nothing_is_said_of_looking_ahead(tmp_path):
    changes = DATED | {"outcome": OUTCOME}
    report, _ = run(tmp_path, out_of_time_table(), split={"test_from": date(2014, 1, 1)}, **changes)
    assert report.label_lookahead is None


IMPOSSIBLE = {
    "industry": ({"industry": "v"}, ["C3990", "3990", None]),
    "staff_total": ({"staff_total": "v"}, ["12", "12.5", None]),
    "staff_rd": ({"staff_rd": "v"}, ["12", "-1", None]),
    "high_tech_enterprise": ({"high_tech_enterprise": "v"}, ["1", "2", None]),
    "guarantee_share": ({"guarantee_share": "v"}, ["0.5", "inf", None]),
    "technical_field": ({"technical_field": "v"}, ["aerospace", "space", None]),
    "uscc": ({"uscc": "v"}, ["91350100M000100Y43", "91350100M000100Y44", None]),
    "founded_on": ({"founded_on": "v"}, ["2001-01-01", "2020-01-02", None]),
    "statement_published_at": ({"statement_published_at": "v"}, ["2019-12-31", "2020-01-02", None]),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_row_with_an_impossible_canonical_value_is_refused_and_counted(tmp_path, name):
    fields, values = IMPOSSIBLE[name]
    table = {"firm": list("abc"), "d": ["2020-01-01"] * 3, "v": values}
    report, data = run(tmp_path, table, as_of="d", fields=fields)
    assert report.refused_by == {name: 1}
    assert data.enterprises["enterprise_id"].tolist() == ["a", "c"]
    assert data.enterprises[name].isna().tolist() == [False, True]


def test_the_rules_that_refuse_are_those_of_screening(tmp_path, monkeypatch):
    """A rule that screening gains is a rule of the import."""

    def stricter(columns, extras):
        return [BrokenRule("revenue_cny", columns["revenue_cny"] > 5, "too much", "less")]

    monkeypatch.setattr("icsml.portfolio.refusals.broken_rules", stricter)
    report, data = run(tmp_path, {"firm": ["a", "b"], "v": [1, 9]}, fields={"revenue_cny": "v"})
    assert report.refused_by == {"revenue_cny": 1}
    assert data.enterprises["enterprise_id"].tolist() == ["a"]


def test_stated_publication_dates_make_the_timing_stated(tmp_path):
    table = {"firm": ["a"], "d": ["2020-01-01"], "p": ["2019-06-30"]}
    _, data = run(tmp_path, table, as_of="d", fields={"statement_published_at": "p"})
    assert data.meta.timing == "stated"


def test_statements_need_a_decision_date(tmp_path):
    error = refusal(tmp_path, {"firm": ["a"], "p": ["2019-06-30"]}, fields={"statement_published_at": "p"})
    assert error.code == "ICS-DAT-010"
    assert "as_of" in error.message


def test_categories_and_flags_may_be_translated(tmp_path):
    table = {"firm": ["a", "b"], "t": ["航天", "其他"], "h": ["是", "否"]}
    report, data = run(
        tmp_path,
        table,
        fields={
            "technical_field": {"column": "t", "values": {"航天": "aerospace"}},
            "high_tech_enterprise": {"column": "h", "values": {"是": True, "否": False}},
        },
    )
    assert data.enterprises["technical_field"].isna().tolist() == [False, True]
    assert data.enterprises["high_tech_enterprise"].tolist() == [True, False]
    assert report.unreadable == {"technical_field": 1}


def test_a_row_without_identifier_is_refused(tmp_path):
    report, _ = run(tmp_path, {"firm": ["a", None, " "], "X1": [1, 2, 3]}, extra_features=[feature("X1")])
    assert report.refused_by == {"enterprise_id": 2}


def test_an_import_without_a_row_left_writes_nothing(tmp_path):
    error = refusal(
        tmp_path, {"firm": ["a"], "X1": [5]}, extra_features=[feature("X1", range=[0, 1], outside="refuse")]
    )
    assert error.code == "ICS-DAT-010"
    assert "extra.x1" in error.message


def test_a_folder_that_holds_something_else_is_refused_before_the_work(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letters.txt").write_text("kept")
    said: list[str] = []
    pd.DataFrame({"firm": ["a"], "X1": [1]}).to_csv(tmp_path / "firms.csv", index=False)
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping(extra_features=[feature("X1")])))
    with pytest.raises(InputError) as error:
        import_dataset(tmp_path / "mapping.yaml", tmp_path / "out", progress=said.append)
    assert (error.value.code, error.value.field, error.value.remedy) == ("ICS-DAT-011", "out", "choose another folder")
    assert said == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letters.txt"]


@pytest.mark.parametrize("out", ["firms.csv", "firms.csv/inner/out"])
def test_a_target_that_is_or_leads_through_a_file_is_refused(tmp_path, out):
    pd.DataFrame({"firm": ["a"], "X1": [1]}).to_csv(tmp_path / "firms.csv", index=False)
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping(extra_features=[feature("X1")])))
    with pytest.raises(InputError, match="not a folder") as error:
        import_dataset(tmp_path / "mapping.yaml", tmp_path / out)
    assert error.value.code == "ICS-DAT-011"


@pytest.mark.parametrize("kind", ["table", "mapping", "link"])
def test_a_source_is_never_overwritten(tmp_path, kind):
    out = tmp_path / "out"
    run(tmp_path, {"firm": ["a"], "X1": [1]}, extra_features=[feature("X1")])
    table = out / "enterprises.parquet"
    pd.DataFrame({"firm": ["b"], "X1": [1]}).to_parquet(table)
    source = {"file": "out/enterprises.parquet"}
    target = tmp_path / "mapping.yaml"
    if kind == "mapping":
        source, target = {"file": "../firms.csv"}, out / "dataset.yaml"
    if kind == "link":
        (tmp_path / "link.parquet").symlink_to(table)
        source = {"file": "link.parquet"}
    target.write_text(yaml.safe_dump(mapping(source=source, extra_features=[feature("X1")])))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(InputError, match="take the place of") as error:
        import_dataset(target, out)
    assert (error.value.code, error.value.remedy) == ("ICS-DAT-011", "choose another folder")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_import_that_replaces_a_simulation_takes_its_truth_away(tmp_path):
    synthesize(20, 0, "small", tmp_path / "out")
    assert (tmp_path / "out" / "truth.parquet").is_file()
    report, data = run(tmp_path, {"firm": ["a"], "X1": [1]}, extra_features=[feature("X1")])
    assert len(data.enterprises) == report.rows == 1
    assert not (tmp_path / "out" / "truth.parquet").exists()


def test_progress_is_told(tmp_path):
    pd.DataFrame({"firm": ["a"], "X1": [1]}).to_csv(tmp_path / "firms.csv", index=False)
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping(extra_features=[feature("X1")])))
    said: list[str] = []
    import_dataset(tmp_path / "mapping.yaml", tmp_path / "out", progress=said.append)
    assert said == ["small: reading firms.csv", "small: writing 1 rows", "small: checking 1 rows"]


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=30),
    outside=st.sampled_from(["report", "missing", "refuse"]),
)
def test_no_row_is_lost_without_being_counted(tmp_path_factory, values, outside):
    folder = tmp_path_factory.mktemp("import")
    pd.DataFrame({"firm": [f"f{i}" for i in range(len(values))], "X1": pd.Series(values, dtype="float64")}).to_parquet(
        folder / "firms.parquet"
    )
    wrong = sum(value is not None and not 0 <= value <= 1 for value in values)
    if outside == "refuse" and wrong == len(values):
        return
    report, data = run(
        folder, None, source={"file": "firms.parquet"}, extra_features=[feature("X1", range=[0, 1], outside=outside)]
    )
    assert report.rows + report.refused == len(values)
    assert report.rows == len(data.enterprises) == len(data.outcomes)
    assert report.out_of_range.get("extra.x1", 0) + report.refused_by.get("extra.x1", 0) == wrong
