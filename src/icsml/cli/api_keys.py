"""``icsml keys``: keys of the service."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from icsml.cli.options import JsonFlag
from icsml.cli.output import emit
from icsml.core.clock import utc_now
from icsml.serving.keys import create_key, keys_path

__all__ = ["create"]


def create(
    tenant: Annotated[str, typer.Option(help="Whose key it is, such as a bank.", metavar="T")],
    role: Annotated[Literal["score", "audit", "admin"], typer.Option(help="What it may do.", metavar="R")],
    json_: JsonFlag = False,
) -> None:
    """Create a key for the service and print it once; only its hash is kept."""
    new = create_key(keys_path(), tenant, role, utc_now)
    emit({"key": new.key, "id": new.id}, as_json=json_, text=f"{new.key}\nkept as {new.id}; it is not shown again")
