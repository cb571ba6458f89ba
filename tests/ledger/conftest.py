"""Empty databases of both kinds, and a ledger in each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ledger_tables import fresh_schema, postgres_server

from icsml.ledger import Ledger

NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="session", autouse=True)
def _patient_readers():
    """A machine that stands still for a moment is no fault of a search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("icsml.ledger.store.database.READ_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server of this session's own."""
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture(params=DATABASES)
def url(request, tmp_path):
    """The address of an empty database."""
    return _fresh(request, request.param, tmp_path)


@pytest.fixture
def ledger(url):
    with Ledger.open(url, writer="w-1", clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture(scope="module", params=DATABASES)
def shared_ledger(request, tmp_path_factory):
    with Ledger.open(_fresh(request, request.param, tmp_path_factory.mktemp("ledger"))) as opened:
        yield opened


def _fresh(request, database, folder):
    if database == "sqlite":
        return f"sqlite:///{folder}/ledger.db"
    return fresh_schema(request.getfixturevalue("postgres"))
