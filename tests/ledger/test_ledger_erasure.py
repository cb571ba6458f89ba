"""Erasing what was recorded of a firm: its keys are gone, its payloads unreadable, and every chain still verifies."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from ledger_tables import broken_links, connected, execute, payload

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import InputError, LedgerError
from icsml.ledger import Entry, Ledger
from icsml.ledger.sealing import opened, seal
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import eraser, overwriting
from icsml.ledger.store.database import _configure_sqlite

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)


def record(ledger, decision_id, firm, tenant="bank-a"):
    decision = {"decision_id": decision_id, "enterprise_id": firm, "pd": 0.02}
    ledger.record(tenant, decision_id, payload(decision_id, decision=decision))


@pytest.fixture
def recorded(ledger):
    for number in range(4):
        record(ledger, f"d-{number}", f"e-{number % 2}")
    record(ledger, "d-other", "e-1", "bank-b")
    ledger.checkpoint()
    return ledger


def gone(ledger, tenant, decision_id):
    try:
        ledger.get(tenant, decision_id)
    except LedgerError as error:
        return error.code == "ICS-LED-026"
    return False


def erase(ledger, firm="e-1"):
    return ledger.erase_enterprise("bank-a", firm, reason="asked for it", by="officer").erased


def found(ledger):
    return ledger.verify(trusted_keys())


def test_what_was_recorded_of_a_firm_is_unreadable_and_the_chain_verifies(recorded, url):
    assert erase(recorded) == 2
    assert [gone(recorded, "bank-a", f"d-{number}") for number in range(4)] == [False, True, False, True]
    assert not gone(recorded, "bank-b", "d-other")
    assert broken_links(url) == []
    result = found(recorded)
    assert (result.ok, result.erased, result.records) == (True, 2, 6)
    assert recorded.count() == 5
    assert erase(recorded) == 0
    stored = dict(execute(url, "SELECT decision_id, bytes FROM payload"))
    assert b'"e-1"' not in b"".join(bytes(each) for each in stored.values())  # the dash of an identifier may stand so
    with pytest.raises(LedgerError):
        opened("d-1", bytes(stored["d-1"]), b"\0" * 32)


def test_a_deleted_key_is_in_no_file_of_the_database(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"  # the files of a server are its own
    with Ledger.open(url) as ledger:
        record(ledger, "d-1", "e-1")
        [(key,)] = execute(url, "SELECT key FROM payload_key")
        files = [tmp_path / "ledger.db", tmp_path / "ledger.db-wal"]
        assert any(key in file.read_bytes() for file in files)
        erase(ledger)
        assert not any(key in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b"no JSON", 0),
        (b"[" * 100_000, 0),
        (b"null", 0),
        ("text", 0),
        (7, 0),
        (None, 1),  # one byte of what is sealed: it shows that it is, and needs its key
    ],
)
def test_a_damaged_payload_keeps_nothing_from_being_erased(recorded, url, value, left):
    mark = "?" if url.startswith("sqlite") else "%s"
    [(stored,)] = execute(url, "SELECT bytes FROM payload WHERE decision_id = 'd-1'")
    if value is None:
        value = bytes(stored).replace(b'"sealed":"', b'"sealed":"A')
    if not isinstance(value, bytes) and not url.startswith("sqlite"):
        pytest.skip("a column of PostgreSQL holds one type")
    with connected(url) as connection:
        connection.execute(f"UPDATE payload SET bytes = {mark} WHERE decision_id = 'd-1'", [value])
    erased = recorded.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
    assert (erased.erased, erased.damaged) == (2, ("d-1",))
    assert execute(url, "SELECT count(*) FROM payload_key WHERE tenant = 'bank-a'") == [(2,)]
    assert execute(url, "SELECT count(*) FROM payload WHERE decision_id = 'd-1'") == [(left,)]
    assert gone(recorded, "bank-a", "d-3")
    assert found(recorded).ok == (not left)  # nothing is hidden: what was changed and stays is told as before
    [(event,)] = execute(url, "SELECT bytes FROM payload JOIN event ON event_id = payload.decision_id")
    assert json.loads(bytes(event))["damaged"] == ["d-1"]


@pytest.mark.parametrize("reasons", ["no JSON", "7", "[7]"])
def test_a_damaged_row_of_the_index_keeps_nothing_from_being_erased(ledger, url, reasons):
    at = "2026-06-30T08:00:00.000000Z"
    stated = {"decision_id": "d-1", "enterprise_id": "e-1", "decided_at": at, "reasons": [{"code": "LEV01"}]}
    ledger.record("bank-a", "d-1", payload("d-1", decision=stated))
    ledger.catch_up()
    assert execute(url, "SELECT count(*) FROM decision_reason") != [(0,)]
    execute(url, f"UPDATE decision_index SET reasons = '{reasons}'")
    assert erase(ledger) == 1
    for table in ("decision_index", "decision_reason", "payload_key"):
        assert execute(url, f"SELECT count(*) FROM {table}") == [(0,)]


@contextmanager
def somebody_reads(url):
    """A transaction that sees the ledger as it is now."""
    begin = "BEGIN" if url.startswith("sqlite") else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    with connected(url) as connection:
        connection.execute(begin)
        connection.execute("SELECT count(*) FROM payload_key").fetchall()
        yield


def test_a_key_that_a_reader_keeps_is_told_and_overwritten_later(recorded, url, monkeypatch, tmp_path):
    monkeypatch.setattr(overwriting, "OVERWRITE_SECONDS", 0.2)
    [(key,)] = execute(url, "SELECT key FROM payload_key WHERE decision_id = 'd-1'")
    key = bytes(key)
    with somebody_reads(url):
        with pytest.raises(LedgerError) as caught:
            erase(recorded)
        assert caught.value.code == "ICS-LED-027"
        assert "icsml ledger overwrite" in caught.value.remedy
        assert gone(recorded, "bank-a", "d-1")
        with pytest.raises(LedgerError):
            recorded.overwrite()
        if url.startswith("sqlite"):
            assert key in (tmp_path / "ledger.db-wal").read_bytes() + (tmp_path / "ledger.db").read_bytes()
    recorded.overwrite()
    if url.startswith("sqlite"):
        assert not any(key in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    record(recorded, "d-later", "e-2")
    assert found(recorded).ok


def test_a_reader_who_ends_in_time_is_waited_for(recorded, url, tmp_path):
    [(key,)] = execute(url, "SELECT key FROM payload_key WHERE decision_id = 'd-1'")
    reads, ends = Event(), Event()

    def read():
        with somebody_reads(url):
            reads.set()
            ends.wait(1)

    thread = Thread(target=read)
    thread.start()
    reads.wait(10)
    assert erase(recorded) == 2
    thread.join()
    if url.startswith("sqlite"):
        assert not any(bytes(key) in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


def test_every_writer_overwrites_what_it_deletes_however_its_sqlite_was_built():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        _configure_sqlite(connection, None)
        assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_no_copy_of_a_key_stays_where_rows_were_moved(tmp_path):
    """Rows come in no order and move between the pages of the table, which must leave no copies behind."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(url) as ledger:
        for start in range(0, 3000, 100):
            names = [sha256_hex(b"%d" % number) for number in range(start, start + 100)]
            events = [{"event_id": name, "kind": "outcome", "decision_id": None} for name in names]
            ledger.record_all(
                [Entry.of_event("bank-a", event, enterprise_id=f"e-{at % 20}") for at, event in enumerate(events)]
            )
        keys = [key for (key,) in execute(url, "SELECT key FROM payload_key WHERE enterprise_id = 'e-1'")]
        assert erase(ledger) == len(keys) == 150
        files = [file.read_bytes() for file in tmp_path.iterdir() if file.is_file()]
        assert not any(key in file for file in files for key in keys)


