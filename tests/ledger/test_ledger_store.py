from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_tables import CHAIN, broken_links, execute, payload

from icsml.cli import ledger_command
from icsml.errors import ConflictError, InputError, LedgerError
from icsml.ledger import GENESIS, Ledger
from icsml.ledger.sealing import opened
from icsml.ledger.store import metadata

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)
_numbers = count(1)


def record(ledger, decision_id, tenant="bank-a", **options):
    return ledger.record(tenant, decision_id, payload(decision_id), **options)


def test_a_decision_is_read_back_as_recorded(ledger, url):
    recorded = record(ledger, "d-1")
    assert not recorded.replayed
    assert recorded.decision == payload("d-1")["decision"]
    assert recorded.decision_bytes == rfc8785.dumps(payload("d-1")["decision"])
    assert ledger.get("bank-a", "d-1") == payload("d-1")
    [(stored,)] = execute(url, "SELECT bytes FROM payload")
    assert rfc8785.dumps(json.loads(bytes(stored))) == bytes(stored)
    [(key,)] = execute(url, "SELECT key FROM payload_key")
    assert opened("d-1", bytes(stored), bytes(key))[0] == rfc8785.dumps(payload("d-1"))
    with Ledger.open(url) as reopened:
        assert reopened.get("bank-a", "d-1") == payload("d-1")
        assert reopened.count() == 1


def test_rows_carry_time_writer_and_links(ledger, url):
    for number in range(3):
        record(ledger, f"d-{number}")
    rows = execute(url, f"SELECT {CHAIN} FROM chain ORDER BY sequence")
    assert [row[2] for row in rows] == [1, 2, 3]
    assert {row[:2] + row[3:4] for row in rows} == {("bank-a", "w-1", "2026-06-30T08:00:00.000000Z")}
    assert [row[6] for row in rows] == [GENESIS, rows[0][7], rows[1][7]]
    assert broken_links(url) == []


def test_tenants_and_writers_have_chains_of_their_own(ledger, url):
    with Ledger.open(url) as other:
        assert other.writer != ledger.writer
        for number in range(4):
            record(ledger if number % 2 else other, f"a-{number}", "bank-a")
            record(ledger, f"b-{number}", "bank-b")
    lengths = execute(url, "SELECT tenant, max(sequence), count(*) FROM chain GROUP BY tenant, writer ORDER BY 1")
    assert lengths == [("bank-a", 2, 2), ("bank-a", 2, 2), ("bank-b", 4, 4)]
    assert broken_links(url) == []


def test_a_tenant_sees_its_own_decisions_only(ledger):
    record(ledger, "d-1", "bank-a", idempotency_key="k")
    assert ledger.get("bank-b", "d-1") is None
    assert ledger.get("bank-a", "d-1") is not None
    assert (ledger.count("bank-a"), ledger.count("bank-b")) == (1, 0)
    assert not record(ledger, "d-2", "bank-b", idempotency_key="k").replayed


def test_the_same_key_and_request_give_the_recorded_decision(ledger, url):
    first = record(ledger, "d-1", idempotency_key="k", request_sha256="1" * 64)
    again = record(ledger, "d-2", idempotency_key="k", request_sha256="1" * 64)
    assert again.replayed
    assert (again.decision, again.decision_bytes) == (first.decision, first.decision_bytes)
    assert ledger.earlier("bank-a", "k", "1" * 64) == again
    assert ledger.earlier("bank-a", "other", "1" * 64) is None
    assert ledger.count() == 1
    assert ledger.get("bank-a", "d-2") is None


def test_the_same_key_with_another_request_conflicts(ledger):
    record(ledger, "d-1", idempotency_key="k", request_sha256="1" * 64)
    with pytest.raises(ConflictError) as caught:
        record(ledger, "d-2", idempotency_key="k", request_sha256="2" * 64)
    assert caught.value.code == "ICS-LED-007"
    with pytest.raises(ConflictError):
        ledger.earlier("bank-a", "k", "2" * 64)
    assert ledger.count() == 1


def test_without_a_hash_the_request_itself_is_compared(ledger):
    record(ledger, "d-1", idempotency_key="k")
    assert record(ledger, "d-2", idempotency_key="k").replayed
    with pytest.raises(ConflictError):
        ledger.record("bank-a", "d-3", payload("d-3", request={"enterprise_id": "e-2"}), idempotency_key="k")


