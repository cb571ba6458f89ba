"""``icsml keys``: keys of the service."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal

import typer

from icsml.cli.arguments import day
from icsml.cli.options import JsonFlag
from icsml.cli.output import emit, table
from icsml.core.clock import utc_now
from icsml.core.paths import home
from icsml.core.private_files import exposed_advice
from icsml.errors import InputError
from icsml.serving.key_changes import (
    LIFETIME,
    Ends,
    KeyFacts,
    NewKey,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from icsml.serving.key_file import keys_path

__all__ = ["create", "list_", "revoke", "rotate"]

_HEADER: Final = ("id", "tenant", "role", "state", "created", "expires")
_LONGEST_DAYS: Final = 3650
_NEVER: Final = "never"
_LAST_DAY: Final = date.max

KeyId = Annotated[str, typer.Argument(metavar="ID", help="Its id, see `icsml keys list`; not the key.")]
ExpiresDays = Annotated[
    int | None,
    typer.Option(help=f"Days until the key ends; {LIFETIME.days} by default.", min=1, max=_LONGEST_DAYS, metavar="N"),
]
Expires = Annotated[
    str | None, typer.Option(help="Last day on which the key works, in UTC, or `never`.", metavar="DATE")
]
OverlapHours = Annotated[
    float, typer.Option(help="Hours that the old key still works; it ends at once by default.", min=0, max=2160)
]


def create(
    tenant: Annotated[str, typer.Option(help="Whose key it is, such as a bank.", metavar="T")],
    role: Annotated[Literal["score", "audit", "admin", "monitor"], typer.Option(help="What it may do.", metavar="R")],
    expires_days: ExpiresDays = None,
    expires: Expires = None,
    json_: JsonFlag = False,
) -> None:
    """Create a key for the service and print it once; only its hash is kept."""
    _advise()
    _show_once(create_key(keys_path(), tenant, role, utc_now, ends=_ends(expires_days, expires)), json_)


def list_(json_: JsonFlag = False) -> None:
    """List the keys: whose they are, and whether they still work. No key is shown."""
    _advise()
    keys = list_keys(keys_path(), utc_now)
    empty = "there is no key: run `icsml keys create --tenant T --role score`"
    emit({"keys": keys}, as_json=json_, text=table([_row(key) for key in keys], _HEADER) if keys else empty)


def revoke(key_id: KeyId, json_: JsonFlag = False) -> None:
    """End a key at once, in every process that runs."""
    _advise()
    key = revoke_key(keys_path(), key_id, utc_now)
    emit(key, as_json=json_, text=f"{key.id} of {key.tenant} is revoked")


def rotate(
    key_id: KeyId,
    overlap_hours: OverlapHours = 0.0,
    expires_days: ExpiresDays = None,
    expires: Expires = None,
    json_: JsonFlag = False,
) -> None:
    """Create a key that takes the place of another, print it once, and end the other."""
    _advise()
    overlap, ends = timedelta(hours=overlap_hours), _ends(expires_days, expires)
    _show_once(rotate_key(keys_path(), key_id, utc_now, overlap=overlap, ends=ends), json_)


def _show_once(new: NewKey, as_json: bool) -> None:
    until = f"until {new.expires_at}" if new.expires_at else "without end"
    text = f"{new.key}\nkept as {new.id}, {until}; it is not shown again"
    emit({"key": new.key, "id": new.id, "expires_at": new.expires_at}, as_json=as_json, text=text)


def _ends(days: int | None, last_day: str | None) -> Ends:
    if days is not None and last_day is not None:
        raise InputError(
            "ICS-SRV-034", "given with --expires-days", field="--expires", remedy="say once when the key ends"
        )
    if last_day is None:
        return LIFETIME if days is None else timedelta(days=days)
    if last_day == _NEVER:
        return None
    last = day(last_day, "--expires")
    if last >= _LAST_DAY:
        raise InputError(
            "ICS-SRV-034", "too late", field="--expires", remedy=f"give a day before {_LAST_DAY}, or {_NEVER}"
        )
    return datetime.combine(last + timedelta(days=1), time(), UTC)


def _row(key: KeyFacts) -> tuple[object, ...]:
    return (key.id, key.tenant, key.role, key.state, _minute(key.created_at), _minute(key.expires_at) or _NEVER)


def _minute(moment: str | None) -> str | None:
    return None if moment is None else moment[:16] + "Z"


def _advise() -> None:
    """Tell on stderr of files under ``ICSML_HOME`` that others can reach."""
    if advice := exposed_advice(home()):
        sys.stderr.write(f"icsml: {advice}\n")
