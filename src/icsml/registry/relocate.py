"""Make the embedded registry look for its files in its present folder, after a move or copy.

MLflow stores absolute addresses and has no tool to change them, so they are changed in its SQLite database: every text
that begins with the old address of the files, in whatever table of whatever version of MLflow.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.errors import MissingError
from icsml.registry.experiment import moved_from
from icsml.registry.session import database, embedded_lock, is_embedded

__all__ = ["relocate"]


def relocate(progress: Progress = silent) -> dict[str, int]:
    """Change the addresses, all of them or none.

    Returns
    -------
    dict of str to int
        Addresses changed, by the folder that they named before; empty where the registry was not moved.

    Raises
    ------
    MissingError
        ICS-REG-010 if there is no embedded registry here, or its files did not move along.
    """
    if not is_embedded() or not database().is_file():
        raise _nothing("there is no registry here whose place icsml decides")
    with embedded_lock(progress), closing(sqlite3.connect(database())) as connection, connection:
        locations = [row[0] for row in connection.execute("SELECT artifact_location FROM experiments")]
        before = {folder for location in locations if location and (folder := moved_from(location)) is not None}
        if before and not (home() / "mlartifacts").is_dir():
            raise _nothing(f"no folder mlartifacts in {home()}: the files did not move along")
        return {str(folder): _moved(connection, folder) for folder in sorted(before)}


def _moved(connection: sqlite3.Connection, before: Path) -> int:
    addresses = [
        ((before / "mlartifacts").as_uri(), (home() / "mlartifacts").as_uri()),
        (str(before / "mlartifacts"), str(home() / "mlartifacts")),
    ]
    changed = 0
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for column in [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]:
            for old, new in addresses:
                statement = (
                    f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) '  # noqa: S608 - names of its tables
                    f'WHERE "{column}" = ? OR substr("{column}", 1, ?) = ?'
                )
                values = (new, len(old) + 1, old, len(old) + 1, f"{old}/")
                changed += connection.execute(statement, values).rowcount
    return changed


def _nothing(reason: str) -> MissingError:
    return MissingError(
        "ICS-REG-010", reason, field="ICSML_HOME", remedy="set ICSML_HOME to the folder of the registry"
    )
