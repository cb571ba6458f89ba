"""``icsml ledger list`` and ``export``."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ledger_tables import execute, payload
from pyarrow import parquet

from icsml.ledger import Entry, Ledger
from icsml.ledger.store.chain_tables import CHAIN
from icsml.workflows import ledger_export


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Five decisions of `bank-a` on two firms, one of which was erased, and one decision of `bank-b`."""
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    days = iter(range(1, 30))
    with Ledger.open(clock=lambda: datetime(2026, 7, next(days), tzinfo=UTC)) as ledger:
        for number in range(5):
            _record(ledger, "bank-a", f"d-{number}", f"e-{number % 2}", number + 1)
        _record(ledger, "bank-b", "o-1", "e-0", 1)
        ledger.erase_enterprise("bank-a", "e-1", reason="asked for", by="clerk")
    return tmp_path


def _record(ledger, tenant, name, firm, day):
    decision = {
        "decision_id": name,
        "decided_at": f"2026-06-0{day}T08:00:00.000000Z",
        "enterprise_id": firm,
        "grade": "AA" if day < 4 else "BB",
        "pd": 0.02,
        "score": 612,
        "model": {"name": "m", "version": "3", "bundle_sha256": "b" * 64},
        "adverse_reasons": [{"code": "R1"}, {"code": f"R{day}"}],
    }
    ledger.record(tenant, name, payload(name, decision=decision))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["d-4", "d-2", "d-0"]),
        (["--grade", "AA"], ["d-2", "d-0"]),
        (["--reason", "R3"], ["d-2"]),
        (["--enterprise-id", "e-1"], []),
        (["--from", "2026-06-03"], ["d-4", "d-2"]),
        (["--from", "2026-06-03", "--to", "2026-06-03"], ["d-2"]),
        (["--to", "9999-12-31", "--limit", "3"], ["d-4", "d-2", "d-0"]),
    ],
)
def test_the_list_is_of_one_tenant_newest_first(recorded, icsml_json, options, expected):
    found = icsml_json("ledger", "list", "--tenant", "bank-a", *options)
    assert [each["decision_id"] for each in found["decisions"]] == expected
    assert found["more"] is False


def test_the_list_says_that_there_are_more(recorded, icsml, icsml_json):
    assert icsml_json("ledger", "list", "--tenant", "bank-a", "--limit", "2")["more"] is True
    code, out, _ = icsml("ledger", "list", "--tenant", "bank-a", "--limit", "2")
    assert code == 0
    assert "d-4" in out
    assert "d-0" not in out
    assert "more than 2" in out


def test_days_that_are_none_or_the_wrong_way_are_refused(recorded, icsml):
    for options in (["--from", "yesterday"], ["--from", "2026-06-03", "--to", "2026-06-02"]):
        code, _, err = icsml("ledger", "list", "--tenant", "bank-a", *options)
        assert code == 2
        assert "ICS-CLI-004" in err


def exported(icsml_json, path, *options):
    told = icsml_json("ledger", "export", "--out", path, *options)
    rows = parquet.read_table(path).to_pylist()
    assert told["decisions"] == len(rows)
    return {row["decision_id"]: row for row in rows}


def test_the_export_has_a_row_for_each_decision(recorded, icsml_json, monkeypatch):
    monkeypatch.setattr(ledger_export, "_AT_ONCE", 1)  # several row groups
    rows = exported(icsml_json, recorded / "out.parquet", "--payload")
    assert list(rows) == ["d-0", "d-1", "d-2", "d-3", "d-4", "o-1"]
    assert [name for name, row in rows.items() if row["erased"]] == ["d-1", "d-3"]
    names = [column.name for column in CHAIN.c]
    chain = execute(f"sqlite:///{recorded / 'ledger.db'}", f"SELECT {', '.join(names)} FROM chain")
    assert {row for row in chain if row[names.index("decision_id")] in rows} == {
        tuple(row[name] for name in names) for row in rows.values()
    }
    for name, row in rows.items():
        if row["erased"]:
            assert row["payload"] is row["decided_at"] is row["reasons"] is None
        else:
            decision = json.loads(row["payload"])["decision"]
            assert decision["decision_id"] == name
            assert {part: row[part] for part in ("grade", "pd", "score", "enterprise_id", "decided_at")} == {
                part: decision[part] for part in ("grade", "pd", "score", "enterprise_id", "decided_at")
            }
            assert set(row["reasons"]) == {reason["code"] for reason in decision["adverse_reasons"]}


def test_the_export_of_one_tenant_since_a_day(recorded, icsml_json):
    path = recorded / "out.parquet"
    assert "payload" not in exported(icsml_json, path)["d-0"]
    assert list(exported(icsml_json, path, "--tenant", "bank-b")) == ["o-1"]
    assert list(exported(icsml_json, path, "--tenant", "bank-a", "--since", "2026-07-04")) == ["d-3", "d-4"]
    assert exported(icsml_json, path, "--tenant", "nobody") == {}


