"""A ledger of every earlier schema, with rows in it: opened by this release it reads, verifies, erases and records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from ledger_tables import broken_links, connected, execute, payload

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import LedgerError
from icsml.ledger import GENESIS, ChainRow, Ledger
from icsml.ledger.filing import index_values
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import migrations
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, IDEMPOTENCY, PAYLOAD
from icsml.ledger.store.searching import Wanted
from icsml.records.facets import facets_of

EARLIER = ["0001", "0002", "0003", "0004", "0005"]
MOMENT = "2026-06-30T08:00:00.000000Z"
N = 5


def old_payload(number):
    decision = {"decision_id": f"d-{number}", "enterprise_id": f"e-{number % 2}", "decided_at": MOMENT, "pd": 0.02}
    return payload(f"d-{number}", decision=decision | {"grade": "BB", "score": 612})


def config_of(connection):
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    config.attributes["connection"] = connection
    return config


def rows_of(number, previous, content):
    data = canonical_bytes(content)
    row = ChainRow("bank-a", "w-old", number, MOMENT, f"d-{number}", sha256_hex(data), previous)
    stored = {"decision_id": row.decision_id, "tenant": "bank-a", "bytes": data, "sha256": row.payload_sha256}
    return row, stored


def make(url, revision, content=old_payload):
    """Make the tables of a revision, with decisions as the releases of that time recorded them."""
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        command.upgrade(config_of(connection), revision)
        previous = GENESIS
        for number in range(1, N + 1):
            row, stored = rows_of(number, previous, content(number))
            previous = row.sha256
            connection.execute(sqlalchemy.insert(CHAIN), row._asdict() | {"row_sha256": previous})
            connection.execute(sqlalchemy.insert(PAYLOAD), stored)
            facets = facets_of(content(number)["decision"])
            if revision >= "0004" and facets is not None:  # since then each decision was indexed with it
                connection.execute(
                    sqlalchemy.insert(DECISION_INDEX).values(index_values("bank-a", row.decision_id, facets))
                )
        key = {"tenant": "bank-a", "key": "k", "request_sha256": "1", "decision_id": "d-3"}
        connection.execute(sqlalchemy.insert(IDEMPOTENCY), key)
    engine.dispose()


def test_every_revision_before_the_newest_is_tried():
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        scripts = ScriptDirectory.from_config(config_of(connection))
        known = [script.revision for script in scripts.walk_revisions()]
    assert known[::-1][:-1] == EARLIER


@pytest.mark.parametrize("revision", EARLIER)
def test_what_was_recorded_then_is_read_verified_and_goes_on(url, revision):
    make(url, revision)
    with Ledger.open(url) as ledger:
        assert [ledger.get("bank-a", f"d-{number}") for number in range(1, N + 1)] == [
            old_payload(number) for number in range(1, N + 1)
        ]
        assert ledger.earlier("bank-a", "k", "1").decision == old_payload(3)["decision"]
        assert sorted(one.decision_id for group in ledger.walk() for one in group) == [
            f"d-{n}" for n in range(1, N + 1)
        ]
        ledger.record("bank-a", "d-9", payload("d-9"))
        assert (ledger.verify(trusted_keys()).ok, ledger.count()) == (True, N + 1)
    assert broken_links(url) == []


@pytest.mark.parametrize("revision", EARLIER[:3])
def test_what_was_recorded_then_is_found_and_erased(url, revision):
    make(url, revision)
    with Ledger.open(url) as ledger:
        found = ledger.search(Wanted("bank-a", enterprise_id="e-1"), limit=9)
        assert sorted(row.decision_id for row in found) == ["d-1", "d-3", "d-5"]
        assert ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer").erased == 3
        assert ledger.search(Wanted("bank-a", enterprise_id="e-1"), limit=9) == []
        with pytest.raises(LedgerError) as caught:
            ledger.get("bank-a", "d-3")
        assert caught.value.code == "ICS-LED-026"
        assert ledger.get("bank-a", "d-2") == old_payload(2)
        verified = ledger.verify(trusted_keys())
        assert (verified.ok, verified.erased) == (True, 3)


@pytest.mark.parametrize("revision", EARLIER)
@pytest.mark.parametrize("old", [False, True])
def test_a_decision_without_a_time_or_in_no_table_is_erased_with_its_firm(url, revision, old):
    """The releases before the index, and those before keys, filed a decision without a time nowhere."""
    undated = {number: old_payload(number) for number in range(1, N + 1)}
    for each in undated.values():
        del each["decision"]["decided_at"]
    undated[5]["decision"].pop("enterprise_id")  # then the request names the firm
    undated[5]["request"]["enterprise_id"] = "e-1"
    make(url, revision, undated.__getitem__)
    with Ledger.open(url) as ledger:
        assert ledger.search(Wanted("bank-a", enterprise_id="e-1"), limit=9) == []
        if old:
            erased = ledger.erase_before(datetime(2026, 7, 1, tzinfo=UTC), tenant=None, reason="old", by="officer")
            left = []
        else:
            erased = ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
            left = ["d-2", "d-4"]
        assert (erased.erased, erased.unreadable, erased.damaged) == (N - len(left), (), ())
        stored = execute(
            url, "SELECT decision_id FROM payload WHERE decision_id < 'd-9' AND decision_id > 'd-' ORDER BY 1"
        )
        assert [name for (name,) in stored] == left
        assert ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer").erased == 0
        verified = ledger.verify(trusted_keys())
        assert (verified.ok, verified.erased) == (True, N - len(left))


def test_what_cannot_be_read_is_erased_where_it_names_the_firm_and_else_named(url):
    make(url, "0003")
    cut = {1: b'{"decision":{"enterprise_id":"e-1","score', 2: b'{"decision":{"decision_id":"d-2"', 3: b"[]"}
    mark = "?" if url.startswith("sqlite") else "%s"
    with connected(url) as connection:
        for number, data in cut.items():
            connection.execute(f"UPDATE payload SET bytes = {mark} WHERE decision_id = 'd-{number}'", [data])
    with Ledger.open(url) as ledger:  # the migration files neither of these
        erased = ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
        assert (erased.erased, erased.damaged, sorted(erased.unreadable)) == (2, ("d-1",), ["d-2", "d-3"])
        again = ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer")
        assert (again.erased, sorted(again.unreadable)) == (0, ["d-2", "d-3"])
        erased = ledger.erase_before(datetime(2026, 7, 1, tzinfo=UTC), tenant=None, reason="old", by="officer")
        assert (erased.erased, sorted(erased.damaged), erased.unreadable) == (3, ["d-2", "d-3"], ())
        assert ledger.verify(trusted_keys()).ok


@pytest.mark.parametrize("revision", EARLIER)
def test_whoever_only_looks_changes_no_table(url, revision):
    make(url, revision)
    for _ in range(2):
        with pytest.raises(LedgerError) as caught:
            Ledger.open(url, create=False)
        assert (caught.value.code, "ledger checkpoint" in caught.value.remedy) == ("ICS-LED-002", True)
    Ledger.open(url).close()
    with Ledger.open(url, create=False) as ledger:
        assert ledger.count() == N
