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

__all__ = ["upgrade"]


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision within the caller's transaction, which must exclude other upgrades.

    Raises
    ------
    LedgerError
        If the tables were made by a newer release.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            "ICS-LED-002", "its tables were made by another release", field="ledger", remedy="upgrade icsml"
        ) from error
