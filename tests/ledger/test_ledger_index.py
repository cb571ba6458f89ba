"""The index of decisions: written with the decision, filled by the migration, removed by identifier."""

from __future__ import annotations

import itertools
import json
import sqlite3
from hashlib import sha256

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from ledger_tables import execute, payload

from icsml.ledger import Ledger
from icsml.ledger.store import migrations, writing
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, DECISION_REASON, PAYLOAD
from icsml.ledger.store.indexing import remove_from_index
from icsml.ledger.store.searching import Position, Wanted, count_index
from icsml.records.facets import facets_of

MODEL = {"name": "m", "version": "3", "bundle_sha256": "b" * 64}


def decision(decision_id, **parts):
    return {
        "decision_id": decision_id,
        "decided_at": "2026-06-30T08:00:00.000000Z",
        "enterprise_id": "e-1",
        "as_of": "2026-03-31",
        "grade": "BB",
        "pd": 0.02,
        "score": 612,
        "model": MODEL,
        "adverse_reasons": [{"code": "R1"}, {"code": "R2"}, {"code": "R1"}],
    } | parts


def connect(url):
    return sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


def indexed(url):
    engine = connect(url)
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(DECISION_INDEX).order_by(DECISION_INDEX.c.decision_id)).all()
        reasons = connection.execute(
            sqlalchemy.select(DECISION_REASON).order_by(DECISION_REASON.c.decision_id, DECISION_REASON.c.code)
        ).all()
    engine.dispose()
    return [tuple(row) for row in rows], [tuple(row) for row in reasons]


def row_of(tenant, decision_id):
    stated = ("e-1", "2026-03-31", "BB", 0.02, 612, "m", "3", "b" * 64, '["R1", "R2"]')
    return (tenant, "2026-06-30T08:00:00.000000Z", decision_id, *stated)


def plain(row):
    return (*row[:-1], json.dumps(json.loads(row[-1])))


def test_a_decision_is_in_the_index_when_it_is_recorded(ledger, url):
    ledger.record("bank-a", "d-1", payload("d-1", decision=decision("d-1")))
    rows, reasons = indexed(url)
    assert ([plain(row) for row in rows], reasons) == ([row_of("bank-a", "d-1")], [])
    ledger.catch_up()
    reasons = indexed(url)[1]
    assert [(row[0], row[1], row[-1]) for row in reasons] == [("bank-a", code, "d-1") for code in ("", "R1", "R2")]


def test_a_payload_without_a_time_of_decision_is_recorded_and_not_indexed(ledger, url):
    ledger.record("bank-a", "d-1", payload("d-1"))
    assert ledger.count() == 1
    assert indexed(url) == ([], [])


def test_a_replayed_request_is_indexed_once(ledger, url):
    for decision_id in ("d-1", "d-2"):
        ledger.record("bank-a", decision_id, payload(decision_id, decision=decision(decision_id)), idempotency_key="k")
    assert [row[2] for row in indexed(url)[0]] == ["d-1"]


def test_removing_a_decision_leaves_the_others(ledger, url):
    for decision_id in ("d-1", "d-2"):
        ledger.record("bank-a", decision_id, payload(decision_id, decision=decision(decision_id)))
    ledger.catch_up()
    engine = connect(url)
    with engine.begin() as connection:
        assert remove_from_index(connection, ["d-1", "none"]) == 1
        assert remove_from_index(connection, ["d-1"]) == 0
    engine.dispose()
    rows, reasons = indexed(url)
    assert [row[2] for row in rows] == ["d-2"]
    assert [(row[1], row[-1]) for row in reasons] == [("", "d-2"), ("R1", "d-2"), ("R2", "d-2")]


def store(ledger, *names, tenant="bank-a"):
    for name in names:
        ledger.record(tenant, name, payload(name, decision=decision(name)))


def by_reason(url):
    return [row[-1] for row in indexed(url)[1] if row[1] == "R1"]


