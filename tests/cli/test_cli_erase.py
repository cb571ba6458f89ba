"""``icsml ledger erase``: what it needs, what is left, and that the erasure is signed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from ledger_tables import payload

from icsml.errors import LedgerError
from icsml.ledger import Ledger

WHY = ["--reason", "asked for it", "--by", "clerk"]
FIRM = ["--enterprise", "e-1", "--tenant", "bank-a"]


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Four decisions on two firms, on four days."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    days = iter(range(1, 30))
    with Ledger.open(clock=lambda: datetime(2026, 7, next(days), tzinfo=UTC)) as ledger:
        for number in range(4):
            decision = {"decision_id": f"d-{number}", "enterprise_id": f"e-{number % 2}"}
            ledger.record("bank-a", f"d-{number}", payload(f"d-{number}", decision=decision))


@pytest.fixture
def run(icsml, recorded):
    def run(*arguments):
        code, out, err = icsml("ledger", *arguments, "--json")
        return code, json.loads(out) if out else None, err

    return run


def readable():
    def there(ledger, name):
        try:
            return ledger.find(name) is not None
        except LedgerError:
            return False

    with Ledger.open(create=False) as ledger:
        return [number for number in range(4) if there(ledger, f"d-{number}")]


def test_a_firm_is_erased_and_the_erasure_signed(run):
    assert run("erase", *FIRM, *WHY, "--yes")[:2] == (0, {"erased": 2, "damaged": [], "unreadable": []})
    assert readable() == [0, 2]
    code, found, _ = run("verify")
    assert (code, found["ok"], found["erased"], found["checkpoints"]) == (0, True, 2, 1)
    code, out, err = run("erase", *FIRM, *WHY, "--yes")
    assert (code, out, "ICS-CLI-005" in err) == (3, None, True)


def test_what_is_older_than_a_day_is_erased(run):
    assert run("erase", "--before", "2026-07-03", *WHY, "--yes")[:2] == (
        0,
        {"erased": 2, "damaged": [], "unreadable": []},
    )
    assert readable() == [2, 3]
    assert run("erase", "--before", "2026-07-03", *WHY, "--yes")[:2] == (
        0,
        {"erased": 0, "damaged": [], "unreadable": []},
    )


@pytest.mark.parametrize(
    "arguments", [[], FIRM[:2], FIRM[2:], [*FIRM, "--before", "2026-07-03"], ["--before", "2026-07-03", *FIRM[:2]]]
)
def test_it_must_be_said_what_is_erased(run, arguments):
    code, out, err = run("erase", *arguments, *WHY, "--yes")
    assert (code, out, "ICS-CLI-015" in err) == (2, None, True)
    assert readable() == [0, 1, 2, 3]


def test_without_a_yes_nothing_is_erased(run, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert run("erase", *FIRM, *WHY)[0] == 1
    assert readable() == [0, 1, 2, 3]


def test_a_blank_reason_is_refused(run):
    code, _, err = run("erase", *FIRM, "--reason", " ", "--by", "clerk", "--yes")
    assert (code, "ICS-LED-028" in err) == (2, True)
    assert readable() == [0, 1, 2, 3]


def test_an_erasure_that_is_not_overwritten_is_signed_all_the_same(run, monkeypatch, tmp_path):
    monkeypatch.setattr("icsml.ledger.store.overwriting.OVERWRITE_SECONDS", 0.1)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM payload_key").fetchall()
        code, _, err = run("erase", *FIRM, *WHY, "--yes")
        assert (code, "ICS-LED-027" in err, "icsml ledger overwrite" in err) == (3, True, True)
        assert run("overwrite", "--yes")[0] == 3
    assert readable() == [0, 2]
    assert run("overwrite", "--yes")[:2] == (0, {"overwritten": True})
    code, found, _ = run("verify")
    assert (code, found["erased"], found["unsigned"], found["checkpoints"]) == (0, 2, 4, 1)


def test_without_a_yes_nothing_is_overwritten(run, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert run("overwrite")[0] == 1


def test_what_may_be_of_the_firm_and_cannot_be_read_is_named(run, icsml, tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute("UPDATE payload SET bytes = X'00' WHERE decision_id = 'd-0'")
        connection.execute("DELETE FROM payload_key WHERE decision_id = 'd-0'")
    code, told, _ = run("erase", *FIRM, *WHY, "--yes")
    assert (code, told) == (1, {"erased": 2, "damaged": [], "unreadable": ["d-0"]})
    code, out, _ = icsml("ledger", "erase", *FIRM, *WHY, "--yes")
    assert (code, "NOT ERASED d-0" in out) == (1, True)
