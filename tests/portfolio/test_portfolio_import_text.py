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

    def run(rows: list[tuple[Any, ...]], **changes: Any) -> str:
        pd.DataFrame(rows, columns=["firm", "d", "status", "gone", "X1"]).to_csv(tmp_path / "firms.csv", index=False)
        content = {
            "name": "small",
            "licence": "internal",
            "source": {"file": "firms.csv"},
            "enterprise_id": "firm",
            "as_of": "d",
            "outcome": {"column": "status", "positive": ["bad"], "horizon_months": 12, "event_date": "gone"},
            "extra_features": [
                {"column": "X1", "name": "x1", "label": {"en": "X", "zh": "X"}, "group": "g", "range": [0, 1]}
            ],
            "split": {"test_from": "2020-01-01"},
        } | changes
        (tmp_path / "m.yaml").write_text(yaml.safe_dump(content), "utf-8")
        code = main._run(["data", "import", "--mapping", str(tmp_path / "m.yaml"), "--out", str(tmp_path / "book")])
        out, err = capsys.readouterr()
        assert code == 0, err
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
3 refused: 2 by rule, 1 duplicate
rows refused by rule (a row may stand under several fields):
field          rows
-------------  ----
enterprise_id  1
as_of          1
unreadable values, now missing:
field     values
--------  ------
extra.x1  1
values outside their declared range:
field     values
--------  ------
extra.x1  1
split: 2 train, 1 dropped, 3 test
label_lookahead: 1 training events dated after the test began
next: icsml train --data BOOK
"""


def test_the_text_of_an_import_holds_every_count(told):
    assert told(ROWS) == TEXT


def test_a_clean_import_says_little(told):
    said = told([ROWS[0], ROWS[2], ROWS[4]], split={"folds": 2}, extra_features=[], ignore=["X1"])
    assert said == "3 rows, 2 bad, 0 unlabelled, in BOOK\n0 refused\nnext: icsml train --data BOOK\n"


def test_without_labels_the_next_step_is_to_score(told):
    said = told([ROWS[0], ROWS[0]], outcome=None, split=None, ignore=["status", "gone"]).splitlines()
    assert said == [
        "1 rows, no labels, in BOOK",
        "1 refused: 0 by rule, 1 duplicate",
        "next: icsml score --model REF --in BOOK/enterprises.parquet --out scores.parquet",
    ]
