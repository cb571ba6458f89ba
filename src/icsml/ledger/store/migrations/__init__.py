"""Alembic migrations of the ledger's tables, applied whenever a ledger is opened."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from icsml.errors import LedgerError

__all__ = ["require_newest", "upgrade"]


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision within the caller's transaction, which must exclude other upgrades.

    Raises
    ------
    LedgerError
        If the tables were made by a newer release.
    """
    config = _config(connection)
    if _is_newest(connection, config):
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            "ICS-LED-002", "its tables were made by another release", field="ledger", remedy="upgrade icsml"
        ) from error


def require_newest(connection: Connection) -> None:
    """Raise LedgerError ``ICS-LED-002`` unless the tables are those of this release."""
    if not _is_newest(connection, _config(connection)):
        raise LedgerError(
            "ICS-LED-002",
            "its tables were made by another release",
            field="ledger",
            remedy="start the service once, or run `icsml ledger checkpoint`, which bring them up to date",
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _is_newest(connection: Connection, config: Config) -> bool:
    newest = ScriptDirectory.from_config(config).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest
