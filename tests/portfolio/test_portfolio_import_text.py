"""What ``icsml data import`` tells people: every count that the report holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from icsml.cli import main

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Import a table and return the text."""

    def run(rows: list[tuple[Any, ...]], code: int = 0, **changes: Any) -> str:
        pd.DataFrame(rows, columns=["firm", "d", "status", "gone", "X1"]).to_csv(tmp_path / "firms.csv", index=False)
        content = {
            "name": "small",
            "licence": "internal",
            "source": {"file": "firms.csv"},
            "enterprise_id": "firm",
            "as_of": "d",
            "outcome": {"column": "status", "positive": ["bad"], "horizon_months": 36, "event_date": "gone"},
            "extra_features": [
                {"column": "X1", "name": "x1", "label": {"en": "X", "zh": "X"}, "group": "g", "range": [0, 1]}
            ],
            "split": {"test_from": "2020-01-01", "embargo_months": 12},
            "max_refused": 1,
        } | changes
        (tmp_path / "m.yaml").write_text(yaml.safe_dump(content), "utf-8")
        ended = main._run(["data", "import", "--mapping", str(tmp_path / "m.yaml"), "--out", str(tmp_path / "book")])
        out, err = capsys.readouterr()
        assert ended == code, err
        return out.replace(str(tmp_path / "book"), "BOOK")

    return run


ROWS = [
    ("a", "2017-12-31", "bad", "2020-06-30", "0.5"),
    ("b", "2017-12-31", "good", None, "-"),
    ("c", "2019-12-31", "good", None, "1"),
    ("d", "2020-12-31", "good", None, "7"),
    ("e", "2020-12-31", "bad", "2021-06-30", "1"),
    ("f", "2020-12-31", None, None, "0"),
    ("g", "2020-12-31", "good", None, "0"),
    ("g", "2020-12-31", "good", None, "0"),
    (None, "2020-12-31", "good", None, "0"),
    ("h", None, "good", None, "0"),
]

TEXT = """\
7 rows, 2 bad, 1 unlabelled, in BOOK
3 refused: 2 by rule, 1 duplicate, the first: line 9
labels of all rows read: bad: bad 2; good: good 7; not seen: (empty) 1
outcome.negative is not given: the one remaining value is taken for good
rows refused by rule (a row may stand under several fields):
field          rows  the first
-------------  ----  ---------
enterprise_id  1     line 10
as_of          1     line 11
unreadable values, now missing:
field     values  the first
--------  ------  ---------
extra.x1  1       line 3
values outside their declared range (kept, unless infinite or the mapping says missing or refuse):
field     values
--------  ------
extra.x1  1
split: 2 train, 1 dropped, 3 test
label_lookahead: 1 training events dated after the test began
warning unreadable_values: 1 of 10 values of extra.x1 (10.0%) could not be read and became missing
next: icsml train --data BOOK
"""


def test_the_text_of_an_import_holds_every_count(told):
    assert told(ROWS) == TEXT


def test_a_clean_import_says_little(told):
    said = told([ROWS[0], ROWS[2], ROWS[4]], split={"folds": 2}, extra_features=[], ignore=["X1"])
    assert said.splitlines() == [
        "3 rows, 2 bad, 0 unlabelled, in BOOK",
        "0 refused",
        "labels of all rows read: bad: bad 2; good: good 1",
        "outcome.negative is not given: the one remaining value is taken for good",
        "warning mostly_bad: 2 of 3 labelled rows (66.7%) are bad: do the values of outcome.positive mean bad?",
        "next: icsml train --data BOOK",
    ]


def test_what_becomes_of_labels_is_told(told):
    labels = {"positive": ["bad"], "negative": ["good"]}
    outcome = labels | {"column": "status", "horizon_months": 12, "event_date": "gone"}
    late = ("i", "2017-12-31", "bad", "2019-01-01", "0.5")
    said = told([*ROWS[1:5], late, (None, "2017-12-31", "bad", None, "0")], outcome=outcome).splitlines()
    assert "labels of all rows read: bad: bad 3; good: good 3" in said
    assert "1 default in refused rows" in said
    assert "1 default after the horizon, so good within it" in said
    assert not any("negative is not given" in line for line in said)


def test_a_blocking_check_ends_with_exit_1_and_the_data_set_says_so(told, tmp_path):
    said = told(ROWS, code=1, max_refused=0.29)
    assert "BLOCKED refused_rows: 3 of 10 rows (30.0%) are refused, more than max_refused allows (29.0%)" in said
    assert "next:" not in said
    meta = yaml.safe_load((tmp_path / "book" / "dataset.yaml").read_text("utf-8"))
    assert ("refused_rows", "block") in {(finding["id"], finding["level"]) for finding in meta["checks"]}
    assert told(ROWS, max_refused=0.3).count("BLOCKED") == 0


def test_without_a_default_left_the_data_set_is_written_and_exit_is_1(told, tmp_path):
    said = told([(None, "2017-12-31", "bad", None, "0"), *ROWS[1:4]], code=1, split={"folds": 2})
    assert "BLOCKED no_defaults: no default is left: 1 stood in refused rows" in said
    assert (tmp_path / "book" / "enterprises.parquet").is_file()


def test_without_labels_the_next_step_is_to_score(told):
    said = told([ROWS[0], ROWS[0]], outcome=None, split=None, ignore=["status", "gone"]).splitlines()
    assert said == [
        "1 rows, no labels, in BOOK",
        "1 refused: 0 by rule, 1 duplicate, the first: line 3",
        "next: icsml score --model REF --in BOOK/enterprises.parquet --out scores.parquet",
    ]
