"""The shipped mappings on the real data sets: counts, and each trap disarmed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, InputError
from icsml.portfolio.importer import ImportReport, import_dataset
from icsml.portfolio.mapping import load_mapping
from icsml.portfolio.splits import dataset_groups, grouped_folds, out_of_time
from icsml.records.dataset import Dataset, FoldSplit, OutOfTimeSplit, read_dataset

NAMES = [
    "cumcm2020c",
    "cumcm2020c-unrated",
    "polish-1year",
    "polish-3year",
    "polish-5year",
    "sba",
    "sba-out-of-time",
    "taiwan",
]


@dataclass(frozen=True)
class Imported:
    report: ImportReport
    data: Dataset


@pytest.fixture(scope="module")
def imported(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Imported]:
    """Import a shipped mapping once; it finds the data by its own relative path."""
    done: dict[str, Imported] = {}

    def get(name: str) -> Imported:
        if name not in done:
            out = tmp_path_factory.mktemp(name)
            report = import_dataset(configs_dir() / "datasets" / f"{name}.yaml", out)
            done[name] = Imported(report, read_dataset(out))
        return done[name]

    return get


def shipped(name: str) -> Path:
    return configs_dir() / "datasets" / f"{name}.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_mapping_is_valid_and_its_paths_are_relative(name):
    mapping = load_mapping(shipped(name))
    assert mapping.name == name
    assert not any(Path(source.file).is_absolute() for source in (mapping.source, *mapping.tables.values()))
    assert all(feature.label.en and feature.label.zh for feature in mapping.extra_features)


def test_every_shipped_mapping_is_checked_here():
    assert sorted(path.stem for path in (configs_dir() / "datasets").glob("*.yaml")) == NAMES


COUNTS = {  # rows, defaults, horizon, event, features
    "polish-1year": (7027, 271, 60, "bankruptcy", 64),
    "polish-3year": (10503, 495, 36, "bankruptcy", 64),
    "polish-5year": (5910, 410, 12, "bankruptcy", 64),
    "taiwan": (6819, 220, None, "bankruptcy", 21),
    "sba": (2101, 686, None, "charge_off", 21),
    "sba-out-of-time": (2101, 686, None, "charge_off", 21),
    "cumcm2020c": (123, 27, None, "default", 23),
}


@pytest.mark.parametrize("name", COUNTS)
def test_rows_and_defaults_are_the_publisher_s(imported, name):
    rows, defaults, horizon, event, features = COUNTS[name]
    report, data = imported(name).report, imported(name).data
    assert (report.rows, report.labelled, report.defaults, report.refused) == (rows, rows, defaults, 0)
    assert data.outcomes["bad"].sum() == defaults
    assert data.meta.outcome is not None
    assert (data.meta.outcome.horizon_months, data.meta.outcome.event) == (horizon, event)
    assert len(data.meta.extra_features) == features
    assert not data.meta.synthetic


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("polish-1year", "polish-3year"),
        ("polish-1year", "polish-5year"),
        ("sba", "sba-out-of-time"),
        ("cumcm2020c", "cumcm2020c-unrated"),
    ],
)
def test_mappings_of_one_family_declare_the_same_features(one, other):
    first, second = load_mapping(shipped(one)), load_mapping(shipped(other))
    assert first.extra_features == second.extra_features
    assert first.fields == second.fields


@pytest.mark.parametrize(("name", "doubled"), [("polish-1year", 82), ("polish-3year", 87), ("polish-5year", 60)])
def test_polish_duplicates_stay_in_one_fold(imported, name, doubled):
    data = imported(name).data
    groups = dataset_groups(data.enterprises, grouped=data.meta.grouped)
    assert len(groups) - len(np.unique(groups)) == doubled
    assert isinstance(data.meta.split, FoldSplit)
    assert (data.meta.split.folds, data.meta.split.seed) == (10, 0)
    folds = grouped_folds(data.outcomes["bad"], groups, 10, 0)
    content = data.enterprises.drop(columns=["enterprise_id", "as_of"])
    twins = content.duplicated(keep=False)
    twin = content[twins].fillna(-1e99).groupby(list(content), sort=False).ngroup()
    assert (pd.Series(folds)[twins].groupby(twin).nunique() == 1).all()
    per_fold = pd.Series(data.outcomes["bad"]).groupby(folds).sum()
    assert per_fold.max() - per_fold.min() <= 2


def test_polish_values_beyond_the_possible_are_counted_and_kept(imported):
    report, data = imported("polish-3year").report, imported("polish-3year").data
    assert report.out_of_range["extra.sales_growth"] == 2
    assert report.out_of_range["extra.cash_ratio"] == 19
    assert (data.enterprises["extra.cash_ratio"] < 0).sum() == 19


def test_the_corrupt_columns_of_the_taiwanese_set_are_disarmed_and_counted(imported, shared_data):
    report, data = imported("taiwan").report, imported("taiwan").data
    assert (
        report.out_of_range
        == data.meta.out_of_range
        == {
            "extra.operating_expense_rate": 2282,
            "extra.rd_expense_rate": 4033,
            "extra.debt_interest_rate": 221,
            "extra.revenue_per_share": 5,
        }
    )
    assert data.enterprises["extra.rd_expense_rate"].isna().sum() == 4033
    numbers = data.enterprises.drop(columns=["enterprise_id", "as_of"])
    assert numbers.max().max() <= 1
    true = pd.read_parquet(shared_data / "taiwanese_bankruptcy" / "taiwan_95_subset682.parquet")
    kept = data.enterprises["extra.rd_expense_rate"].to_numpy()[true["row"]]
    right = true["Research and development expense rate"].to_numpy()
    np.testing.assert_allclose(kept[~np.isnan(kept)], right[~np.isnan(kept)], atol=1e-9)
    assert right[np.isnan(kept)].max() < 1e-4


def test_research_expense_is_innovation_and_nothing_else_is(imported):
    domains = {extra.name: extra.domain for extra in imported("taiwan").data.meta.extra_features}
    assert [name for name, domain in domains.items() if domain == "innovation"] == ["rd_expense_rate"]


def edited(folder: Path, name: str, change: Callable[[dict], None]) -> Path:  # type: ignore[type-arg]
    """Copy a shipped mapping with one change; the files it names are found from the copy."""
    content = yaml.safe_load(shipped(name).read_text("utf-8"))
    for source in (content["source"], *content.get("tables", {}).values()):
        shutil.copy((shipped(name).parent / source["file"]).resolve(), folder)
        source["file"] = Path(source["file"]).name
    change(content)
    path = folder / "mapping.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


LEAKS = [
    "Term",
    "RealEstate",
    "Recession",
    "daysterm",
    "xx",
    "ChgOffDate",
    "ChgOffPrinGr",
    "BalanceGross",
    "DisbursementDate",
    "DisbursementGross",
]


def leak(column: str) -> dict[str, object]:
    return {"column": column, "name": "leak", "label": {"en": "leak", "zh": "leak"}, "group": "leak"}


@pytest.mark.parametrize("column", [*LEAKS, "Default"])
def test_what_tells_the_outcome_of_a_loan_is_refused_as_a_feature(shared_data, tmp_path, column):
    path = edited(tmp_path, "sba", lambda content: content["extra_features"].append(leak(column)))
    with pytest.raises(ConfigError, match=rf"leak reads {column}, which is"):
        import_dataset(path, tmp_path / "out")


def test_a_leak_taken_off_the_list_is_still_not_silently_ignored(shared_data, tmp_path):
    path = edited(tmp_path, "sba", lambda content: content["known_after"].remove("Term"))
    with pytest.raises(InputError, match="ICS-DAT-005 Term"):
        import_dataset(path, tmp_path / "out")


def test_neither_approval_date_nor_guarantee_nor_outcome_is_a_feature_of_a_loan():
    mapping = load_mapping(shipped("sba"))
    used = {feature.source for feature in mapping.extra_features} | {field.column for field in mapping.fields.values()}
    assert not used & {"ApprovalDate", "ApprovalFY", "SBA_Appv", "Portion", "LoanNr_ChkDgt", "MIS_Status", *LEAKS}


def test_loans_out_of_time_show_how_many_labels_look_ahead(imported):
    report, data = imported("sba-out-of-time").report, imported("sba-out-of-time").data
    split = data.meta.split
    assert isinstance(split, OutOfTimeSplit)
    assert report.split == {"train": 684, "dropped": 228, "test": 1189}
    parts = out_of_time(data.outcomes["as_of"], split.test_from, split.embargo_months)
    assert data.outcomes["bad"][parts.train].sum() == 58
    assert report.label_lookahead == data.meta.label_lookahead == 45
    assert data.outcomes["event_date"].notna().sum() == 686


def test_what_the_codebook_does_not_explain_is_missing_and_counted(imported):
    report, data = imported("sba").report, imported("sba").data
    assert report.unreadable == {
        "extra.new_business": 1,
        "extra.rural": 232,
        "extra.revolving_line": 782,
        "extra.low_doc": 5,
    }
    assert data.enterprises["extra.revolving_line"].isna().sum() == 782 + 2
    assert data.enterprises["extra.lender_bank_of_america"].sum() == 345


def test_the_bank_s_rating_is_no_feature(shared_data, tmp_path, imported):
    assert "信誉评级" in imported("cumcm2020c").report.dropped_columns

    def add(content: dict) -> None:  # type: ignore[type-arg]
        content["extra_features"].append(leak("信誉评级") | {"values": {"A": 1, "B": 2, "C": 3, "D": 4}})

    with pytest.raises(ConfigError, match="信誉评级, which is known_after"):
        import_dataset(edited(tmp_path, "cumcm2020c", add), tmp_path / "out")


def test_every_invoice_is_accounted_for(imported):
    tables = imported("cumcm2020c").report.tables
    assert (tables["sales"].invoices, tables["purchases"].invoices) == (162484, 210947)
    assert (tables["sales"].void, tables["purchases"].void) == (11159 + 47, 7608)
    assert all((table.incomplete, table.strangers, table.later) == (0, 0, 0) for table in tables.values())


def test_the_figures_of_one_firm_are_those_of_its_invoices(imported, shared_data):
    folder = shared_data / "cumcm2020c_sme_credit"
    sales = pd.read_parquet(folder / "invoices_123_output.parquet")
    sales = sales[sales["企业代号"] == "E5"]
    valid = sales[sales["发票状态"].str.strip() == "有效发票"]
    sold = valid[valid["金额"] > 0]
    row = imported("cumcm2020c").data.enterprises.set_index("enterprise_id").loc["E5"]
    assert row["extra.sales_count"] == len(sales)
    assert row["extra.sales_void_share"] == pytest.approx(1 - len(valid) / len(sales))
    assert row["extra.sales_amount_log"] == pytest.approx(np.log1p(valid["金额"].sum()))
    shares = sold.groupby("购方单位代号")["金额"].sum() / sold["金额"].sum()
    assert row["extra.sales_partner_hhi"] == pytest.approx((shares**2).sum())
    months = pd.to_datetime(sold["开票日期"], format="%Y/%m/%d").dt.to_period("M")
    assert row["extra.sales_months_active"] == months.nunique()


def test_the_unrated_firms_are_records_without_outcomes(imported):
    report, data = imported("cumcm2020c-unrated").report, imported("cumcm2020c-unrated").data
    assert (report.rows, report.labelled, report.defaults) == (302, 0, 0)
    assert data.outcomes["bad"].isna().all()
    assert data.meta.outcome is None
    assert data.meta.split is None
    assert data.enterprises["extra.sales_count"].gt(0).all()
    assert list(data.enterprises) == list(imported("cumcm2020c").data.enterprises)
