"""Invoices into figures: by hand, and the laws that no set of invoices may break."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.portfolio.aggregates import AGGREGATES, INVOICE_FIGURES, Invoices, vat_purchases, vat_sales
from icsml.portfolio.importer import ImportReport, import_dataset
from icsml.records.dataset import read_dataset

SHARES = ["void_share", "return_share", "largest_share", "partner_top1", "partner_hhi", "active_share"]


def invoices(rows: int, *lines: tuple[int, int, int, float, bool]) -> Invoices:
    """Make invoices of (row, month, partner, amount, void); the tax is a tenth."""
    row, month, partner, amount, void = (np.array(part) for part in zip(*lines, strict=True))
    amount = amount.astype(float)
    return Invoices(rows, row, month, partner, amount, amount / 10, void.astype(bool))


def test_the_figures_of_one_firm_by_hand():
    seen = invoices(
        1,
        (0, 5, 1, 60.0, False),
        (0, 5, 2, 20.0, False),
        (0, 8, 1, 20.0, False),
        (0, 6, 1, -10.0, False),
        (0, 20, 3, 900.0, True),
    )
    figures = vat_sales(seen).iloc[0]
    monthly = np.array([80.0, 0, 0, 20])
    expected = {
        "count": 5,
        "void_share": 1 / 5,
        "return_share": 1 / 4,
        "return_amount_share": 10 / 100,
        "amount": 90,
        "amount_log": np.log(91),
        "tax": 9,
        "tax_rate": 0.1,
        "invoice_log": np.log(1 + 100 / 3),
        "largest_share": 0.6,
        "partners": 2,
        "partner_top1": 0.8,
        "partner_hhi": 0.8**2 + 0.2**2,
        "months_active": 2,
        "months_span": 4,
        "active_share": 0.5,
        "longest_gap": 2,
        "monthly_variation": monthly.std() / monthly.mean(),
        "growth": (20 - 80) / 100,
    }
    assert set(figures.index) == set(expected)
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-12), name


def test_the_middle_month_of_an_odd_span_belongs_to_neither_half():
    seen = invoices(1, (0, 1, 1, 10.0, False), (0, 2, 1, 500.0, False), (0, 3, 1, 30.0, False))
    assert vat_sales(seen)["growth"].tolist() == [0.5]


def test_rows_do_not_mix():
    one = invoices(1, (0, 1, 1, 10.0, False), (0, 4, 2, 5.0, False))
    both = invoices(3, (2, 1, 1, 10.0, False), (0, 9, 1, 7.0, False), (2, 4, 2, 5.0, False), (0, 9, 3, 7.0, True))
    pd.testing.assert_series_equal(vat_sales(one).iloc[0], vat_sales(both).iloc[2], check_names=False)


def test_a_firm_without_invoices_has_a_count_of_nothing_and_no_other_figure():
    figures = vat_sales(invoices(2, (0, 1, 1, 10.0, False))).iloc[1]
    assert figures["count"] == 0
    assert figures.drop("count").isna().all()


def test_a_firm_with_void_invoices_only_has_no_amount():
    figures = vat_sales(invoices(1, (0, 1, 1, 10.0, True))).iloc[0]
    assert (figures["count"], figures["void_share"]) == (1, 1)
    assert figures.drop(["count", "void_share"]).isna().all()


def test_a_margin_is_sales_less_purchases_whichever_table_asks():
    sold, bought = invoices(1, (0, 1, 1, 30.0, False)), invoices(1, (0, 1, 1, 10.0, False))
    asked_by_purchases = vat_purchases(bought, vat_sales(sold)).iloc[0]
    asked_by_sales = vat_sales(sold, vat_purchases(bought)).iloc[0]
    assert asked_by_purchases["margin"] == asked_by_sales["margin"] == 0.5
    assert asked_by_purchases["tax_margin"] == 0.5
    assert set(asked_by_sales.index) == set(INVOICE_FIGURES)


def test_every_aggregate_has_its_name():
    assert all(AGGREGATES[function.__name__] is function for function in (vat_sales, vat_purchases))


LINES = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(570, 580),
        st.integers(-1, 3),
        st.floats(0.01, 1e6) | st.floats(-1e6, -0.01),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(lines=LINES)
def test_shares_are_shares_and_spans_hold_their_months(lines):
    figures = vat_sales(invoices(3, *lines))
    for name in SHARES:
        assert figures[name].dropna().between(0, 1 + 1e-9).all(), name
    assert figures["growth"].dropna().between(-1 - 1e-9, 1 + 1e-9).all()
    assert (
        figures["months_active"].dropna() + figures["longest_gap"].dropna() <= figures["months_span"].dropna()
    ).all()
    assert np.isfinite(figures.fillna(0).to_numpy()).all()


@settings(max_examples=60, deadline=None)
@given(lines=LINES, void=LINES)
def test_void_invoices_enter_nothing_but_their_share_and_the_count(lines, void):
    added = [*lines, *((row, month, partner, amount, True) for row, month, partner, amount, _ in void)]
    before, after = vat_sales(invoices(3, *lines)), vat_sales(invoices(3, *added))
    named = [name for name in before if name not in ("count", "void_share")]
    pd.testing.assert_frame_equal(before[named], after[named], check_exact=True)


@settings(max_examples=40, deadline=None)
@given(lines=LINES, months=st.integers(1, 500))
def test_when_a_firm_lived_is_of_no_matter(lines, months):
    later = [(row, month + months, partner, amount, void) for row, month, partner, amount, void in lines]
    pd.testing.assert_frame_equal(vat_sales(invoices(3, *lines)), vat_sales(invoices(3, *later)))


# through the importer ------------------------------------------------------------------------------------------------

SALES = {"file": "sales.csv", "key": "firm", "aggregate": "vat_sales"}
LINE = {"firm": "a", "date": "2014-05-05", "partner": "p", "amount": 100.0, "tax": 13.0, "status": "valid"}


def imported(
    folder: Path, firms: dict[str, list[Any]], lines: list[dict[str, Any]], *, figures: list[str], **changes: Any
) -> tuple[ImportReport, pd.DataFrame]:
    pd.DataFrame(firms).to_csv(folder / "firms.csv", index=False)
    pd.DataFrame(lines).to_csv(folder / "sales.csv", index=False)
    content = {
        "name": "invoices",
        "licence": "internal",
        "source": {"file": "firms.csv"},
        "tables": {"sales": SALES},
        "enterprise_id": "firm",
        "as_of": "d" if "d" in firms else None,
        "outcome": None,
        "extra_features": [
            {"column": f"sales.{name}", "name": name, "label": {"en": name, "zh": name}, "group": "g"}
            for name in figures
        ],
    }
    (folder / "mapping.yaml").write_text(yaml.safe_dump(content | changes), "utf-8")
    report = import_dataset(folder / "mapping.yaml", folder / "out")
    return report, read_dataset(folder / "out").enterprises.set_index("enterprise_id")


ALL = [name for name in INVOICE_FIGURES if "margin" not in name]


@pytest.mark.parametrize(
    "poison",
    [
        {"amount": 1e9, "partner": "q"},
        {"amount": -1e9, "partner": "q"},
        {"amount": 1e9, "status": "void"},
        {"amount": 1.0},
    ],
    ids=["sale", "return", "void", "another"],
)
def test_nothing_dated_after_the_decision_counts(tmp_path, poison):
    firms = {"firm": ["a"], "d": ["2014-12-31"]}
    known = [LINE, LINE | {"date": "2014-12-31", "amount": 40.0, "partner": "r"}]
    _, clean = imported(tmp_path, firms, known, figures=ALL)
    report, poisoned = imported(tmp_path, firms, [*known, LINE | {"date": "2015-01-01"} | poison], figures=ALL)
    pd.testing.assert_frame_equal(clean, poisoned)
    assert report.tables["sales"].later == 1
    _, undated = imported(tmp_path, {"firm": ["a"]}, [*known, LINE | {"date": "2015-01-01"} | poison], figures=ALL)
    assert undated["extra.count"].tolist() == [3]


def test_amounts_that_are_no_numbers_are_counted(tmp_path):
    lines = [LINE, LINE | {"amount": "-"}, LINE | {"tax": "n.n."}, LINE | {"amount": "1,000.5"}]
    report, data = imported(tmp_path, {"firm": ["a"]}, lines, figures=["count", "amount"])
    assert (report.tables["sales"].unreadable, report.tables["sales"].incomplete) == (2, 1)
    assert data["extra.count"].tolist() == [3]
    assert data["extra.amount"].tolist() == [1000.5 + 2 * LINE["amount"]]


def test_amounts_that_are_mostly_text_are_refused_with_a_remedy_of_tables(tmp_path):
    with pytest.raises(InputError) as error:
        imported(tmp_path, {"firm": ["a"]}, [LINE, *[LINE | {"amount": "-"}] * 2], figures=["count"])
    assert error.value.remedy == "check the column or name another"


def test_each_decision_on_a_firm_sees_its_own_past(tmp_path):
    firms = {"firm": ["a", "a", "b"], "d": ["2014-12-31", "2015-12-31", "2015-12-31"]}
    lines = [LINE, LINE | {"date": "2015-06-01", "amount": 50.0}, LINE | {"date": "2016-01-01"}, LINE | {"firm": "c"}]
    report, frame = imported(tmp_path, firms, lines, figures=["count", "amount"])
    assert frame["extra.count"].tolist() == [1, 2, 0]
    np.testing.assert_array_equal(frame["extra.amount"], [100, 150, np.nan])
    table = report.tables["sales"]
    assert (table.invoices, table.strangers, table.later) == (4, 1, 1)


def test_an_invoice_voided_after_the_decision_was_still_good(tmp_path):
    firms = {"firm": ["a", "a"], "d": ["2014-05-31", "2014-06-30"]}
    lines = [LINE | {"status": "void", "voided_on": "2014-06-10"}]
    _, frame = imported(tmp_path, firms, lines, figures=["amount", "void_share"])
    np.testing.assert_array_equal(frame["extra.amount"], [100, np.nan])
    assert frame["extra.void_share"].tolist() == [0, 1]


def test_void_is_read_through_blanks_and_dates_with_slashes(tmp_path):
    lines = [
        {"企业": "a", "开票日期": "2014/5/5", "金额": 10, "发票状态": " 作废发票"},
        {"企业": "a", "开票日期": "2014/11/15", "金额": 5, "发票状态": "有效发票"},
    ]
    tables = {"sales": SALES | {"key": "企业"}}
    report, frame = imported(tmp_path, {"firm": ["a"]}, lines, figures=["amount", "void_share", "tax"], tables=tables)
    assert frame[["extra.amount", "extra.void_share"]].iloc[0].tolist() == [5, 0.5]
    assert frame["extra.tax"].isna().all()
    assert (report.tables["sales"].void, report.tables["sales"].returned) == (1, 0)


def test_invoices_without_a_date_or_amount_are_left_out_and_counted(tmp_path):
    lines = [LINE, LINE | {"date": "soon"}, LINE | {"amount": None}]
    report, frame = imported(tmp_path, {"firm": ["a"], "d": [date(2020, 1, 1)]}, lines, figures=["count"])
    assert frame["extra.count"].tolist() == [1]
    assert report.tables["sales"].incomplete == 2


def test_a_figure_that_no_table_has_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"did you mean sales\.void_share\?"):
        imported(tmp_path, {"firm": ["a"]}, [LINE], figures=["voidshare"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"key": "firma"}, "tables.sales.key"),
        ({"columns": {"amount": "sum"}}, "tables.sales.columns.amount"),
        ({"file": "none.csv"}, "none.csv"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, table, said):
    with pytest.raises(Exception, match=said) as error:
        imported(tmp_path, {"firm": ["a"]}, [LINE], figures=["count"], tables={"sales": SALES | table})
    assert error.value.code in ("ICS-DAT-004", "ICS-DAT-002")  # type: ignore[attr-defined]


def test_a_table_without_an_amount_is_refused(tmp_path):
    with pytest.raises(InputError, match="known to hold the amount"):
        imported(tmp_path, {"firm": ["a"]}, [{"firm": "a", "date": "2014-01-01"}], figures=["count"])


def test_two_tables_give_a_margin(tmp_path):
    pd.DataFrame([LINE | {"amount": 50.0}, LINE | {"amount": 25.0, "status": "void"}]).to_csv(
        tmp_path / "bought.csv", index=False
    )
    tables = {
        "bought": SALES | {"file": "bought.csv", "aggregate": "vat_purchases", "against": "sales"},
        "sales": SALES,
    }
    feature = {"column": "bought.margin", "name": "margin", "label": {"en": "m", "zh": "m"}, "group": "g"}
    _, frame = imported(tmp_path, {"firm": ["a"]}, [LINE], figures=[], tables=tables, extra_features=[feature])
    assert frame["extra.margin"].tolist() == [pytest.approx(50 / 150)]


def test_a_sum_beyond_all_numbers_is_missing_and_never_a_share_of_zero():
    huge = 1.7e308
    figures = vat_sales(invoices(1, (0, 5, 1, huge, False), (0, 6, 2, huge, False), (0, 6, 2, 1.0, False))).iloc[0]
    assert figures[["largest_share", "partner_top1", "partner_hhi", "monthly_variation", "growth"]].isna().all()