def test_an_identifier_is_recorded_once(ledger):
    record(ledger, "d-1")
    for tenant in ("bank-a", "bank-b"):
        with pytest.raises(ConflictError) as caught:
            record(ledger, "d-1", tenant)
        assert caught.value.code == "ICS-LED-006"
    assert ledger.count() == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tenant": ""}, "tenant"),
        ({"decision_id": "d\x00"}, "decision_id"),
        ({"decision_id": "d", "idempotency_key": "k" * 256}, "Idempotency-Key"),
    ],
)
def test_names_are_short_and_printable(ledger, options, field):
    with pytest.raises(InputError) as caught:
        record(ledger, **({"decision_id": "d"} | options))
    assert (caught.value.code, caught.value.field) == ("ICS-LED-009", field)
    assert ledger.count() == 0


@pytest.mark.parametrize("decision_id", ["", "a\x00b", "\ud800", "x" * 5000])
def test_an_impossible_identifier_is_simply_not_there(ledger, decision_id):
    assert ledger.get("bank-a", decision_id) is None


def test_an_unacceptable_payload_writes_nothing(ledger):
    with pytest.raises(InputError):
        ledger.record("bank-a", "d-1", payload("d-1", features={"roe": float("nan")}))
    assert ledger.count() == 0


@pytest.mark.parametrize("table", ["chain", "payload", "idempotency"])
def test_a_failure_at_any_table_leaves_nothing_behind(ledger, url, table):
    record(ledger, "d-0")
    execute(url, f"ALTER TABLE {table} RENAME TO away")
    with pytest.raises(LedgerError) as caught:
        record(ledger, "d-1", idempotency_key="k-secret")
    assert caught.value.code == "ICS-LED-003"
    assert caught.value.remedy
    assert "secret" not in f"{caught.value} {caught.value.__cause__}"
    execute(url, f"ALTER TABLE away RENAME TO {table}")
    for name, rows in (("chain", 1), ("payload", 1), ("idempotency", 0)):
        assert execute(url, f"SELECT count(*) FROM {name}") == [(rows,)]
    assert not record(ledger, "d-1", idempotency_key="k-secret").replayed
    assert broken_links(url) == []


SCRIPT = """
import os, sys
from icsml.ledger import Ledger

url, name, act = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
ledger = Ledger.open(url)
if act == "die":
    from sqlalchemy import event
    event.listen(ledger._engine, "commit", lambda connection: os._exit(9))
for number in range(20):
    decision = {"decision_id": f"{name}-{number}"}
    payload = {"request": {}, "features": {}, "decision": decision}
    payload |= {"bundle_sha256": "b", "rulebook_sha256": None, "code_version": "0", "key_id": None}
    recorded = ledger.record("bank-a", decision["decision_id"], payload, idempotency_key=f"k-{number}")
    assert recorded.replayed == (recorded.decision != decision)
"""