@pytest.mark.parametrize("value", ["x'00'", "'text'", "7"])
def test_an_altered_payload_is_named_and_ends_the_export_without_a_file(recorded, icsml, value):
    execute(f"sqlite:///{recorded / 'ledger.db'}", f"UPDATE payload SET bytes = {value} WHERE decision_id = 'd-2'")
    for command in (["show", "d-2"], ["pack", "d-2", "--out", recorded / "p.zip"]):
        code, _, err = icsml("ledger", *command)
        assert (code != 0, "ICS-LED-008" in err) == (True, True)
    assert icsml("ledger", "show", "d-4")[0] == 0
    path = recorded / "out.parquet"
    path.write_text("as it was")
    code, _, err = icsml("ledger", "export", "--out", path)
    assert code != 0
    assert "ICS-LED-008 decision d-2" in err
    assert path.read_text() == "as it was"
    assert [each.name for each in recorded.glob("*.partial")] == []


@pytest.fixture
def followed(recorded):
    """The decisions of `bank-a` on `e-0` with outcomes: one that was replaced, two that contradict, one of a date."""
    told = [
        {"event_id": "o-d-0", "decision_id": "d-0", "bad": True, "event": "default", "event_date": "2026-07-01"},
        {"event_id": "o-d-0-right", "decision_id": "d-0", "bad": False, "replaces": "o-d-0"},
        {"event_id": "o-d-2", "decision_id": "d-2", "bad": True},
        {"event_id": "o-d-2-other", "decision_id": "d-2", "bad": False},
        {"event_id": "o-dated", "decision_id": None, "bad": True, "event": "charge_off", "event_date": "2026-07-09"},
        {"event_id": "o-elsewhere", "decision_id": None, "bad": True, "as_of": "2020-01-01"},
    ]
    with Ledger.open() as ledger:
        decision = {"decision_id": "d-9", "decided_at": "2026-06-09T08:00:00.000000Z", "enterprise_id": "e-0"}
        ledger.record("bank-a", "d-9", payload("d-9", decision=decision | {"as_of": "2026-06-30"}))
        for each in told:
            event = {"kind": "outcome", "as_of": "2026-06-30", **each}
            ledger.record_all([Entry.of_event("bank-a", event, enterprise_id="e-0")])
    return recorded


def test_the_export_has_the_outcome_of_each_decision(followed, icsml, icsml_json):
    rows = exported(icsml_json, followed / "out.parquet")
    names = ("outcome_id", "bad", "event", "event_date", "contradictory")
    nothing = (None, None, None, None, False)
    assert {name: tuple(row[each] for each in names) for name, row in rows.items()} == {
        "d-0": ("o-d-0-right", False, None, None, False),
        "d-1": nothing,
        "d-2": (None, None, None, None, True),
        "d-3": nothing,
        "d-4": nothing,
        "o-1": nothing,
        "d-9": ("o-dated", True, "charge_off", "2026-07-09", False),
    }
    told = icsml_json("ledger", "export", "--out", followed / "out.parquet")
    assert {name: told[name] for name in ("decisions", "outcomes", "contradictory")} == {
        "decisions": 7, "outcomes": 2, "contradictory": 1,
    }  # fmt: skip
    _, out, _ = icsml("ledger", "export", "--out", followed / "out.parquet")
    assert "7 decisions, 2 with an outcome" in out
    assert "1 have outcomes that contradict one another" in out


def test_what_happened_after_a_decision_is_shown_beside_it(followed, icsml, icsml_json):
    shown = icsml_json("ledger", "show", "d-0")
    assert shown["decision"]["decision_id"] == "d-0"
    assert [(each["kind"], each["bad"], each.get("replaces")) for each in shown["events"]] == [
        ("outcome", True, None), ("outcome", False, "o-d-0"),
    ]  # fmt: skip
    assert '"o-d-0-right"' in icsml("ledger", "show", "d-0", "--tenant", "bank-a")[1]
    assert icsml_json("ledger", "show", "d-4")["events"] == []
    assert icsml("ledger", "show", "d-0", "--tenant", "bank-b")[0] == 3
    assert icsml("ledger", "show", "o-d-0")[0] == 3


def test_of_nothing_the_usual_object_is_printed(recorded, icsml_json):
    """A month without a decision is no error: who reads the object of every month finds zeros in it."""
    since = ["--since", "2026-08-01"]
    assert icsml_json("replay", "--all", *since) == {
        "replayed": 0, "identical": 0, "differences": 0, "erased": 0, "found": [],
    }  # fmt: skip
    assert icsml_json("replay", "--all", "--tenant", "nobody")["replayed"] == 0
    assert icsml_json("ledger", "list", "--tenant", "nobody") == {"decisions": [], "more": False}
    told = icsml_json("ledger", "export", "--out", recorded / "out.parquet", *since)
    assert (told["decisions"], parquet.read_table(recorded / "out.parquet").num_rows) == (0, 0)


def test_of_an_empty_ledger_too(tmp_path, monkeypatch, icsml_json):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    Ledger.open().close()
    assert icsml_json("replay", "--all")["replayed"] == 0
    assert icsml_json("ledger", "verify") | {"ok": True, "records": 0, "first_bad": None} == icsml_json(
        "ledger", "verify"
    )
    assert icsml_json("ledger", "export", "--out", tmp_path / "out.parquet")["decisions"] == 0
    assert icsml_json("ledger", "list", "--tenant", "t")["decisions"] == []
    assert icsml_json("ledger", "checkpoint") == {"signed": None}
