"""``icsml ledger dataset``: recorded decisions and what became of them, as `icsml train` reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from ledger_tables import payload
from pandas.testing import assert_frame_equal

from icsml.ledger import Entry, Ledger
from icsml.ledger.store import walking
from icsml.records.dataset import FoldSplit, OutOfTimeSplit, read_dataset
from icsml.records.enterprise import frame_records
from icsml.records.extra import ExtraFeature
from icsml.texts.label import Label
from icsml.workflows import ledger_dataset

MODEL = {"name": "m", "version": "3", "bundle_sha256": "b" * 64, "event": "default", "horizon_months": 12}
ARREARS = ExtraFeature(name="arrears", label=Label(en="Arrears", zh="欠费"), group="conduct", range=(0, None))


class Book:
    """A ledger to which a decision is added each day from 1 July on."""

    def __init__(self, ledger):
        self.ledger, self.number = ledger, 0

    def decide(self, request, model=(), tenant="bank-a"):
        self.number += 1
        name = f"d-{self.number}"
        decision = {"decision_id": name, "decided_at": "2026-07-01T08:00:00.000000Z", "model": MODEL | dict(model)}
        decision |= {part: request.get(part) for part in ("enterprise_id", "as_of")}
        self.ledger.record(tenant, name, payload(name, request=request, decision=decision))
        return name

    def told(self, name, firm, as_of, about=None, **told):
        event = {"event_id": name, "kind": "outcome", "decision_id": about, "as_of": as_of, **told}
        self.ledger.record_all([Entry.of_event("bank-a", event, enterprise_id=firm)])


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    monkeypatch.setattr(walking, "_GROUP", 3)
    monkeypatch.setattr(ledger_dataset, "_AT_ONCE", 4)
    made = SimpleNamespace()
    with Ledger.open(clock=lambda: datetime(2026, 7, made.book.number or 1, tzinfo=UTC)) as ledger:
        made.book = Book(ledger)
        yield made.book


def record(firm, as_of, **values):
    return {"enterprise_id": firm, "as_of": as_of, "revenue_cny": 1e7} | values


def test_the_rows_are_the_records_as_they_were_decided_on(book, icsml, icsml_json, enterprises, tmp_path):
    rows = enterprises.head(30)
    for each in frame_records(rows):
        book.decide(each.model_dump(mode="json", exclude_none=True, exclude={"extra"}))
    for number, (firm, as_of) in enumerate(zip(rows["enterprise_id"], rows["as_of"].dt.date, strict=True)):
        book.told(f"o-{number}", firm, str(as_of), bad=number % 3 == 0)
    told = icsml_json("ledger", "dataset", "--tenant", "bank-a", "--out", tmp_path / "data")
    assert (told["rows"], told["labelled"], told["defaults"]) == (30, 30, 10)
    found = read_dataset(tmp_path / "data")
    known = [name for name in rows if rows[name].notna().any()]
    assert set(found.enterprises) == set(known) == {*found.meta.fields}
    expected = rows[list(found.enterprises)].reset_index(drop=True)
    assert_frame_equal(found.enterprises, expected, check_dtype=False)
    assert found.outcomes["event"].dropna().to_dict() == dict.fromkeys(range(0, 30, 3), "default")
    assert found.meta.split == FoldSplit(folds=5)
    assert icsml("data", "check", "--data", tmp_path / "data")[0] in (0, 1)


def test_outcomes_stand_beside_the_last_decision_on_a_firm_and_date(book, icsml, icsml_json, tmp_path):
    book.decide(record("e-1", "2024-03-31"))
    first = book.decide(record("e-2", "2024-03-31", revenue_cny=1.0))
    book.decide(record("e-2", "2024-03-31", revenue_cny=2e7, staff_total=7))
    book.decide(record("e-2", "2025-06-30"))
    book.decide(record("e-3", "2024-03-31"))
    book.decide(record("gone", "2024-03-31"))
    book.decide(record("e-4", None))
    book.decide(record("e-5", "2024-03-31", not_known_any_more=1))
    book.decide(record("e-1", "2024-03-31"), tenant="bank-b")
    book.told("o-1", "e-1", "2024-03-31", bad=False)
    book.told("o-2", "e-2", "2024-03-31", first, bad=True, event="bankruptcy", event_date="2025-01-05")
    book.told("o-5", "e-2", "2025-06-30", bad=False)
    book.told("o-3", "e-3", "2024-03-31", bad=True)
    book.told("o-4", "e-3", "2024-03-31", bad=False)
    book.ledger.erase_enterprise("bank-a", "gone", reason="asked for it", by="officer")
    told = icsml_json(
        "ledger", "dataset", "--tenant", "bank-a", "--out", tmp_path / "data", "--test-from", "2025-06-01"
    )
    assert told == {
        "rows": 4, "labelled": 3, "defaults": 1, "contradictory": 1, "earlier": 1, "erased": 1, "undated": 1,
        "not_acceptable": 1, "out": str(tmp_path / "data"),
    }  # fmt: skip
    found = read_dataset(tmp_path / "data")
    assert found.enterprises["revenue_cny"].tolist() == [1e7, 2e7, 1e7, 1e7]
    outcomes = found.outcomes
    assert outcomes["enterprise_id"].tolist() == ["e-1", "e-2", "e-2", "e-3"]
    np.testing.assert_array_equal(outcomes["bad"], [0, 1, 0, np.nan])
    assert outcomes["event"].dropna().to_dict() == {1: "bankruptcy"}
    assert str(outcomes["event_date"][1].date()) == "2025-01-05"
    assert found.meta.split == OutOfTimeSplit(test_from="2025-06-01", embargo_months=12)
    assert (found.meta.label_lookahead, found.meta.outcome.horizon_months) == (0, 12)
    _, out, _ = icsml("ledger", "dataset", "--tenant", "bank-a", "--out", tmp_path / "data")
    assert "1 rows have outcomes that contradict one another" in out
    assert "left out: 1 erased" in out


def test_extra_features_are_declared_as_the_bundle_does(book, icsml_json, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "icsml.cli.ledger_dataset_command.Bundles",
        lambda _: SimpleNamespace(get=lambda _: SimpleNamespace(extras=(ARREARS,))),
    )
    for number in range(6):
        book.decide(record(f"e-{number}", "2024-06-30", **({"extra": {"arrears": 3.0}} if number == 5 else {})))
    icsml_json("ledger", "dataset", "--tenant", "bank-a", "--out", tmp_path / "data")
    found = read_dataset(tmp_path / "data")
    assert found.enterprises["extra.arrears"].dropna().to_dict() == {5: 3.0}
    assert found.meta.extra_features == [ARREARS]


def test_decisions_of_several_meanings_make_no_data_set(book, icsml, icsml_json, tmp_path):
    book.decide(record("e-1", "2024-06-30"))
    book.decide(record("e-2", "2024-06-30"), model={"horizon_months": 24})
    command = ["ledger", "dataset", "--tenant", "bank-a", "--out", tmp_path / "data"]
    code, _, err = icsml(*command)
    assert (code, "ICS-LED-061" in err, "default within 12 months, default within 24 months" in err) == (2, True, True)
    assert not (tmp_path / "data").exists()
    for option, firm in (("--until", "e-1"), ("--since", "e-2")):
        assert icsml_json(*command, option, "2026-07-02")["rows"] == 1
        assert read_dataset(tmp_path / "data").enterprises["enterprise_id"].tolist() == [firm]


def test_what_cannot_be_is_refused(book, icsml, tmp_path):
    book.decide(record("e-1", "2024-06-30"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    for options, code in (
        (["--tenant", "nobody", "--out", tmp_path / "data"], "ICS-LED-060"),
        (["--tenant", "bank-a", "--out", tmp_path / "full"], "ICS-DAT-011"),
        (["--tenant", "bank-a", "--out", tmp_path / "d", "--folds", "3", "--test-from", "2025-01-01"], "ICS-CLI-014"),
    ):
        exit_code, _, err = icsml("ledger", "dataset", *options)
        assert (exit_code, code in err) == (2, True)