def start(url, name, act="record"):
    command = [sys.executable, "-c", SCRIPT, url, name, act]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(processes):
    """Let the processes go at the same moment, and return how they ended."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    return [process.returncode for process in processes]


def test_a_process_killed_before_the_commit_leaves_nothing_behind(url):
    assert finish([start(url, "p", "die")]) == [9]
    with Ledger.open(url) as ledger:
        assert ledger.count() == 0
        assert not record(ledger, "p-0", idempotency_key="k-0").replayed


def test_two_processes_open_an_empty_database_and_race_for_the_same_keys(url):
    assert finish([start(url, "p"), start(url, "q")]) == [0, 0]
    with Ledger.open(url) as ledger:
        assert ledger.count() == 20
    assert execute(url, "SELECT count(*), count(DISTINCT key) FROM idempotency") == [(20, 20)]
    assert broken_links(url) == []


def test_threads_and_ledgers_with_one_writer_make_one_chain_without_gaps(url):
    with Ledger.open(url, writer="w") as one, Ledger.open(url, writer="w") as two, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: record(one if number % 2 else two, f"d-{number}"), range(80)))
        assert one.count() == 80
    assert execute(url, "SELECT min(sequence), max(sequence), count(*) FROM chain") == [(1, 80, 80)]
    assert broken_links(url) == []


def test_who_is_always_a_little_later_is_recorded_all_the_same(url, monkeypatch):
    numbers = count(1)
    with Ledger.open(url, writer="w") as slow, Ledger.open(url, writer="w") as fast, ThreadPoolExecutor(8) as pool:
        others = []
        head = slow._writer._head

        def overtaken(connection, tenant):
            found = head(connection, tenant)
            others.append(pool.submit(record, fast, f"fast-{next(numbers)}"))
            wait(others, timeout=0.3)  # on SQLite, and at last on a server, it waits for this one
            return found

        monkeypatch.setattr(slow._writer, "_head", overtaken)
        record(slow, "slow")
        assert all(other.result() for other in others)
        assert slow.count() == 1 + len(others)
    assert len(others) == (1 if url.startswith("sqlite") else 3)
    assert broken_links(url) == []


def test_of_many_threads_with_one_key_exactly_one_records(url):
    barrier = threading.Barrier(8)
    with Ledger.open(url) as one, Ledger.open(url) as two:

        def attempt(number):
            barrier.wait()
            return record(one if number % 2 else two, f"d-{number}", idempotency_key="k")

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(attempt, range(8)))
        assert sorted(result.replayed for result in results) == [False] + [True] * 7
        assert len({result.decision_bytes for result in results}) == 1
        assert one.count() == 1


TAMPERING = [
    "UPDATE chain SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE sequence = 2",
    "UPDATE chain SET payload_sha256 = 'ff' WHERE sequence = 2",
    "UPDATE chain SET row_sha256 = 'ff' WHERE sequence = 2",
    "DELETE FROM chain WHERE decision_id = 'd-1'",
    "UPDATE payload SET bytes = (SELECT bytes FROM payload WHERE decision_id = 'd-0') WHERE decision_id = 'd-1'",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_tampering_shows_when_the_hashes_are_recomputed(ledger, url, statement):
    for number in range(3):
        record(ledger, f"d-{number}")
    assert broken_links(url) == []
    if statement.startswith("DELETE"):
        execute(url, "DELETE FROM payload WHERE decision_id = 'd-1'")
    execute(url, statement)
    assert broken_links(url) != []


def test_a_changed_payload_is_not_served(ledger, url):
    record(ledger, "d-1", idempotency_key="k", request_sha256="1")
    other = rfc8785.dumps(payload("d-1", code_version="9"))
    literal = f"X'{other.hex()}'" if url.startswith("sqlite") else f"decode('{other.hex()}', 'hex')"
    execute(url, f"UPDATE payload SET bytes = {literal}")
    for read in (lambda: ledger.get("bank-a", "d-1"), lambda: ledger.earlier("bank-a", "k", "1")):
        with pytest.raises(LedgerError) as caught:
            read()
        assert caught.value.code == "ICS-LED-008"


def test_an_erased_payload_leaves_a_chain_that_still_verifies(ledger, url):
    for number in range(3):
        record(ledger, f"d-{number}", idempotency_key=f"k-{number}")
    execute(url, "DELETE FROM payload WHERE decision_id = 'd-1'")
    assert broken_links(url) == []
    for act in (lambda: ledger.get("bank-a", "d-1"), lambda: record(ledger, "d-9", idempotency_key="k-1")):
        with pytest.raises(LedgerError) as caught:
            act()
        assert caught.value.code == "ICS-LED-026"
    assert ledger.count() == 3


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.none()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        max_size=6,
    )
)
def test_any_json_payload_survives_the_database(shared_ledger, content):
    decision_id = f"h-{next(_numbers)}"
    given_payload = payload(decision_id, request=content)
    shared_ledger.record("bank-a", decision_id, given_payload)
    read = shared_ledger.get("bank-a", decision_id)
    assert read == given_payload
    assert rfc8785.dumps(read["request"]) == rfc8785.dumps(content)


def test_the_migrations_make_the_declared_tables(ledger, url):
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_tables_of_a_newer_release_are_refused(url):
    Ledger.open(url).close()
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url)
    assert (caught.value.code, caught.value.remedy) == ("ICS-LED-002", "upgrade icsml")


def _move(file):
    file.rename(file.with_name("moved.db"))


def _replace(file):
    _move(file)
    Ledger.open(f"sqlite:///{file}").close()


@pytest.mark.parametrize("take", [Path.unlink, _move, _replace])
def test_a_file_that_is_taken_away_takes_no_more_decisions(tmp_path, take):
    file = tmp_path / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        record(ledger, "d-1", idempotency_key="k", request_sha256="1")
        assert ledger.ready()
        take(file)
        assert not ledger.ready()
        with pytest.raises(LedgerError, match="restart the service") as caught:
            record(ledger, "d-2")
        assert caught.value.code == "ICS-LED-003"
        for read in (lambda: ledger.get("bank-a", "d-1"), lambda: ledger.earlier("bank-a", "k", "1")):
            with pytest.raises(LedgerError, match="restart the service") as caught:
                read()
            assert caught.value.code == "ICS-LED-004"
    assert file.exists() == (take is _replace)


def test_a_file_that_is_taken_away_during_the_transaction_is_no_success(tmp_path):
    file = tmp_path / "ledger.db"

    def remove_and_tell():
        file.unlink(missing_ok=True)
        return NOW

    with Ledger.open(f"sqlite:///{file}", clock=remove_and_tell) as ledger, pytest.raises(LedgerError) as caught:
        record(ledger, "d-1")
    assert caught.value.code == "ICS-LED-003"


def test_a_new_connection_does_not_put_a_file_where_the_ledger_was(tmp_path):
    file = tmp_path / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        ledger._engine.dispose()
        file.unlink()
        with pytest.raises(sqlalchemy.exc.OperationalError), ledger._engine.connect():
            pass
    assert list(tmp_path.iterdir()) == []


def test_looking_makes_nothing(tmp_path):
    for folder in (tmp_path, tmp_path / "home"):
        with pytest.raises(LedgerError, match="there is no ledger here") as caught:
            Ledger.open(f"sqlite:///{folder}/ledger.db", create=False)
        assert (caught.value.code, caught.value.exit_code) == ("ICS-LED-002", 3)
    (tmp_path / "ledger.db").touch()
    with pytest.raises(LedgerError, match="tables"):
        Ledger.open(f"sqlite:///{tmp_path}/ledger.db", create=False)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("ledger.db", 0)]


def test_looking_finds_what_was_recorded(ledger, url):
    record(ledger, "d-1")
    with Ledger.open(url, create=False) as looking:
        assert looking.find("d-1") == payload("d-1")


def test_the_command_that_shows_a_decision_makes_no_ledger(tmp_path, monkeypatch):
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    with pytest.raises(LedgerError, match="there is no ledger here"):
        ledger_command.show("d-1")
    assert list(tmp_path.iterdir()) == []


def test_ready_says_no_without_tables(ledger, url):
    assert ledger.ready()
    execute(url, "ALTER TABLE chain RENAME TO away")
    assert not ledger.ready()


@pytest.mark.parametrize(
    "address", ["sqlite://", "sqlite:///:memory:", "mysql://user:hunter2@host/db", "ledger.db", "postgresql"]
)
def test_an_address_of_another_kind_is_refused(address):
    with pytest.raises(InputError) as caught:
        Ledger.open(address)
    assert (caught.value.code, caught.value.field) == ("ICS-LED-001", "ICSML_LEDGER_URL")
    assert "hunter2" not in str(caught.value)


def test_a_database_that_is_not_there_is_said_so(tmp_path):
    (tmp_path / "file").write_text("this is no database, and long enough to be seen as one" * 20)
    for address in (
        f"sqlite:///{tmp_path}/file",
        f"sqlite:///{tmp_path}/file/ledger.db",
        f"sqlite:///{tmp_path}",
        f"postgresql://postgres:hunter2@/none?host={tmp_path}",
    ):
        with pytest.raises(LedgerError) as caught:
            Ledger.open(address)
        assert caught.value.code == "ICS-LED-002"
        assert "hunter2" not in str(caught.value)


def test_a_server_that_stops_answering_is_a_ledger_error(postgres):
    execute(postgres, "CREATE DATABASE gone")
    with Ledger.open(postgres.replace("/postgres?", "/gone?")) as ledger:
        record(ledger, "d-1")
        execute(postgres, "DROP DATABASE gone WITH (FORCE)")
        with pytest.raises(LedgerError) as caught:
            record(ledger, "d-2")
        assert caught.value.code == "ICS-LED-003"
        with pytest.raises(LedgerError) as caught:
            ledger.get("bank-a", "d-1")
        assert caught.value.code == "ICS-LED-004"
        assert not ledger.ready()


def test_a_dropped_connection_heals(postgres):
    execute(postgres, "CREATE DATABASE shaky")
    with Ledger.open(postgres.replace("/postgres?", "/shaky?")) as ledger:
        record(ledger, "d-1")
        execute(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shaky'")
        assert not record(ledger, "d-2").replayed


def test_by_default_a_private_file_under_icsml_home(tmp_path, monkeypatch):
    monkeypatch.delenv("ICSML_LEDGER_URL", raising=False)
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    with Ledger.open() as ledger:
        record(ledger, "d-1")
    file = tmp_path / "home" / "ledger.db"
    assert file.stat().st_mode & 0o777 == 0o600
    assert execute(f"sqlite:///{file}", "PRAGMA journal_mode") == [("wal",)]


def test_the_environment_points_elsewhere(url, tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ICSML_LEDGER_URL", url)
    with Ledger.open() as ledger:
        record(ledger, "d-1")
    assert execute(url, "SELECT count(*) FROM chain") == [(1,)]
    assert not (tmp_path / "home").exists()