def test_what_is_recorded_of_the_firm_meanwhile_is_erased_too(recorded, monkeypatch):
    """As a service does that records between the look for the firm and the commit."""
    late = iter(["d-7", "d-8"])
    as_it_is = Ledger.record_all

    def record_all(ledger, entries):
        if entries[0].erased and (name := next(late, None)):
            record(ledger, name, "e-1")
        return as_it_is(ledger, entries)

    monkeypatch.setattr(Ledger, "record_all", record_all)
    assert erase(recorded) == 4
    assert all(gone(recorded, "bank-a", name) for name in ("d-1", "d-3", "d-7", "d-8"))
    assert (found(recorded).ok, found(recorded).erased) == (True, 4)


def test_an_interrupted_erasure_is_taken_up_again(ledger, url, monkeypatch):
    monkeypatch.setattr(eraser, "_AT_ONCE", 2)
    for number in range(7):
        record(ledger, f"d-{number}", "e-1")
    lines = []

    def progress(line):
        lines.append(line)
        if len(lines) == 2:
            raise KeyboardInterrupt

    options = {"tenant": None, "reason": "kept long enough", "by": "operator"}
    with pytest.raises(KeyboardInterrupt):
        ledger.erase_before(NOW + timedelta(days=1), progress=progress, **options)
    assert lines == ["2 of 7 decisions and events erased", "4 of 7 decisions and events erased"]
    assert (found(ledger).ok, found(ledger).erased) == (True, 4)
    assert ledger.erase_before(NOW + timedelta(days=1), **options).erased == 3
    assert (found(ledger).ok, found(ledger).erased) == (True, 7)


