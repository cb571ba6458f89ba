"""Whatever the table, a draft is a mapping that is accepted and names every column exactly once."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.portfolio.draft import draft_mapping
from icsml.portfolio.mapping import load_mapping

ROWS = 6
HEADINGS = st.one_of(
    st.sampled_from(
        [
            *(
                "企业编号",
                "营业收入(万元)",
                "是否违约",
                "申请日期",
                "资产总计",
                "年度",
                "核销日期",
                "担保方式",
                "status",
                "Default",
            ),
            *(
                "yes",
                "1",
                "null",
                "a: b",
                "#x",
                "- y",
                "[z]",
                "it's",
                'say "no"',
                "x,y",
                "revenue_cny",
                "region",
                "on",
                "%",
            ),
            *(
                "y",
                "class",
                "pd",
                "成立日期",
                "高企",
                "bank_grade",
                "technical_field",
                "year",
                "X1",
                "x1",
                "x_2",
                "{c}",
            ),
        ]
    ),
    st.text("企业收入年日期是否abZ_9 .;:(%)&*!?", min_size=1, max_size=12),
)
WORDS = st.sampled_from(
    ["是", "否", "-", "暂无", "NA", "1", "0", "007", "12%", "1,234", "公司", "D", "a: b", "#", "'", "-999"]
)
DAYS = st.dates(date(1990, 1, 1), date(2025, 1, 1))
CELLS = (
    st.lists(st.one_of(st.none(), st.integers(-5, 40_000)), min_size=ROWS, max_size=ROWS),
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)), min_size=ROWS, max_size=ROWS),
    st.lists(st.one_of(st.none(), WORDS), min_size=ROWS, max_size=ROWS),
    st.lists(DAYS.map(lambda day: f"{day:%d/%m/%Y}"), min_size=ROWS, max_size=ROWS),
    st.lists(DAYS, min_size=ROWS, max_size=ROWS),
    st.just([None] * ROWS),
)
Columns = dict[str, list[Any]]


def _named(parts: list[tuple[str, list[Any]]]) -> Columns:
    found = {heading.strip(): cells for heading, cells in parts if heading.strip()}
    return {"序": list(range(1, ROWS + 1)), "完": ["z"] * ROWS} | found


TABLES = st.lists(st.tuples(HEADINGS, st.one_of(*CELLS)), max_size=6).map(_named)


def _csv(path: Path, columns: Columns) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in zip(*columns.values(), strict=True))


def _xlsx(path: Path, columns: Columns) -> None:
    book = openpyxl.Workbook()
    book.active.append(list(columns))
    for row in zip(*columns.values(), strict=True):
        book.active.append(list(row))
    book.save(path)


def _parquet(path: Path, columns: Columns) -> None:
    parquet.write_table(arrow.table({name: arrow.array(cells) for name, cells in columns.items()}), path)


@pytest.mark.parametrize(("suffix", "write"), [("csv", _csv), ("xlsx", _xlsx), ("parquet", _parquet)])
@settings(max_examples=30, deadline=None)
@given(columns=TABLES)
def test_a_draft_of_any_table_is_accepted_and_names_every_column_once(
    suffix: str, write: Any, columns: Columns
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / f"表 1.{suffix}", Path(folder) / "maps" / "m.yaml"
        write(file, columns)
        draft = draft_mapping(file, out)
        mapping = load_mapping(out)
    named = Counter(
        [
            *mapping.known_after,
            *mapping.ignore,
            *(feature.source for feature in mapping.extra_features),
            *(field.column for field in mapping.fields.values()),
            *([mapping.enterprise_id] if mapping.enterprise_id else []),
            *([mapping.as_of.column] if mapping.as_of else []),
            *([mapping.outcome.column] if mapping.outcome else []),
            *([mapping.outcome.event_date.column] if mapping.outcome and mapping.outcome.event_date else []),
        ]
    )
    assert named == Counter(list(columns))
    assert [column.name for column in draft.columns] == list(columns)
