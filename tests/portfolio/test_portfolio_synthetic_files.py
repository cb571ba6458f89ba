"""The synthetic portfolio as a data set on disk: determinism, chunks, errors, the truth apart."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.core.canonical import sha256_file
from icsml.errors import InputError
from icsml.portfolio.synthetic import Portfolio, draw_portfolio, synthesize
from icsml.portfolio.synthetic.parameters import DATA_END, PARAMETERS, timeline
from icsml.records.dataset import OutOfTimeSplit, read_dataset

FILES = ("enterprises.parquet", "outcomes.parquet", "truth.parquet")
DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "synthetic-book.md"


def _equal(one: Portfolio, other: Portfolio) -> None:
    for name in ("enterprises", "outcomes", "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def _first(drawn: Portfolio, enterprises: int) -> Portfolio:
    """The rows of the first enterprises; the codes are in order."""
    rows = drawn.enterprises["enterprise_id"] <= f"E{enterprises:07d}"
    return Portfolio(*(getattr(drawn, name)[rows] for name in ("enterprises", "outcomes", "truth")))


@pytest.fixture(scope="module")
def whole() -> Portfolio:
    return draw_portfolio(4_500, 11, "small")


def test_files_hold_the_book(tmp_path: Path, whole: Portfolio) -> None:
    report = synthesize(4_500, 11, "small", tmp_path)
    read = (pd.read_parquet(tmp_path / name) for name in FILES)
    _equal(Portfolio(*read), whole)
    assert report.rows == len(whole.enterprises)
    assert report.defaults == whole.outcomes["bad"].sum() > 0


@pytest.mark.parametrize("chunk_rows", [1_000, 10**7])
def test_rows_do_not_depend_on_the_chunk(tmp_path: Path, whole: Portfolio, chunk_rows: int) -> None:
    synthesize(4_500, 11, "small", tmp_path, chunk_rows=chunk_rows)
    _equal(Portfolio(*(pd.read_parquet(tmp_path / name) for name in FILES)), whole)
    file = pq.ParquetFile(tmp_path / "enterprises.parquet")
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert set(sizes[:-1]) <= {chunk_rows}


@settings(max_examples=8, deadline=None)
@given(enterprises=st.integers(1, 4_499))
def test_smaller_book_is_the_beginning_of_a_larger_one(whole: Portfolio, enterprises: int) -> None:
    _equal(draw_portfolio(enterprises, 11, "small"), _first(whole, enterprises))


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    synthesize(300, 5, "none", here)
    code = (
        "import sys; from pathlib import Path; from icsml.portfolio.synthetic import synthesize; "
        "synthesize(300, 5, 'none', Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment)
    for name in (*FILES, "dataset.yaml"):
        assert sha256_file(here / name) == sha256_file(there / name), name


def test_seed_makes_the_book() -> None:
    assert not draw_portfolio(50, 1).enterprises.equals(draw_portfolio(50, 2).enterprises)


def test_effect_moves_events_only() -> None:
    """Before anything has happened the two worlds look alike: first rows differ in outcome, never in the record."""
    none, small = draw_portfolio(500, 4, "none"), draw_portfolio(500, 4, "small")
    first = [drawn.truth.drop_duplicates("enterprise_id") for drawn in (none, small)]
    columns = ["enterprise_id", "as_of", "health", "capability", "management", "stage"]
    pd.testing.assert_frame_equal(first[0][columns].reset_index(drop=True), first[1][columns].reset_index(drop=True))


def test_every_enterprise_is_in_the_book(whole: Portfolio) -> None:
    assert whole.enterprises["enterprise_id"].nunique() == 4_500


@pytest.mark.parametrize("enterprises", [1, 100])
def test_small_books_work(tmp_path: Path, enterprises: int) -> None:
    assert synthesize(enterprises, 0, "small", tmp_path).rows >= enterprises
    assert read_dataset(tmp_path).meta.rows == len(pd.read_parquet(tmp_path / FILES[0]))


def test_data_set_says_what_it_is(tmp_path: Path) -> None:
    report = synthesize(500, 2, "none", tmp_path)
    data = read_dataset(tmp_path)
    assert data.meta.synthetic
    assert data.meta.timing == "stated"
    assert (data.meta.rows, data.meta.defaults) == (report.rows, report.defaults)
    assert data.meta.outcome is not None
    assert (data.meta.outcome.event, data.meta.outcome.horizon_months) == ("default", 12)
    assert data.meta.fields == list(data.enterprises.columns)
    assert data.meta.label_lookahead == 0


def test_split_tests_on_the_last_two_years_and_knows_nothing_of_them(tmp_path: Path) -> None:
    synthesize(3_000, 2, "small", tmp_path)
    data = read_dataset(tmp_path)
    assert isinstance(data.meta.split, OutOfTimeSplit)
    test_from = pd.Timestamp(data.meta.split.test_from)
    outcomes = data.outcomes.dropna(subset=["bad"])
    train = outcomes["as_of"] < test_from - pd.DateOffset(months=data.meta.split.embargo_months or 0)
    assert (outcomes["event_date"][train].dropna() < test_from).all()
    tested = outcomes["as_of"][outcomes["as_of"] >= test_from]
    assert (tested.max() - tested.min()).days == pytest.approx(730, abs=5)
    assert train.sum() > len(tested) > 1_000


@settings(deadline=None)
@given(years=st.integers(5, 20))
def test_training_outcomes_are_known_when_the_test_begins(years: int) -> None:
    line = timeline(years)
    assert line.first + years - 1 == 2025
    assert (line.test_from - line.first_day).astype(int) >= 365 * 2
    assert (DATA_END - line.last_labelled).astype(int) == 365


def test_truth_lies_apart(tmp_path: Path) -> None:
    synthesize(200, 2, "small", tmp_path)
    before = read_dataset(tmp_path)
    (tmp_path / "truth.parquet").unlink()
    after = read_dataset(tmp_path)
    assert after.digest == before.digest
    hidden = {"pd", "pd_through_cycle", "health", "capability", "management", "macro", "judgement", "declined"}
    assert not hidden & (set(after.enterprises) | set(after.outcomes))


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    synthesize(5_000, 0, "none", tmp_path, progress=told.append)
    assert len(told) == 3
    assert "100%" in told[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"enterprises": 0}, "ICS-DAT-101", "enterprises"),
        ({"seed": -1}, "ICS-DAT-101", "seed"),
        ({"effect": "reversed"}, "ICS-DAT-102", "effect"),
        ({"years": 4}, "ICS-DAT-103", "years"),
        ({"chunk_rows": 0}, "ICS-DAT-104", "chunk_rows"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, Any], code: str, field: str
) -> None:
    good: dict[str, Any] = {"enterprises": 10, "seed": 0, "effect": "small", "out": tmp_path / "new"}
    with pytest.raises(InputError) as refused:
        synthesize(**{**good, **arguments})
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.remedy
    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InputError, match="ICS-DAT-105"):
        synthesize(10, 0, "small", tmp_path / "taken")


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("kept")
    with pytest.raises(InputError, match="ICS-DAT-105"):
        synthesize(10, 0, "small", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_an_interrupted_run_leaves_nothing_half_written(tmp_path: Path) -> None:
    def interrupt(message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(100, 0, "small", tmp_path, chunk_rows=10, progress=interrupt)
    assert not list(tmp_path.iterdir())


def test_every_weighty_assumption_is_in_the_document() -> None:
    section = DOCUMENT.read_text("utf-8").split("## Assumptions")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, flags=re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == asdict(PARAMETERS)