def backlog(url):
    return execute(url, "SELECT tenant, writer, sequence FROM reason_backlog ORDER BY 1, 2")


def test_reasons_are_indexed_when_enough_decisions_wait(ledger, url, monkeypatch):
    monkeypatch.setattr(writing, "_MOST_BEHIND", 3)
    for number, there in enumerate([0, 0, 3, 3, 3, 6], 1):
        store(ledger, f"d-{number}")
        assert len(by_reason(url)) == there
    assert backlog(url) == [("bank-a", "w-1", 6)]


def test_whoever_closes_leaves_nothing_behind(url):
    with Ledger.open(url) as ledger:
        store(ledger, "d-1", "d-2")
        assert (by_reason(url), len(backlog(url))) == ([], 1)
    assert (by_reason(url), backlog(url)) == (["d-1", "d-2"], [])


def test_a_name_that_is_used_again_is_kept(url):
    """Two processes may write under a name that was given: the one that closes must not make the other's forgotten."""
    with Ledger.open(url, writer="w") as other:
        store(other, "d-1")
        with Ledger.open(url, writer="w") as ledger:
            store(ledger, "d-2")
        store(other, "d-3")
        assert [row.decision_id for row in other.search(Wanted("bank-a", reason="R1"))] == ["d-3", "d-2", "d-1"]
    assert (by_reason(url), backlog(url)) == (["d-1", "d-2", "d-3"], [("bank-a", "w", 3)])


def test_what_a_killed_process_left_is_indexed_by_the_next(url):
    killed = Ledger.open(url)
    store(killed, "d-1", "d-2")
    store(killed, "o-1", tenant="bank-b")
    Ledger.open(url).close()
    assert sorted(by_reason(url)) == ["d-1", "d-2", "o-1"]
    killed.close()


def test_a_decision_is_recorded_and_found_though_its_reasons_cannot_be_indexed(ledger, url, monkeypatch):
    def refuse(*_, **__):
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(writing, "_MOST_BEHIND", 1)
    with monkeypatch.context() as failing:
        failing.setattr(writing, "fill_reasons", refuse)
        store(ledger, "d-1", "d-2")
    assert by_reason(url) == []
    for wanted in (Wanted("bank-a", reason="R2"), Wanted("bank-a", grade="BB"), Wanted("bank-a", "e-1", "BB", "R1")):
        assert [row.decision_id for row in ledger.search(wanted)] == ["d-2", "d-1"]
    store(ledger, "d-3")
    assert by_reason(url) == ["d-1", "d-2", "d-3"]


def test_what_is_erased_while_it_waits_is_not_indexed(ledger, url):
    store(ledger, "d-1")
    ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
    ledger.catch_up()
    assert indexed(url) == ([], [])


def test_an_empty_code_is_no_reason(ledger, url):
    ledger.record("bank-a", "d-1", payload("d-1", decision=decision("d-1", grade=None, reasons=[{"code": ""}])))
    ledger.catch_up()
    assert [row[1] for row in indexed(url)[1]] == ["R1", "R2"]


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_the_migration_fills_the_index(url, revision):
    whole = [f"d-{number:04}" for number in range(1100)]  # more than two pages
    rows = [(decision_id, json.dumps({"decision": decision(decision_id)}).encode()) for decision_id in whole]
    unfit = [("x-1", b"no json"), ("x-2", b"[]"), ("x-3", b'{"decision":{"pd":1}}'), ("x-4", None), ("x-5", b"\xff")]
    _fill_old(url, revision, rows + unfit)
    Ledger.open(url).close()
    found, reasons = indexed(url)
    assert [plain(row) for row in found] == [row_of("bank-a", decision_id) for decision_id in whole]
    assert len(reasons) == 3 * len(whole)


def test_the_migration_skips_a_payload_that_is_not_what_was_recorded(url):
    _fill_old(url, "0003", [("d-1", json.dumps({"decision": decision("d-1")}).encode())], sha="0" * 64)
    Ledger.open(url).close()
    assert indexed(url) == ([], [])


