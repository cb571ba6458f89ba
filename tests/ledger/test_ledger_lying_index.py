"""An index that says something else than was recorded is named, and put right from the contents."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
import typer
from ledger_tables import execute, payload

from icsml.cli import ledger_command
from icsml.errors import LedgerError
from icsml.ledger import Entry, Ledger
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import reindexing
from icsml.ledger.store.searching import Wanted

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)
MOMENT = "2026-06-30T08:00:00.000000Z"


@pytest.fixture(autouse=True)
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))


def record(ledger, name, *, tenant="bank-a", firm="e-1", **parts):
    decision = {"decision_id": name, "decided_at": MOMENT, "enterprise_id": firm, "grade": "BB", "pd": 0.02}
    decision |= {"score": 612, "adverse_reasons": [{"code": "R1"}, {"code": "R2"}]} | parts
    ledger.record(tenant, name, payload(name, decision=decision), idempotency_key=f"key of {name}")


@pytest.fixture
def recorded(ledger):
    """Decisions whose reasons are in the index, and some whose are not yet; an event, and what was erased."""
    for number in range(1, 4):
        record(ledger, f"d-{number}")
    record(ledger, "no-grade", grade=None)
    record(ledger, "no-time", decided_at=None)
    record(ledger, "gone", firm="e-9")
    for name, told in (("over", {}), ("out", {"enterprise_id": "e-1"})):
        event = {"event_id": name, "kind": "override", "decision_id": "d-1"} | told
        ledger.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    ledger.erase_enterprise("bank-a", "e-9", reason="asked for it", by="officer")
    record(ledger, "other", tenant="bank-b")
    ledger.catch_up()
    for number in range(4, 6):
        record(ledger, f"d-{number}")
    ledger.checkpoint()
    return ledger


def verify(ledger):
    return ledger.verify(trusted_keys())


INDEX = (
    "decided_at, decision_id, enterprise_id, as_of, grade, pd, score, model_name, model_version, bundle_sha256, reasons"
)
NONE = "NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]'"
LIES = [
    *(
        (
            f"UPDATE decision_index SET {column} = {value} WHERE decision_id = 'd-2'",
            "edited",
            f"decision_index.{column}",
        )
        for column, value in {
            "tenant": "'bank-b'",
            "decided_at": "'2026-06-30T09:00:00.000000Z'",
            "enterprise_id": "'e-2'",
            "as_of": "'2026-06-30'",
            "grade": "'AA'",
            "pd": "0.01",
            "score": "700",
            "model_name": "'m'",
            "model_version": "'1'",
            "bundle_sha256": "'b'",
            "reasons": "'[\"R1\"]'",
        }.items()
    ),
    (
        "UPDATE decision_index SET enterprise_id = NULL WHERE decision_id = 'd-2'",
        "edited",
        "decision_index.enterprise_id",
    ),
    ("DELETE FROM decision_index WHERE decision_id = 'd-2'", "deleted", "decision_index"),
    ("UPDATE decision_index SET decision_id = 'gone' WHERE decision_id = 'd-2'", "deleted", "decision_index"),
    ("UPDATE decision_index SET decision_id = 'never' WHERE decision_id = 'd-2'", "deleted", "decision_index"),
    (
        f"INSERT INTO decision_index SELECT tenant, '{MOMENT}', 'gone', 'e-9', {NONE}"
        " FROM chain WHERE decision_id = 'gone'",
        "inserted",
        "decision_index",
    ),
    (
        f"INSERT INTO decision_index SELECT tenant, '{MOMENT}', 'out', 'e-9', {NONE}"
        " FROM chain WHERE decision_id = 'out'",
        "inserted",
        "decision_index",
    ),
    (
        f"INSERT INTO decision_index VALUES ('bank-a', '{MOMENT}', 'never', 'e-9', {NONE})",
        "inserted",
        "decision_index",
    ),
    ("DELETE FROM decision_reason WHERE decision_id = 'd-2' AND code = 'R1'", "deleted", "decision_reason"),
    ("DELETE FROM decision_reason WHERE decision_id = 'd-2' AND code = ''", "deleted", "decision_reason"),
    ("UPDATE decision_reason SET code = 'R9' WHERE decision_id = 'd-2' AND code = 'R1'", "deleted", "decision_reason"),
    ("UPDATE decision_reason SET grade = 'AA' WHERE decision_id = 'd-2'", "deleted", "decision_reason"),
    ("UPDATE decision_reason SET tenant = 'bank-b' WHERE decision_id = 'd-2'", "deleted", "decision_reason"),
    (f"INSERT INTO decision_reason VALUES ('bank-a', 'R9', 'BB', '{MOMENT}', 'd-2')", "inserted", "decision_reason"),
    (f"INSERT INTO decision_reason VALUES ('bank-a', '', '', '{MOMENT}', 'no-grade')", "inserted", "decision_reason"),
    (f"INSERT INTO decision_reason VALUES ('bank-a', 'R1', 'BB', '{MOMENT}', 'd-4')", "inserted", "decision_reason"),
    (f"INSERT INTO decision_reason VALUES ('bank-a', 'R1', 'BB', '{MOMENT}', 'never')", "inserted", "decision_reason"),
    ("DELETE FROM reason_backlog", "deleted", "decision_reason"),
    ("UPDATE reason_backlog SET sequence = 0", "inserted", "decision_reason"),
    ("UPDATE reason_backlog SET sequence = 1000", "edited", "reason_backlog"),
    ("INSERT INTO reason_backlog VALUES ('bank-a', 'w-2', 1000)", "edited", "reason_backlog"),
    ("UPDATE payload_key SET enterprise_id = 'e-2' WHERE decision_id = 'd-2'", "edited", "payload_key.enterprise_id"),
    (
        "UPDATE payload_key SET enterprise_id = NULL WHERE decision_id = 'no-time'",
        "deleted",
        "payload_key.enterprise_id",
    ),
    ("UPDATE payload_key SET enterprise_id = 'e-2' WHERE decision_id = 'over'", "edited", "payload_key.enterprise_id"),
    ("UPDATE payload_key SET enterprise_id = NULL WHERE decision_id = 'out'", "deleted", "payload_key.enterprise_id"),
    ("UPDATE payload_key SET tenant = 'bank-b' WHERE decision_id = 'd-2'", "edited", "payload_key.tenant"),
    ("UPDATE payload SET tenant = 'bank-b' WHERE decision_id = 'd-2'", "edited", "payload.tenant"),
    ("UPDATE payload SET sha256 = 'x' WHERE decision_id = 'd-2'", "edited", "payload.sha256"),
    ("UPDATE event SET tenant = 'bank-b' WHERE event_id = 'over'", "edited", "event.tenant"),
    ("UPDATE idempotency SET tenant = 'bank-b' WHERE decision_id = 'd-2'", "edited", "idempotency.tenant"),
]
lies = pytest.mark.parametrize(("change", "kind", "where"), LIES)


def test_an_index_that_is_right_is_accepted(recorded, url):
    assert verify(recorded).ok
    recorded.catch_up()
    assert verify(recorded).ok
    recorded.close()
    with Ledger.open(url) as ledger:
        assert verify(ledger).ok
        record(ledger, "d-6")
        assert (verify(ledger).ok, verify(ledger).misfiled) == (True, 0)


def test_whoever_records_meanwhile_is_no_liar(recorded, url):
    done = Event()

    def write():
        with Ledger.open(url) as other:
            for number in range(10_000):
                record(other, f"m-{number}")
                if number % 3 == 0:
                    other.catch_up()
                    other.checkpoint()
                if done.is_set():
                    return

    writer = Thread(target=write)
    writer.start()
    try:
        assert [verify(recorded).bad for _ in range(10)] == [[]] * 10
    finally:
        done.set()
        writer.join()


@lies
def test_a_lie_is_named_and_reindexing_puts_it_right(recorded, url, change, kind, where):
    before = whole(url)
    execute(url, change)
    found = verify(recorded)
    assert (found.ok, found.first_bad.kind, len(found.bad)) == (False, kind, 1)
    assert f"({where})" in found.first_bad.detail
    assert "icsml ledger reindex" in found.first_bad.detail
    assert recorded.reindex().unreadable == 0
    assert verify(recorded).bad == []
    if "reason_backlog" not in change:  # whose writers are not known
        assert whole(url) == before
    for number in range(6, 8):
        record(recorded, f"d-{number}")
    recorded.catch_up()
    if change != "DELETE FROM reason_backlog":
        assert verify(recorded).bad == []


def whole(url):
    tables = ("decision_index", "decision_reason", "reason_backlog", "payload_key", "payload", "event", "idempotency")
    return {table: sorted(execute(url, f"SELECT * FROM {table}"), key=repr) for table in tables}


def test_the_backlog_of_a_service_is_made_anew(recorded, url):
    recorded.prove()
    execute(url, "DELETE FROM reason_backlog")
    recorded.reindex()
    record(recorded, "d-6")
    assert verify(recorded).ok
    recorded.catch_up()
    assert verify(recorded).ok


def test_everything_is_made_anew(recorded, url):
    before = whole(url)
    for table in ("decision_index", "decision_reason", "event"):
        execute(url, f"DELETE FROM {table}")
    execute(url, "UPDATE payload_key SET enterprise_id = NULL, tenant = 'x'")
    done = recorded.reindex()
    assert (done.unreadable, verify(recorded).bad) == (0, [])
    assert whole(url) == before


def test_nothing_is_done_to_an_index_that_is_right(recorded, url):
    before = whole(url)
    done = recorded.reindex()
    assert (done.mended, done.reasons_removed, done.reasons_added, done.unreadable, done.rows) == (0, 0, 0, 0, 12)
    assert whole(url) == before


def test_what_cannot_be_read_is_named_and_left(recorded, url, monkeypatch, capsys):
    monkeypatch.setenv("ICSML_LEDGER_URL", url)
    execute(
        url,
        "UPDATE payload SET bytes = (SELECT bytes FROM payload WHERE decision_id = 'd-1') WHERE decision_id = 'd-2'",
    )
    execute(url, "UPDATE decision_index SET grade = 'AA' WHERE decision_id IN ('d-2', 'd-3')")
    with pytest.raises(typer.Exit) as left:
        ledger_command.reindex()
    assert left.value.exit_code == 1
    assert "d-2: its payload is not what was recorded" in capsys.readouterr().out
    assert execute(url, "SELECT decision_id FROM decision_index WHERE grade = 'AA'") == [("d-2",)]


def test_what_is_erased_while_the_index_is_put_right_does_not_come_back(recorded, url, monkeypatch):
    real, there = reindexing._mend, []

    def erased_first(engine, wrong):
        monkeypatch.setattr(reindexing, "_mend", real)
        event = {"event_id": "late", "kind": "erasure", "reason": "asked for it", "by": "officer"}
        recorded.record_all([Entry.of_erasure("bank-a", event, ["d-1"])])
        mended = real(engine, wrong)
        there.extend(execute(url, "SELECT decision_id FROM decision_index WHERE decision_id = 'd-1'"))
        return mended

    monkeypatch.setattr(reindexing, "_mend", erased_first)
    execute(url, "UPDATE decision_index SET grade = 'A' WHERE decision_id = 'd-1'")
    recorded.reindex()
    assert reindexing._mend is real
    assert there == []
    assert verify(recorded).bad == []


def test_reindexing_goes_on_beside_whoever_records(recorded, url):
    execute(url, "DELETE FROM decision_reason")
    execute(url, "DELETE FROM decision_index WHERE tenant = 'bank-a'")
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(recorded.reindex)
        with Ledger.open(url) as other:
            for number in range(50):
                record(other, f"m-{number}")
                if number % 5 == 0:
                    other.catch_up()
                    other.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
        done.result()
    assert verify(recorded).bad == []


@pytest.mark.parametrize(
    "change", ["reasons = 'no JSON'", "reasons = '3'", "pd = 'a text'", "score = 1.5", "grade = X'41'"]
)
def test_an_index_row_that_cannot_have_been_recorded_is_refused_and_not_shown(tmp_path, change):
    """PostgreSQL keeps the types of its columns; its lists of reasons are read in the same way."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(url) as ledger:
        record(ledger, "d-1")
        record(ledger, "d-2", tenant="bank-b")
        ledger.catch_up()
        execute(url, f"UPDATE decision_index SET {change} WHERE decision_id = 'd-1'")
        for ask in (lambda: ledger.search(Wanted("bank-a"), limit=9), lambda: ledger.described(["d-1"])):
            with pytest.raises(LedgerError) as caught:
                ask()
            assert caught.value.code == "ICS-LED-033"
        assert [row.decision_id for row in ledger.search(Wanted("bank-b"), limit=9)] == ["d-2"]
        assert not verify(ledger).ok


def test_reasons_that_are_no_list_are_not_counted(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with Ledger.open(url) as ledger:
        record(ledger, "d-1")
        execute(url, "UPDATE decision_index SET reasons = 'no JSON'")
        with pytest.raises(LedgerError) as caught:
            ledger.count_facets(Wanted("bank-a"))
        assert caught.value.code == "ICS-LED-033"