def test_nothing_is_left_of_a_request_by_which_it_could_be_guessed(ledger, url, tmp_path):
    """A firm's record is a few numbers: its hash, without salt, shows whoever guesses them that they are right."""
    for number in range(2):
        decision = {"decision_id": f"d-{number}", "enterprise_id": f"e-{number}"}
        ledger.record("bank-a", f"d-{number}", payload(f"d-{number}", decision=decision), idempotency_key=f"k-{number}")
    hashes = dict(execute(url, "SELECT decision_id, request_sha256 FROM idempotency"))
    assert hashes["d-1"] == sha256_hex(canonical_bytes(payload("d-1")["request"]))
    assert erase(ledger) == 1
    assert dict(execute(url, "SELECT decision_id, request_sha256 FROM idempotency")) == hashes | {"d-1": ""}
    for sha256 in (hashes["d-1"], "0" * 64):  # nor does the answer say whether it is the same request
        with pytest.raises(LedgerError) as caught:
            ledger.earlier("bank-a", "k-1", sha256)
        assert caught.value.code == "ICS-LED-026"
        decision = {"decision_id": "d-2", "enterprise_id": "e-1"}
        with pytest.raises(LedgerError) as caught:
            ledger.record(
                "bank-a", "d-2", payload("d-2", decision=decision), idempotency_key="k-1", request_sha256=sha256
            )
        assert caught.value.code == "ICS-LED-026"
    assert ledger.earlier("bank-a", "k-0", hashes["d-0"]).replayed
    assert found(ledger).ok
    assert ledger.count() == 2


def test_what_an_earlier_release_left_of_requests_is_forgotten(ledger, url):
    decision = {"decision_id": "d-1", "enterprise_id": "e-1"}
    ledger.record("bank-a", "d-1", payload("d-1", decision=decision), idempotency_key="k")
    erase(ledger)
    execute(url, f"UPDATE idempotency SET request_sha256 = '{'a' * 64}'")
    ledger.overwrite()
    assert execute(url, "SELECT request_sha256 FROM idempotency") == [("",)]


def test_a_sealed_decision_whose_row_of_the_index_is_gone_is_found(ledger, url):
    stated = {"decision_id": "d-1", "enterprise_id": "e-1", "decided_at": "2026-06-30T08:00:00.000000Z"}
    ledger.record("bank-a", "d-1", payload("d-1", decision=stated))
    ledger.record("bank-b", "d-2", payload("d-2", decision=stated | {"decision_id": "d-2"}))
    execute(url, "DELETE FROM decision_index")
    assert erase(ledger) == 1
    assert execute(url, "SELECT decision_id FROM payload_key") == [("d-2",)]