def _fill_old(url, revision, rows, sha=None):
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        hashes = {decision_id: sha or sha256(data or b"").hexdigest() for decision_id, data in rows}
        chain = [
            {"tenant": "bank-a", "writer": "w", "sequence": number, "recorded_at": "t", "decision_id": decision_id}
            | {"payload_sha256": hashes[decision_id], "previous_sha256": "p", "row_sha256": "r"}
            for number, (decision_id, _) in enumerate(rows, 1)
        ]
        connection.execute(sqlalchemy.insert(CHAIN), chain)
        there = [
            {"decision_id": decision_id, "tenant": "bank-a", "bytes": data, "sha256": hashes[decision_id]}
            for decision_id, data in rows
            if data is not None
        ]
        connection.execute(sqlalchemy.insert(PAYLOAD), there)
    engine.dispose()


@pytest.mark.parametrize("part", ["enterprise_id", "as_of", "grade", "pd", "score", "model", "adverse_reasons"])
@pytest.mark.parametrize("value", [None, True, [], {}])
def test_a_part_of_another_type_is_not_indexed_and_the_others_are(part, value):
    whole, found = facets_of(decision("d-1")), facets_of(decision("d-1", **{part: value}))
    names = {"model": ("model_name", "model_version", "bundle_sha256"), "adverse_reasons": ("reasons",)}
    lost = dict.fromkeys(names.get(part, (part,)), () if part == "adverse_reasons" else None)
    assert found == whole._replace(**lost)


@pytest.mark.parametrize("other", [None, [], "d-1", {}, {"decided_at": 7}])
def test_what_has_no_time_of_decision_has_no_facets(other):
    assert facets_of(other) is None


def test_the_decision_before_is_of_the_same_tenant_and_enterprise(ledger):
    def record(tenant, decision_id, day, **parts):
        stated = decision(decision_id, decided_at=f"2026-06-{day}T08:00:00.000000Z", **parts)
        ledger.record(tenant, decision_id, payload(decision_id, decision=stated))

    record("bank-a", "d-3", "03")  # recorded first, decided last
    record("bank-a", "d-1", "01")
    record("bank-a", "d-2", "02")
    record("bank-a", "d-2b", "02")
    record("bank-b", "o-1", "02")
    record("bank-a", "e-2", "02", enterprise_id="e-2")
    record("bank-a", "n-1", "01", enterprise_id=None)
    record("bank-a", "n-2", "02", enterprise_id=None)
    before = {"d-3": "d-2b", "d-2b": "d-2", "d-2": "d-1", "d-1": None, "e-2": None, "n-2": None, "o-1": None}
    assert {each: ledger.previous("bank-a", each) for each in before} == before
    assert ledger.previous("bank-b", "d-3") is None
    assert ledger.previous("bank-a", "\0") is None


def test_pages_are_what_a_filter_in_python_gives(ledger):
    kept = []
    for number in range(60):
        day, tenant, decision_id = f"{1 + number * 7 % 9:02}", "bank-a" if number % 5 else "bank-b", f"d-{number:02}"
        parts = {
            "decided_at": f"2026-06-{day}T08:00:00.000000Z",
            "enterprise_id": f"e-{number % 4}",
            "grade": ("AA", "BB", None)[number % 3],
            "adverse_reasons": [{"code": f"R{number % 2}"}, {"code": "R9"}],
        }
        ledger.record(tenant, decision_id, payload(decision_id, decision=decision(decision_id, **parts)))
        kept.append((tenant, decision_id, facets_of(decision(decision_id, **parts))))
    times = [None, "2026-06-04T08:00:00.000000Z"]
    choices = (["bank-a", "bank-b"], [None, "e-1"], [None, "AA"], [None, "R1", "none"], times, times)
    seen = 0
    for wanted in itertools.starmap(Wanted, itertools.product(*choices)):
        expected = sorted(
            ((facets.decided_at, decision_id) for tenant, decision_id, facets in kept if fits(wanted, tenant, facets)),
            reverse=True,
        )
        assert pages(ledger, wanted) == expected
        seen += len(expected)
    assert seen > 60


