"""A ledger of every earlier schema, with rows in it: opened by this release it reads, verifies, erases and records."""

from __future__ import annotations

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from ledger_tables import broken_links, payload

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


def rows_of(number, previous):
    data = canonical_bytes(old_payload(number))
    row = ChainRow("bank-a", "w-old", number, MOMENT, f"d-{number}", sha256_hex(data), previous)
    stored = {"decision_id": row.decision_id, "tenant": "bank-a", "bytes": data, "sha256": row.payload_sha256}
    return row, stored


def make(url, revision):
    """Make the tables of a revision, with decisions as the releases of that time recorded them."""
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        command.upgrade(config_of(connection), revision)
        previous = GENESIS
        for number in range(1, N + 1):
            row, stored = rows_of(number, previous)
            previous = row.sha256
            connection.execute(sqlalchemy.insert(CHAIN), row._asdict() | {"row_sha256": previous})
            connection.execute(sqlalchemy.insert(PAYLOAD), stored)
            if revision >= "0004":  # since then each decision was indexed with it
                facets = facets_of(old_payload(number)["decision"])
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
        assert ledger.erase_enterprise("bank-a", "e-1", reason="asked for it", by="officer") == 3
        assert ledger.search(Wanted("bank-a", enterprise_id="e-1"), limit=9) == []
        with pytest.raises(LedgerError) as caught:
            ledger.get("bank-a", "d-3")
        assert caught.value.code == "ICS-LED-026"
        assert ledger.get("bank-a", "d-2") == old_payload(2)
        verified = ledger.verify(trusted_keys())
        assert (verified.ok, verified.erased) == (True, 3)


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
