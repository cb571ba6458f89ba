"""Edits of a clean book, as exports go wrong: each is caught by what should catch it, the clean book raises nothing.

``docs/explanation/data-checks.md`` shows the same edits as a table; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from icsml.errors import InputError
from icsml.portfolio.importer import ImportReport, import_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

TODAY = date(2026, 11, 28)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "data-checks.md"
KEYS = ("enterprise_id", "as_of")


@dataclass
class Book:
    """A table and its mapping, to be edited in place."""

    table: pd.DataFrame
    mapping: dict[str, Any]

    @property
    def labelled(self) -> pd.Series:
        return self.table["bad"].notna()

    @property
    def money(self) -> list[str]:
        return [name for name in self.table if name.endswith("_cny")]

    @property
    def a_year(self) -> pd.Series:
        """Rows of the year with most rows."""
        year = self.table["as_of"].str[:4]
        return year == year.mode()[0]

    def rows(self, share: float, *, among: pd.Series | None = None) -> pd.Index:
        chosen = self.table if among is None else self.table[among]
        return chosen.sample(frac=share, random_state=5).index

    def feature(self, column: str, values: Any, **more: Any) -> None:
        self.table[column] = values
        self.mapping["extra_features"].append({"column": column, "group": "g"} | more)

    def write(self, folder: Path) -> Path:
        self.table.to_csv(folder / "book.csv", index=False)
        path = folder / "mapping.yaml"
        path.write_text(yaml.safe_dump(self.mapping, allow_unicode=True), "utf-8")
        return path


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("clean")
    synthesize(1200, 4, "small", folder)
    records = pd.read_parquet(folder / "enterprises.parquet")
    outcomes = pd.read_parquet(folder / "outcomes.parquet")
    table = records.dropna(axis=1, how="all")
    table = table.assign(
        bad=outcomes["bad"].astype("Int64"), event_date=outcomes["event_date"].where(outcomes["bad"] == 1)
    )
    for name in table:
        if table[name].dtype.kind == "M":
            table[name] = table[name].dt.strftime("%Y-%m-%d")
        elif name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.COUNT:
            table[name] = table[name].astype("Int64")
    fields = {name: name for name in table if name in FIELD_BY_NAME and name not in KEYS}
    mapping = {
        "name": "book",
        "licence": "internal",
        "source": {"file": "book.csv"},
        "enterprise_id": "enterprise_id",
        "as_of": "as_of",
        "outcome": {
            "column": "bad",
            "positive": [1],
            "negative": [0],
            "event": "default",
            "horizon_months": 12,
            "event_date": "event_date",
        },
        "fields": fields,
        "extra_features": [],
        "split": {"test_from": _split_day(table)},
    }
    return Book(table, mapping)


def _split_day(table: pd.DataFrame) -> date:
    years = sorted({int(day[:4]) for day in table["as_of"]})
    return date(years[-2], 1, 1)


@pytest.fixture
def book(clean: Book) -> Book:
    return Book(clean.table.copy(), yaml.safe_load(yaml.safe_dump(clean.mapping)))


def imported(book: Book, folder: Path) -> ImportReport:
    return import_dataset(book.write(folder), folder / "out", today=TODAY)


def found(report: ImportReport) -> dict[str, str]:
    return {finding.id: finding.level for finding in report.checks}


def test_the_clean_book_raises_nothing(book, tmp_path):
    report = imported(book, tmp_path)
    assert (report.checks, report.refused, report.unreadable, report.passed) == ([], 0, {}, True)
    assert report.defaults > 50


Edit = Callable[[Book], None]
EDITS: dict[str, tuple[str, Edit]] = {}
"""What is done to the book: the check that catches it, or the code of the refusal, or what is counted."""


def edit(what: str, caught_by: str) -> Callable[[Edit], Edit]:
    def keep(function: Edit) -> Edit:
        EDITS[what] = (caught_by, function)
        return function

    return keep


# ---- units


@edit("The amounts of one region are in 万元", "group_scale")
def _(book):
    region = book.table["region"].value_counts().index[0]
    book.table.loc[book.table["region"] == region, book.money] /= 1e4


@edit("The amounts of one year are in 千元", "group_scale")
def _(book):
    book.table.loc[book.a_year, book.money] /= 1e3


@edit("One amount of one year is in 分", "group_scale")
def _(book):
    book.table.loc[book.a_year, "revenue_cny"] *= 100


@edit("All amounts are in 万元", "table_scale")
def _(book):
    book.table[book.money] /= 1e4


@edit("Half of a column is written with 万", "mixed_units")
def _(book):
    cash = book.table["cash_cny"].map(lambda value: None if pd.isna(value) else f"{value:.2f}")
    rows = book.rows(0.5, among=book.table["cash_cny"].notna())
    cash[rows] = (book.table.loc[rows, "cash_cny"] / 1e4).map(lambda value: f"{value:.6f}万")
    book.table["cash_cny"] = cash


@edit("A sentinel, 9999999, stands for profit not known", "sentinel")
def _(book):
    book.table.loc[book.rows(0.03), "net_profit_cny"] = 9999999


@edit("A sentinel, -999, stands for equity not known", "sentinel")
def _(book):
    book.table.loc[book.rows(0.02), "equity_cny"] = -999


@edit("Words for not known are not declared as missing", "unreadable_values")
def _(book):
    cash = book.table["cash_cny"].astype(object)
    cash[book.rows(0.2)] = "n.a."
    book.table["cash_cny"] = cash


# ---- identities


@edit("Liabilities and equity are exchanged in a tenth of the rows", "accounting_identity")
def _(book):
    book.table.loc[book.rows(0.1), "equity_cny"] *= 3


@edit("Cash is read from the column of total assets", "part_above_whole")
def _(book):
    book.mapping["fields"]["cash_cny"] = "total_assets_cny"
    book.mapping["ignore"] = ["cash_cny"]


@edit("Last year's revenue is that of another firm", "prior_year")
def _(book):
    book.table["revenue_prev_cny"] = book.table["revenue_prev_cny"].sample(frac=1, random_state=1).to_numpy()


@edit("A line of totals is the last row", "total_row")
def _(book):
    counted = [name for name in book.money if name in book.table]
    total = book.table[counted].sum().to_dict() | {"enterprise_id": "合计", "as_of": book.table["as_of"].max()}
    book.table = pd.concat([book.table, pd.DataFrame([total])], ignore_index=True)


@edit("A feature is constant", "constant_column")
def _(book):
    book.table["staff_total"] = 1


# ---- labels and dates


@edit("Unlabelled rows are given as good", "unlabelled_good")
def _(book):
    book.table["bad"] = book.table["bad"].fillna(0)


@edit("Labels 0 and 1, and a few 2", "ICS-DAT-012")
def _(book):
    book.table.loc[book.rows(0.01), "bad"] = 2


@edit("The label of pending cases is listed as good", "label_words")
def _(book):
    bad = book.table["bad"].map({0: "paid", 1: "failed"})
    bad[book.rows(0.05, among=book.table["bad"] == 0)] = "pending"
    book.table["bad"] = bad
    book.mapping["outcome"] |= {"positive": ["failed"], "negative": ["paid", "pending"]}


@edit("The positive label is written otherwise than in the table", "ICS-DAT-009")
def _(book):
    book.mapping["outcome"]["positive"] = ["default"]


@edit("Bad and good are exchanged in the mapping", "mostly_bad")
def _(book):
    book.mapping["outcome"] |= {"positive": [0], "negative": [1]}
    del book.mapping["outcome"]["event_date"]
    book.mapping["known_after"] = ["event_date"]


@edit("Some firms with a date of default are labelled good", "good_with_event")
def _(book):
    book.table.loc[book.rows(0.2, among=book.table["event_date"].notna()), "bad"] = 0


@edit("The last year's defaults were not yet known and are read as good", "silent_end")
def _(book):
    year = book.table["as_of"].str[:4]
    last = book.labelled & (year == year[book.labelled].max())
    book.table.loc[last, "bad"] = 0
    book.table.loc[last, "event_date"] = None


@edit("One year's label is 30 days past due instead of 90", "cohort_rate")
def _(book):
    year = book.table["as_of"].str[:4]
    chosen = book.labelled & (year == sorted(year.unique())[2]) & (book.table["bad"] == 0)
    rows = book.rows(0.2, among=chosen)
    book.table.loc[rows, "bad"] = 1
    book.table.loc[rows, "event_date"] = (
        (pd.to_datetime(book.table.loc[rows, "as_of"]) + pd.Timedelta(days=100)).dt.strftime("%Y-%m-%d").to_numpy()
    )


@edit("Decisions of this year are labelled good before their horizon ends", "open_horizon")
def _(book):
    days = pd.to_datetime(book.table["as_of"])
    shift = pd.Timestamp(2026, 6, 30) - days.max()
    for name in ("as_of", "event_date", "founded_on", "statement_period_end", "statement_published_at"):
        moved = pd.to_datetime(book.table[name]) + shift
        book.table[name] = moved.dt.strftime("%Y-%m-%d")
    later = pd.to_datetime(book.table["event_date"]) > pd.Timestamp(TODAY)
    book.table.loc[later, "bad"] = 0
    book.table.loc[later, "event_date"] = None
    book.table["bad"] = book.table["bad"].fillna(0)
    book.mapping["split"] = {"folds": 5}


@edit("Most event dates are lost", "event_dates")
def _(book):
    book.table.loc[book.rows(0.6), "event_date"] = None


@edit("Event dates not known are given as 31 December", "event_date_pile")
def _(book):
    rows = book.rows(0.5, among=book.table["bad"] == 1)
    year = book.table.loc[rows, "as_of"].str[:4].astype(int)
    book.table.loc[rows, "event_date"] = (year + 1).astype(str) + "-12-31"
    book.mapping["outcome"]["horizon_months"] = 24


@edit("Decision dates lie ten years ahead", "ICS-DAT-010")
def _(book):
    book.table["as_of"] = (book.table["as_of"].str[:4].astype(int) + 20).astype(str) + book.table["as_of"].str[4:]


@edit("Dates are written day and month, and none settles which is which", "date_order")
def _(book):
    book.table["founded_on"] = pd.to_datetime(book.table["founded_on"]).dt.strftime("05/%m/%Y")
    book.mapping["fields"]["founded_on"] = {"column": "founded_on", "format": "%d/%m/%Y"}


@edit("Days counted since 1900 are read as since 1970", "ICS-DAT-006")
def _(book):
    days = pd.to_datetime(book.table["as_of"]) - pd.Timestamp(1899, 12, 30)
    book.table["as_of"] = days.dt.days
    book.mapping["as_of"] = {"column": "as_of", "unit": "D"}


@edit("A tenth of the identifiers is lost", "refused_rows")
def _(book):
    book.table.loc[book.rows(0.1), "enterprise_id"] = None


# ---- copies and splits


@edit("Firms stand a second time under another identifier", "copied_firm")
def _(book):
    copies = book.table[book.a_year].head(40).copy()
    copies["enterprise_id"] = "copy-" + copies["enterprise_id"]
    book.table = pd.concat([book.table, copies], ignore_index=True)


@edit("Rows of the training time stand again in the test time", "split_overlap")
def _(book):
    year = book.table["as_of"].str[:4]
    copies = book.table[(year == year.min()) & book.labelled].head(60).copy()
    copies["enterprise_id"] = "again-" + copies["enterprise_id"]
    copies["as_of"] = book.table.loc[book.labelled, "as_of"].max()
    copies["event_date"] = None
    copies["bad"] = 0
    book.table = pd.concat([book.table, copies], ignore_index=True)


@edit("The same rows are exported twice with other amounts", "refused_rows")
def _(book):
    again = book.table.head(200).copy()
    again["revenue_cny"] = again["revenue_cny"] * 1.01
    book.table = pd.concat([book.table, again], ignore_index=True)


# ---- leaks


@edit("The outcome, hardly disguised, is a feature", "feature_leak")
def _(book):
    rng = np.random.default_rng(0)
    book.feature("days_late", book.table["bad"].fillna(0).astype(float) * 90 + rng.uniform(0, 30, len(book.table)))


@edit("A column that follows the outcome ranks far above the rest", "feature_alone")
def _(book):
    rng = np.random.default_rng(0)
    book.feature("calls", book.table["bad"].fillna(0).astype(float) * 2.4 + rng.normal(size=len(book.table)))


@edit("An amount is filled for defaulted loans alone", "missingness_leak")
def _(book):
    rng = np.random.default_rng(0)
    book.feature("x_amount", pd.Series(rng.lognormal(10, 1, len(book.table))).where(book.table["bad"] == 1))


@edit("Visits are recorded mostly for firms that then default", "missingness_outcome")
def _(book):
    rng = np.random.default_rng(0)
    seen = rng.random(len(book.table)) < np.where((book.table["bad"] == 1).fillna(False), 0.9, 0.2)
    book.feature("visits", pd.Series(rng.poisson(4, len(book.table)) + rng.random(len(book.table))).where(seen))


@edit("The limit granted is a feature", "consequence_column")
def _(book):
    rng = np.random.default_rng(0)
    values = rng.lognormal(14, 1, len(book.table))
    book.feature("x", values, name="x", label={"en": "Credit limit", "zh": "授信额度"})


@edit("The date of the default is a field", "ICS-DAT-001")
def _(book):
    book.mapping["fields"]["founded_on"] = "event_date"
    book.mapping["ignore"] = ["founded_on"]


# ---- codings


@edit("A flag is 0 and 1 in the training time, 1 and 2 in the test time", "coding_change")
def _(book):
    rng = np.random.default_rng(0)
    late = book.table["as_of"] >= str(book.mapping["split"]["test_from"])
    book.feature("owner", rng.integers(0, 2, len(book.table)) + late.astype(int) * 1)


@edit("Industries are coded otherwise in the test time", "coding_change")
def _(book):
    late = book.table["as_of"] >= str(book.mapping["split"]["test_from"])
    book.table.loc[late, "industry"] = "T" + book.table.loc[late, "industry"].str[1:]


@edit("A column stops being filled in the test time", "coding_change")
def _(book):
    late = book.table["as_of"] >= str(book.mapping["split"]["test_from"])
    book.table.loc[late, "cash_cny"] = np.nan


# ---- the file


@edit("A column of the table is not declared", "ICS-DAT-005")
def _(book):
    book.table["remark"] = "x"


@edit("Identifiers went through a spreadsheet and lost digits", "ICS-DAT-010")
def _(book):
    number = np.arange(len(book.table)) // 4
    book.table["enterprise_id"] = [f"1.23{each % 100:02d}E+18" for each in number]


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_caught_by_what_should_catch_it(what, book, tmp_path):
    caught_by, change = EDITS[what]
    change(book)
    if caught_by.startswith("ICS-"):
        with pytest.raises(InputError) as error:
            imported(book, tmp_path)
        assert error.value.code == caught_by
    else:
        assert caught_by in found(imported(book, tmp_path))


def test_the_page_shows_every_edit_with_what_catches_it():
    shown = dict(re.findall(r"^\| (.+?) \| `(.+?)` \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {what: caught_by for what, (caught_by, _) in EDITS.items()}.items() <= shown.items()
    assert len(EDITS) >= 25
