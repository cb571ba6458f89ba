"""Parquet as others write it: folders of parts, keys in folder names, columns that stand twice, parts that differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from icsml.core.parquet import ParquetParts
from icsml.errors import InputError, MissingError

CODE = "ICS-X-001"


def write(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def test_a_folder_is_read_in_the_order_of_its_names_and_types_stay_exact(tmp_path):
    big = 2**53 + 1
    write(tmp_path / "t" / "part-1.parquet", id=[3, None], x=["c", None])
    write(tmp_path / "t" / "part-0.parquet", id=[big, 2], x=["a", "b"])
    (tmp_path / "t" / "_SUCCESS").write_text("")
    (tmp_path / "t" / ".part-0.parquet.crc").write_text("x")
    parts = ParquetParts.open(tmp_path / "t", CODE)
    assert parts.rows == 4
    assert parts.read().to_pydict() == {"id": [big, 2, 3, None], "x": ["a", "b", "c", None]}
    assert parts.read(["x"]).column_names == ["x"]
    assert [parts.location(row) for row in range(4)] == [
        "row 1 of part-0.parquet",
        "row 2 of part-0.parquet",
        "row 1 of part-1.parquet",
        "row 2 of part-1.parquet",
    ]
    assert [table.num_rows for table in parts.batches(1)] == [1, 1, 1, 1]
    assert pa.concat_tables(parts.batches(1)).to_pydict() == parts.read().to_pydict()


def test_what_folders_name_is_a_text_column(tmp_path):
    write(tmp_path / "t" / "region=007" / "part.parquet", id=[1])
    write(tmp_path / "t" / "region=__HIVE_DEFAULT_PARTITION__" / "part.parquet", id=[2])
    write(tmp_path / "t" / "region=a%2Fb" / "part.parquet", id=[3])
    parts = ParquetParts.open(tmp_path / "t", CODE)
    assert sorted(zip(*parts.read().to_pydict().values(), strict=True)) == [(1, "007"), (2, None), (3, "a/b")]
    assert parts.schema.names == ["id", "region"]
    assert pa.concat_tables(parts.batches(10)).num_rows == 3


def test_codes_of_a_dictionary_are_read_as_their_values(tmp_path):
    pq.write_table(pa.table({"x": pa.array(["b", "a", "b"]).dictionary_encode()}), tmp_path / "t.parquet")
    table = ParquetParts.open(tmp_path / "t.parquet", CODE).read()
    assert table.schema.field("x").type == pa.string()
    assert table.to_pydict() == {"x": ["b", "a", "b"]}


def test_text_that_repeats_is_read_by_dictionary_where_asked(tmp_path):
    codes = pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), pa.array([1, 2]))
    write(tmp_path / "t" / "k=v" / "a.parquet", x=["b", None, "b"], y=["c", "d", None], n=[1, 2, 3], codes=codes)
    parts = ParquetParts.open(tmp_path / "t", CODE)
    (table,) = parts.batches(10, dictionaries=["x", "n", "codes", "k", "absent"])
    assert table.schema.field("x").type == pa.dictionary(pa.int32(), pa.string())
    assert table.drop_columns("x").schema == parts.read().drop_columns("x").schema
    assert table.to_pydict() == parts.read().to_pydict()


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path):
    numbers = np.random.default_rng(1).random(1 << 20)
    pq.write_table(pa.table({"x": numbers}), tmp_path / "t.parquet", row_group_size=1 << 15, use_dictionary=False)
    before, most, rows = pa.total_allocated_bytes(), 0, 0
    for table in ParquetParts.open(tmp_path / "t.parquet", CODE).batches(1 << 15):
        rows += table.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == len(numbers)
    assert 0 < most < numbers.nbytes / 4


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"id": [1]}, "is not in every part"),
        ({"id": [1], "x": ["a"], "y": [1]}, "is not in every part"),
        ({"id": [1.0], "x": ["a"]}, "has another type in another part"),
    ],
)
def test_parts_that_differ_are_refused_and_nothing_is_filled_in(tmp_path, columns, wrong):
    write(tmp_path / "t" / "a.parquet", id=[1], x=["a"])
    write(tmp_path / "t" / "b.parquet", **columns)
    with pytest.raises(InputError, match=wrong) as error:
        ParquetParts.open(tmp_path / "t", CODE)
    assert error.value.code == CODE
    assert "b.parquet" in error.value.message


def test_a_column_that_stands_twice_is_refused(tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"x: the column appears 2 times in t\.parquet"):
        ParquetParts.open(tmp_path / "t.parquet", CODE)


def test_what_is_not_there_or_no_parquet_is_said(tmp_path):
    with pytest.raises(MissingError, match="no such file"):
        ParquetParts.open(tmp_path / "none.parquet", CODE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no Parquet file in this folder"):
        ParquetParts.open(tmp_path / "empty", CODE)
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(InputError, match=r"mine: not a sound Parquet file"):
        ParquetParts.open(tmp_path / "text.parquet", CODE, name="mine")
    write(tmp_path / "mixed" / "a.parquet", id=[1])
    (tmp_path / "mixed" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"also holds notes\.txt"):
        ParquetParts.open(tmp_path / "mixed", CODE)