def test_a_key_that_is_gone_without_an_erasure_is_told(recorded, url):
    execute(url, "DELETE FROM payload_key WHERE decision_id = 'd-1'")
    first = found(recorded).first_bad
    assert (first.kind, first.decision_id) == ("deleted", "d-1")


def test_a_key_that_was_changed_or_is_there_again_is_told(recorded, url):
    [(key,)] = execute(url, "SELECT key FROM payload_key WHERE decision_id = 'd-1'")
    execute(url, "UPDATE payload_key SET key = (SELECT key FROM payload_key WHERE decision_id = 'd-0')")
    assert (found(recorded).first_bad.kind, found(recorded).first_bad.decision_id) == ("edited", "d-1")
    execute(url, "DELETE FROM payload_key WHERE decision_id <> 'd-1'")
    recorded.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
    mark = "?" if url.startswith("sqlite") else "%s"
    with connected(url) as connection:
        connection.execute(
            f"INSERT INTO payload_key (decision_id, tenant, key) VALUES ('d-1', 'bank-a', {mark})", [bytes(key)]
        )
    kinds = {(bad.kind, bad.decision_id) for bad in found(recorded).bad}
    assert ("deleted", "d-0") in kinds


def test_a_key_restored_after_its_erasure_is_told(recorded, url):
    [(key,)] = execute(url, "SELECT key FROM payload_key WHERE decision_id = 'd-1'")
    erase(recorded)
    mark = "?" if url.startswith("sqlite") else "%s"
    with connected(url) as connection:
        statement = f"INSERT INTO payload_key (decision_id, tenant, key) VALUES ('d-1', 'bank-a', {mark})"
        connection.execute(statement, [bytes(key)])
    first = found(recorded).first_bad
    assert (first.kind, first.decision_id) == ("inserted", "d-1")


def test_an_erasure_that_never_was_excuses_nothing(recorded, url):
    erase(recorded, "e-0")
    [(name,)] = execute(url, "SELECT event_id FROM event")
    execute(url, "DELETE FROM payload_key WHERE decision_id = 'd-1'")
    [(stored,)] = execute(url, f"SELECT bytes FROM payload WHERE decision_id = '{name}'")
    forged = bytes(stored).replace(b'"d-0"', b'"d-1"')
    literal = f"X'{forged.hex()}'" if url.startswith("sqlite") else f"decode('{forged.hex()}', 'hex')"
    execute(url, f"UPDATE payload SET bytes = {literal} WHERE decision_id = '{name}'")
    assert not found(recorded).ok


def test_what_is_older_than_a_moment_is_erased_for_every_tenant(url):
    times = iter(NOW + timedelta(days=day) for day in range(100))
    with Ledger.open(url, clock=lambda: next(times)) as ledger:
        for number in range(6):
            record(ledger, f"d-{number}", "e", "bank-a" if number % 2 else "bank-b")
        options = {"reason": "kept long enough", "by": "operator"}
        assert ledger.erase_before(NOW + timedelta(days=1), tenant="bank-a", **options).erased == 0
        assert ledger.erase_before(NOW + timedelta(days=3), tenant=None, **options).erased == 3
        tenants = ["bank-b", "bank-a"] * 3
        states = [gone(ledger, tenant, f"d-{number}") for number, tenant in enumerate(tenants)]
        assert states == [True, True, True, False, False, False]
        assert (found(ledger).ok, found(ledger).erased) == (True, 3)


def test_a_payload_of_an_earlier_release_is_deleted_itself(recorded, url):
    data = canonical_bytes(payload("d-1"))
    literal = f"X'{data.hex()}'" if url.startswith("sqlite") else f"decode('{data.hex()}', 'hex')"
    execute(url, f"UPDATE payload SET bytes = {literal}, sha256 = '{sha256_hex(data)}' WHERE decision_id = 'd-1'")
    assert erase(recorded) == 2
    assert execute(url, "SELECT count(*) FROM payload WHERE decision_id = 'd-1'") == [(0,)]