def fits(wanted, tenant, facets):
    return (
        tenant == wanted.tenant
        and wanted.enterprise_id in (None, facets.enterprise_id)
        and wanted.grade in (None, facets.grade)
        and (wanted.reason is None or wanted.reason in facets.reasons)
        and (wanted.since is None or facets.decided_at >= wanted.since)
        and (wanted.until is None or facets.decided_at < wanted.until)
    )


def pages(ledger, wanted):
    found, after = [], None
    while page := ledger.search(wanted, after=after, limit=7):
        found += [(row.decided_at, row.decision_id) for row in page]
        after = Position(*found[-1])
    return found


def facets(counted):
    return {"grade": dict(counted.grade), "reason": dict(counted.reason)}


def test_facets_are_counted_without_their_own_filter(ledger):
    for number in range(30):
        parts = {
            "grade": ("AA", "BB", None)[number % 3],
            "adverse_reasons": [{"code": f"R{number % 2}"}, {"code": "R9"}],
            "decided_at": f"2026-06-{1 + number // 2:02}T08:00:00.000000Z",
        }
        name = f"d-{number:02}"
        ledger.record("bank-a", name, payload(name, decision=decision(name, **parts)))
    ledger.record("bank-b", "o-1", payload("o-1", decision=decision("o-1", grade="OTHER")))
    of = Wanted("bank-a")
    counted = ledger.count_facets(of)
    assert facets(counted) == {"grade": {"AA": 10, "BB": 10, None: 10}, "reason": {"R9": 30, "R0": 15, "R1": 15}}
    assert (counted.counted, counted.complete) == (30, True)
    assert counted.reason[0] == ("R9", 30)
    counted = ledger.count_facets(of._replace(grade="AA"))
    assert facets(counted) == {"grade": {"AA": 10, "BB": 10, None: 10}, "reason": {"R9": 10, "R0": 5, "R1": 5}}
    assert counted.counted == 10
    counted = ledger.count_facets(of._replace(reason="R1"))
    assert facets(counted) == {"grade": {"AA": 5, "BB": 5, None: 5}, "reason": {"R9": 30, "R0": 15, "R1": 15}}
    assert counted.counted == 15
    counted = ledger.count_facets(of._replace(grade="AA", reason="R1", until="2026-06-08T00:00:00.000000Z"))
    assert facets(counted) == {"grade": {"AA": 2, "BB": 3, None: 2}, "reason": {"R9": 5, "R0": 3, "R1": 2}}
    assert counted.counted == 2
    counted = ledger.count_facets(of._replace(reason="none"))
    assert (counted.grade, counted.counted, counted.complete) == ([], 0, True)
    assert ledger.count_facets(Wanted("bank-c")) == ([], [], 0, True)


@pytest.mark.parametrize("filters", [{}, {"grade": "BB"}, {"reason": "R1"}, {"grade": "BB", "reason": "R1"}])
def test_facets_say_when_older_decisions_are_not_counted(ledger, filters):
    for number in range(5):
        name, grade = f"d-{number}", "OLD" if number == 0 else "BB"
        stated = decision(name, grade=filters.get("grade", grade), decided_at=f"2026-06-0{1 + number}T08:00:00.000000Z")
        ledger.record("bank-a", name, payload(name, decision=stated))
    wanted = Wanted("bank-a", **filters)
    with ledger._reading() as connection:
        few, enough = (count_index(connection, wanted, most) for most in (4, 5))
    assert (few.counted, few.complete) == (4, False)
    assert few.grade == [("BB", 4)]
    assert (enough.counted, enough.complete) == (5, True)
