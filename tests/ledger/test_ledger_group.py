"""Decisions committed as a group, and the ledger in trouble."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ledger_tables import broken_links, execute, fresh_schema, locked, payload

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import ConflictError, IcsmlError, InputError, LedgerError
from icsml.ledger import Entry, Ledger
from icsml.ledger.payload import payload_parts
from icsml.ledger.sealing import opened

_numbers = count(1)


def entry(decision_id, tenant="bank-a", key=None, request=None):
    parts = payload_parts(decision_id, payload(decision_id, **({} if request is None else {"request": request})))
    return Entry.of(tenant, decision_id, parts, idempotency_key=key)


def told(outcomes):
    """What became of each entry, without the texts."""
    return [
        outcome.code if isinstance(outcome, IcsmlError) else (outcome.decision_id, outcome.replayed)
        for outcome in outcomes
    ]


@pytest.fixture
def commits(ledger):
    counted = []
    sqlalchemy.event.listen(ledger._engine, "commit", counted.append)
    return counted


def test_a_group_is_one_commit_and_one_chain_for_each_tenant(ledger, url, commits):
    entries = [entry(f"d-{number}", f"bank-{number % 3}", key=f"k-{number}") for number in range(12)]
    assert told(ledger.record_all(entries)) == [(f"d-{number}", False) for number in range(12)]
    assert len(commits) == 1
    rows = execute(url, "SELECT tenant, sequence, decision_id FROM chain ORDER BY tenant, sequence")
    assert rows == [
        (f"bank-{number % 3}", number // 3 + 1, f"d-{number}")
        for number in sorted(range(12), key=lambda number: (number % 3, number))
    ]
    assert broken_links(url) == []


def test_an_entry_at_fault_does_not_spoil_its_group(ledger, url):
    ledger.record_all([entry("d-1", key="k-1"), entry("d-2")])
    outcomes = ledger.record_all(
        [
            entry("d-3", key="k-3"),
            entry("d-4", key="k-1"),
            entry("d-5", key="k-1", request={"enterprise_id": "e-2"}),
            entry("d-2"),
            entry("d-6", "bank-b", key="k-1"),
            entry("d-3", "bank-b"),
            entry("d-7", key="k-3"),
            entry("d-8", key="k-3", request={"enterprise_id": "e-2"}),
            entry("d-9"),
        ]
    )
    assert told(outcomes) == [
        ("d-3", False), ("d-1", True), "ICS-LED-007", "ICS-LED-006", ("d-6", False), "ICS-LED-006", ("d-3", True),
        "ICS-LED-007", ("d-9", False),
    ]  # fmt: skip
    assert [row[0] for row in execute(url, "SELECT decision_id FROM chain ORDER BY decision_id")] == [
        "d-1", "d-2", "d-3", "d-6", "d-9",
    ]  # fmt: skip
    assert broken_links(url) == []


def test_an_erased_payload_is_the_fault_of_its_entry_alone(ledger, url):
    ledger.record_all([entry("d-1", key="k-1")])
    execute(url, "DELETE FROM payload")
    assert told(ledger.record_all([entry("d-2", key="k-1"), entry("d-3")])) == ["ICS-LED-026", ("d-3", False)]


ENTRIES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.sampled_from([None, "k", "l"]), st.sampled_from([1, 2])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES, st.lists(st.integers(1, 5), min_size=1, max_size=12))
@example([("a", 1, "k", 1), ("a", 0, None, 1), ("a", 0, "k", 1)], [1, 2])
@example([("a", 0, None, 1), ("a", 1, "k", 1), ("a", 0, "k", 1)], [1, 2])
def test_any_groups_give_what_one_by_one_gives(shared_ledger, drawn, sizes):
    def entries(prefix):
        return [
            entry(f"{prefix}-{number}", f"{prefix}-{tenant}", key and f"{prefix}-{key}", {"x": body})
            for tenant, number, key, body in drawn
        ]

    alone, grouped = f"h{next(_numbers)}", f"h{next(_numbers)}"
    one_by_one = [shared_ledger.record_all([one])[0] for one in entries(alone)]
    left, outcomes = entries(grouped), []
    for size in [*sizes, *[1] * len(left)]:
        outcomes += shared_ledger.record_all(left[:size])
        left = left[size:]
    text = [str(result).replace(alone, grouped) for result in told(one_by_one)]
    assert [str(result) for result in told(outcomes)] == text


def test_a_chain_that_somebody_else_has_grown_goes_on_without_a_gap(url):
    with Ledger.open(url, writer="w") as one, Ledger.open(url, writer="w") as two:
        for number in range(6):
            ledger = two if number % 3 == 1 else one
            assert told(ledger.record_all([entry(f"d-{number}")])) == [(f"d-{number}", False)]
    assert execute(url, "SELECT max(sequence), count(*) FROM chain") == [(6, 6)]
    assert broken_links(url) == []


def test_a_group_that_fails_is_told_to_each_by_an_error_of_its_own(ledger, url):
    execute(url, "ALTER TABLE payload RENAME TO away")
    outcomes = ledger.record_all([entry("d-1"), entry("d-2")])
    assert told(outcomes) == ["ICS-LED-003"] * 2
    assert outcomes[0] is not outcomes[1]
    assert outcomes[0].__cause__ is not None
    execute(url, "ALTER TABLE away RENAME TO payload")
    assert told(ledger.record_all([entry("d-1"), entry("d-2")])) == [("d-1", False), ("d-2", False)]
    assert broken_links(url) == []


def test_nothing_to_record_needs_no_database(ledger, commits):
    assert ledger.record_all([]) == []
    assert commits == []


class TestInDoubt:
    """The connection breaks at the commit: afterwards the ledger finds out whether it succeeded."""

    @pytest.fixture(params=["after", "before"])
    def cut(self, request, postgres, monkeypatch):
        """A ledger whose second commit is cut off."""
        url = fresh_schema(postgres)
        with Ledger.open(url) as ledger:
            dialect, times = ledger._engine.dialect, count()
            commit = type(dialect).do_commit

            def broken(connection):
                if next(times) != 1:
                    return commit(dialect, connection)
                if request.param == "after":
                    commit(dialect, connection)
                connection.driver_connection.close()
                raise psycopg.OperationalError("the connection is lost")

            monkeypatch.setattr(dialect, "do_commit", broken)
            yield SimpleNamespace(ledger=ledger, times=times, url=url)

    def test_each_decision_is_there_once(self, cut):
        cut.ledger.record_all([entry("d-0")])
        assert told(cut.ledger.record_all([entry("d-1", key="k-1"), entry("d-2")])) == [("d-1", False), ("d-2", False)]
        assert next(cut.times) > 2
        assert cut.ledger.count() == 3
        assert told(cut.ledger.record_all([entry("d-1"), entry("d-3")])) == ["ICS-LED-006", ("d-3", False)]
        assert broken_links(cut.url) == []

    def test_what_was_committed_is_signed(self, cut, tmp_path, monkeypatch):
        monkeypatch.setenv("ICSML_HOME", str(tmp_path))
        cut.ledger.record_all([entry("d-0")])
        cut.ledger.record_all([entry("d-1", key="k-1"), entry("d-2")])
        assert [head.sequence for head in cut.ledger.checkpoint().heads] == [3]


class TestLocked:
    def test_a_writer_gives_up_and_a_reader_does_not_wait(self, ledger, url):
        ledger.record_all([entry("d-1", key="k", request={"x": 1})])
        with locked(url):
            assert told(ledger.record_all([entry("d-2")])) == ["ICS-LED-003"]
            assert ledger.get("bank-a", "d-1") == payload("d-1", request={"x": 1})
            assert ledger.earlier("bank-a", "k", entry("d-1", request={"x": 1}).request_sha256).replayed
        assert told(ledger.record_all([entry("d-2")])) == [("d-2", False)]
        assert broken_links(url) == []

    def test_readers_give_up_too(self, ledger, url):
        if url.startswith("sqlite"):
            pytest.skip("nobody can keep a reader of SQLite's write-ahead log waiting")
        ledger.record_all([entry("d-1")])
        with locked(url), psycopg.connect(url) as other:
            other.execute("LOCK TABLE payload IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(LedgerError) as caught:
                ledger.get("bank-a", "d-1")
            other.rollback()
        assert caught.value.code == "ICS-LED-004"
        assert ledger.get("bank-a", "d-1") is not None


def test_a_reader_cannot_write(ledger):
    with ledger._readers.connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError):
        connection.execute(sqlalchemy.text("DELETE FROM chain"))


class TestProof:
    def test_it_is_a_row_of_the_writer_committed_and_read_back(self, ledger, url):
        for size in (16, 100_000):
            ledger.prove(size)
            assert execute(url, "SELECT writer, length(proof) FROM heartbeat") == [("w-1", size)]
        assert ledger.count() == 0

    @pytest.mark.parametrize("table", ["chain", "heartbeat"])
    def test_there_is_none_without_tables(self, ledger, url, table):
        assert ledger.ready()
        execute(url, f"ALTER TABLE {table} RENAME TO away")
        assert not ledger.ready()
        execute(url, f"ALTER TABLE away RENAME TO {table}")
        assert ledger.ready()

    def test_there_is_none_while_somebody_holds_the_lock(self, ledger, url):
        with locked(url, tables="heartbeat"):
            assert not ledger.ready()
        assert ledger.ready()

    def test_there_is_none_on_a_full_disk(self, tmp_path, monkeypatch):
        with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
            full = SimpleNamespace(f_bavail=3, f_frsize=4096)
            monkeypatch.setattr(os, "statvfs", lambda _: full)
            with pytest.raises(LedgerError) as caught:
                ledger.prove()
            assert (caught.value.code, bool(caught.value.remedy)) == ("ICS-LED-010", True)

    def test_what_is_read_back_must_be_what_was_written(self, ledger, monkeypatch):
        monkeypatch.setattr(ledger._writer, "prove", lambda size: b"x" * size)
        assert not ledger.ready()

    def test_rows_of_writers_that_ended_long_ago_are_removed(self, ledger, url):
        ledger.prove()
        execute(url, "UPDATE heartbeat SET written_at = '2026-06-28T00:00:00.000000Z'")
        with Ledger.open(url, writer="w-2", clock=ledger._writer._clock) as other:
            other.prove()
            other.prove()
        assert execute(url, "SELECT writer FROM heartbeat") == [("w-2",)]


def test_a_file_that_is_put_back_is_written_again(tmp_path):
    file = tmp_path / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        ledger.record_all([entry("d-1")])
        file.rename(tmp_path / "away.db")
        assert told(ledger.record_all([entry("d-2"), entry("d-3")])) == ["ICS-LED-003"] * 2
        assert not ledger.ready()
        (tmp_path / "away.db").rename(file)
        assert ledger.ready()
        assert told(ledger.record_all([entry("d-2")])) == [("d-2", False)]
    assert broken_links(f"sqlite:///{file}") == []


def test_a_clock_that_steps_back_breaks_no_chain(url):
    moments = iter([datetime(2026, 6, 30, 8, 0, second, tzinfo=UTC) for second in (5, 3, 9)])
    with Ledger.open(url, clock=lambda: next(moments)) as ledger:
        for number in range(3):
            ledger.record_all([entry(f"d-{number}")])
    assert [row[0][17:19] for row in execute(url, "SELECT recorded_at FROM chain ORDER BY sequence")] == [
        "05", "03", "09",
    ]  # fmt: skip
    assert broken_links(url) == []


class TestEntry:
    PARTS = payload_parts("d-1", payload("d-1"))

    def test_it_takes_the_parts_as_they_are(self):
        made = Entry.of("bank-a", "d-1", self.PARTS)
        assert opened("d-1", *made.sealed)[0] == canonical_bytes(payload("d-1"))
        assert made.answer == self.PARTS["decision"]
        assert made.request_sha256 != Entry.of("bank-a", "d-1", self.PARTS | {"request": b"{}"}).request_sha256

    @pytest.mark.parametrize("key", sorted(PARTS))
    def test_every_part_is_needed(self, key):
        with pytest.raises(InputError) as caught:
            Entry.of("bank-a", "d-1", {name: part for name, part in self.PARTS.items() if name != key})
        assert (caught.value.code, caught.value.field) == ("ICS-LED-005", key)

    def test_another_decision_is_refused(self):
        with pytest.raises(InputError) as caught:
            Entry.of("bank-a", "d-2", self.PARTS)
        assert caught.value.field == "decision.decision_id"


def test_a_payload_of_an_earlier_release_is_read_and_verified(ledger, url):
    old = payload("d-1")
    del old["key_id"]
    data = canonical_bytes(old)
    ledger.record_all([entry("d-1", key="k", request=old["request"])])
    sha256 = sha256_hex(data)
    literal = f"X'{data.hex()}'" if url.startswith("sqlite") else f"decode('{data.hex()}', 'hex')"
    execute(url, f"UPDATE payload SET bytes = {literal}, sha256 = '{sha256}'")
    execute(url, f"UPDATE chain SET payload_sha256 = '{sha256}'")
    assert ledger.get("bank-a", "d-1") == old
    assert ledger.earlier("bank-a", "k", entry("d-1").request_sha256).decision == old["decision"]


def test_conflicts_are_raised_when_one_is_recorded_alone(ledger):
    ledger.record("bank-a", "d-1", payload("d-1"))
    with pytest.raises(ConflictError):
        ledger.record("bank-a", "d-1", payload("d-1"))


def test_closing_waits_for_no_thread_that_is_stuck(tmp_path):
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    ledger._writer._turn.acquire()
    assert told(ledger.record_all([entry("d-1")])) == ["ICS-LED-003"]
    ledger.close()
