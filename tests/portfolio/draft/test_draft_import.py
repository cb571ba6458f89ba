"""A draft of a clean table imports as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from openpyxl import load_workbook

from icsml.core.progress import silent
from icsml.portfolio.draft import Role, draft_mapping
from icsml.portfolio.importer import import_dataset
from icsml.portfolio.mapping import load_mapping
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import read_dataset
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.template import usable_names, write_template


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drafted-book")
    synthesize(60, 3, "small", folder, progress=silent)
    return folder


@pytest.mark.parametrize(("labels", "kind"), [("name", "parquet"), ("zh", "csv"), ("en", "csv"), ("zh", "xlsx")])
def test_a_book_comes_back_as_it_was(book: Path, tmp_path: Path, labels: str, kind: str) -> None:
    original = read_dataset(book).enterprises
    headed = original.rename(columns={name: str(getattr(FIELD_BY_NAME[name], labels)) for name in original})
    match kind:
        case "parquet":
            headed.to_parquet(tmp_path / "t.parquet")
        case "csv":
            headed.to_csv(tmp_path / "t.csv", index=False)
        case _:
            headed.astype(object).where(headed.notna(), None).to_excel(tmp_path / "t.xlsx", index=False)
    draft = draft_mapping(tmp_path / f"t.{kind}", tmp_path / "m.yaml")
    assert {column.role for column in draft.columns} == {Role.ID, Role.AS_OF, Role.FIELD}
    report = import_dataset(tmp_path / "m.yaml", tmp_path / "out")
    assert (report.refused, report.unreadable) == (0, {})
    back = read_dataset(tmp_path / "out").enterprises[list(original)]
    pd.testing.assert_frame_equal(back, original, check_dtype=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_filled_in_template_is_drafted_into_its_own_fields(tmp_path: Path, lang: Literal["en", "zh"]) -> None:
    write_template(tmp_path / "t.xlsx", usable_names(), title="test", lang=lang)
    workbook = load_workbook(tmp_path / "t.xlsx")
    sheet, explained = workbook.worksheets
    names = [cell.value for cell in explained["B"][1:]]
    for row in range(2, 6):
        for place, name in enumerate(names, 1):
            sheet.cell(row, place, FIELD_BY_NAME[name].example)
        sheet.cell(row, 1, f"E{row}")
    workbook.save(tmp_path / "t.xlsx")
    draft_mapping(tmp_path / "t.xlsx", tmp_path / "m.yaml")
    assert set(load_mapping(tmp_path / "m.yaml").fields) == set(usable_names()) - {"enterprise_id", "as_of"}
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").rows == 4


@pytest.mark.parametrize(
    ("table", "outcome", "rows", "defaults"),
    [
        ("cumcm2020c_sme_credit/enterprises_123", "是否违约", 123, 27),
        ("polish_bankruptcy/polish_1year", "class", 7027, 271),
        ("sba_california_case/sba_case", "Default", 2101, 686),
        ("taiwanese_bankruptcy/taiwan_22of95", "Bankrupt?", 6819, 220),
    ],
)
def test_real_tables_import_by_their_drafts(
    shared_data: Path, tmp_path: Path, table: str, outcome: str, rows: int, defaults: int
) -> None:
    draft_mapping(shared_data / f"{table}.parquet", tmp_path / "m.yaml")
    mapping = load_mapping(tmp_path / "m.yaml")
    assert mapping.outcome is not None
    assert mapping.outcome.column == outcome
    report = import_dataset(tmp_path / "m.yaml", tmp_path / "out")
    assert (report.rows, report.defaults) == (rows, defaults)


def test_the_loans_are_dated_and_what_came_later_is_kept_out(shared_data: Path, tmp_path: Path) -> None:
    draft_mapping(shared_data / "sba_california_case" / "sba_case.parquet", tmp_path / "m.yaml")
    mapping = load_mapping(tmp_path / "m.yaml")
    assert mapping.as_of is not None
    assert (mapping.as_of.column, mapping.as_of.origin and mapping.as_of.origin.year) == ("ApprovalDate", 1960)
    assert set(mapping.known_after) == {"MIS_Status", "ChgOffPrinGr"}
    assert {"GrAppv", "SBA_Appv", "DisbursementDate"} <= set(mapping.ignore)


def test_a_rating_set_with_the_outcome_is_known_after(shared_data: Path, tmp_path: Path) -> None:
    draft_mapping(shared_data / "cumcm2020c_sme_credit" / "enterprises_123.parquet", tmp_path / "m.yaml")
    assert load_mapping(tmp_path / "m.yaml").known_after == ("信誉评级",)