@pytest.mark.parametrize("field", ["reason", "by"])
@pytest.mark.parametrize("text", ["", " ", "a\nb", "x" * 300])
def test_an_erasure_says_why_and_who(recorded, field, text):
    with pytest.raises(InputError) as caught:
        recorded.erase_enterprise("bank-a", "e-1", **({"reason": "asked", "by": "officer"} | {field: text}))
    assert (caught.value.code, caught.value.field) == ("ICS-LED-028", field)
    assert not gone(recorded, "bank-a", "d-1")


def test_each_content_has_a_key_of_its_own_bound_to_its_name():
    one, two = (seal("d-1", b"{}", {}) for _ in range(2))
    assert one.key != two.key
    assert one.stored != two.stored
    assert opened("d-1", one.stored, one.key)[0] == b"{}"
    assert opened("d-1", one.stored, None) is None
    for name, key in (("d-2", one.key), ("d-1", two.key)):
        with pytest.raises(LedgerError):
            opened(name, one.stored, key)


def test_what_was_sealed_before_contents_were_compressed_is_opened():
    key, nonce, salted = b"k" * 32, b"n" * 12, b"s" * 16 + b"{}"
    sealed = b64encode(nonce + AESGCM(key).encrypt(nonce, salted, b"d-1")).decode()
    stored = canonical_bytes({"content_sha256": sha256_hex(salted), "format": 2, "sealed": sealed})
    assert opened("d-1", stored, key) == (b"{}", b"s" * 16)
    with pytest.raises(LedgerError) as caught:
        opened("d-1", stored.replace(b'"format":2', b'"format":3'), key)
    assert caught.value.code == "ICS-LED-008"


def test_a_firm_is_filed_once_and_found_wherever_it_is(ledger, url):
    """What is in the index is filed there; a decision without a time, and an event, are filed with their keys."""
    stated = {"decision_id": "d-1", "enterprise_id": "e-1", "decided_at": "2026-06-30T08:00:00.000000Z"}
    ledger.record("bank-a", "d-1", payload("d-1", decision=stated))
    record(ledger, "d-2", "e-1")
    event = {"event_id": "v-1", "kind": "override", "decision_id": "d-1"}
    ledger.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    filed = dict(execute(url, "SELECT decision_id, enterprise_id FROM payload_key"))
    assert filed == {"d-1": None, "d-2": "e-1", "v-1": "e-1"}
    assert erase(ledger) == 3
    assert execute(url, "SELECT count(*) FROM payload_key") == [(0,)]


def test_another_content_than_was_promised_is_not_opened():
    """The tag of the cipher does not bind a key: what comes out must be what the chain promised."""
    one, other = seal("d-1", b"{}", {}), seal("d-1", b"[]", {})
    promised = {name: json.loads(each.stored)["content_sha256"].encode() for name, each in (("1", one), ("2", other))}
    with pytest.raises(LedgerError) as caught:
        opened("d-1", one.stored.replace(promised["1"], promised["2"]), one.key)
    assert caught.value.code == "ICS-LED-008"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET kind = 'outcome'",
        "UPDATE event SET decision_id = 'd-2'",
        "DELETE FROM event",
        "INSERT INTO event (event_id, tenant, kind, decision_id) VALUES ('d-2', 'bank-a', 'override', 'd-1')",
    ],
)
def test_what_the_table_of_events_says_is_compared_with_what_was_recorded(recorded, url, change):
    event = {"event_id": "v-1", "kind": "override", "decision_id": "d-1"}
    recorded.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    assert found(recorded).ok
    execute(url, change)
    first = found(recorded).first_bad
    assert (first.kind, first.decision_id) == ("edited", "d-2" if change.startswith("INSERT") else "v-1")


def test_events_are_those_of_the_tenant(recorded):
    event = {"event_id": "v-1", "kind": "override", "decision_id": "d-1"}
    recorded.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    assert [each["event_id"] for each in recorded.events("bank-a", "d-1")] == ["v-1"]
    assert recorded.events("bank-b", "d-1") == []
