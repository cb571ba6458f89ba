"""Changes of keys: create, revoke, rotate; each is in the audit log before it takes effect."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from icsml.core.clock import Clock, timestamp, utc_now
from icsml.errors import InputError, MissingError
from icsml.serving.audit_log import Change, record_change
from icsml.serving.key_file import TENANT, KeyEntry, KeyFile, State, hash_of, locked, open_keys, replacing
from icsml.serving.roles import Role

__all__ = ["LIFETIME", "Ends", "KeyFacts", "NewKey", "create_key", "list_keys", "revoke_key", "rotate_key"]

LIFETIME: Final = timedelta(days=365)
"""How long a key works unless told otherwise."""

Ends = timedelta | datetime | None
"""When a key ends: after a time, at a moment, or never."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: ``key`` is displayed once and never stored. Times are ISO 8601 in UTC."""

    id: str
    key: str = field(repr=False)
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What may be shown of a key. Times are ISO 8601 in UTC."""

    id: str
    tenant: str
    role: Role
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    state: State


def create_key(path: Path, tenant: str, role: str, clock: Clock = utc_now, *, ends: Ends = LIFETIME) -> NewKey:
    """Make a key and add its hash to a key file.

    Parameters
    ----------
    path : Path
        The key file; made with mode 0600 if absent.
    tenant : str
        Whose records the key reads and writes: up to 64 letters, digits, dots, dashes and underscores.
    role : str
        ``score``, ``audit``, ``admin`` or ``monitor``.
    clock : callable
        Gives the time to note.
    ends : timedelta, datetime or None
        When the key ends: after that time, at that moment, or never. By default after 365 days.

    Returns
    -------
    NewKey
        256 random bits; only their SHA-256 is kept, so the key cannot be shown again.

    Raises
    ------
    InputError
        ``ICS-SRV-022`` for a tenant's name that is not acceptable, ``ICS-SRV-023`` for an unknown role,
        ``ICS-SRV-034`` for an end that is not in the future.
    ConfigError
        ``ICS-SRV-021`` if the file is damaged, ``ICS-SRV-030`` if others can write it.
    MissingError
        ``ICS-SRV-033`` if the audit log cannot be written; no key is made then.
    """
    _check(tenant, role)
    now = clock()
    expires_at = _end(now, ends)
    with locked(path) as content:
        new, entry = _new_key(content, tenant, Role(role), now, expires_at)
        _change(path, (*content.keys, entry), now, "created", entry)
    return new


def list_keys(path: Path, clock: Clock = utc_now) -> list[KeyFacts]:
    """Return what may be shown of each key, in the order of their making; none if there is no file.

    Raises
    ------
    ConfigError
        As :func:`create_key` raises it.
    """
    now = clock()
    try:
        with open_keys(path) as opened:
            return [_facts(entry, now) for entry in opened.content.keys]
    except FileNotFoundError:
        return []


def revoke_key(path: Path, key_id: str, clock: Clock = utc_now) -> KeyFacts:
    """End a key at once; one that is revoked already stays as it is.

    Raises
    ------
    MissingError
        ``ICS-SRV-031`` if there is no such key, ``ICS-SRV-033`` if the audit log cannot be written; the key still
        works then.
    ConfigError
        As :func:`create_key` raises it.
    """
    now = clock()
    with locked(path) as content:
        entry = _find(content, key_id)
        if entry.revoked_at is None:
            entry = entry.model_copy(update={"revoked_at": now})
            _change(path, _with(content, entry), now, "revoked", entry)
    return _facts(entry, now)


def rotate_key(
    path: Path, key_id: str, clock: Clock = utc_now, *, overlap: timedelta = timedelta(0), ends: Ends = LIFETIME
) -> NewKey:
    """Make a key of the same tenant and role, and end the old one.

    Parameters
    ----------
    path : Path
        The key file.
    key_id : str
        Id of the old key.
    clock : callable
        Gives the time to note.
    overlap : timedelta
        How long the old key still works, though never longer than it would have; by default not at all.
    ends : timedelta, datetime or None
        When the new key ends, as for :func:`create_key`.

    Raises
    ------
    InputError
        ``ICS-SRV-032`` if the old key works no longer, ``ICS-SRV-034`` for an end that is not in the future.
    MissingError, ConfigError
        As :func:`revoke_key` raises them.
    """
    now = clock()
    expires_at = _end(now, ends)
    with locked(path) as content:
        old = _find(content, key_id)
        if (state := old.state(now)) is not State.ACTIVE:
            raise InputError("ICS-SRV-032", f"is {state} already", field="ID", remedy="create a new key instead")
        new, entry = _new_key(content, old.tenant, old.role, now, expires_at)
        ended = old.model_copy(update=_ended(old, now, overlap))
        _change(path, (*_with(content, ended), entry), now, "rotated", ended, new_key=entry)
    return new


def _ended(old: KeyEntry, now: datetime, overlap: timedelta) -> dict[str, datetime]:
    if overlap <= timedelta(0):
        return {"revoked_at": now}
    return {"expires_at": min(old.expires_at or now + overlap, now + overlap)}


def _change(
    path: Path,
    keys: tuple[KeyEntry, ...],
    now: datetime,
    event: Change,
    entry: KeyEntry,
    *,
    new_key: KeyEntry | None = None,
) -> None:
    facts: dict[str, str | None] = {"key_id": entry.id, "tenant": entry.tenant, "role": entry.role}
    facts["expires_at"] = _shown(entry.expires_at)
    if new_key is not None:
        facts |= {"new_key_id": new_key.id, "new_expires_at": _shown(new_key.expires_at)}
    with replacing(path, keys):
        record_change(path.parent, now, event, facts)


def _check(tenant: str, role: str) -> None:
    if not re.fullmatch(TENANT, tenant) or "\n" in tenant:
        raise InputError(
            "ICS-SRV-022",
            "not a tenant's name",
            field="tenant",
            remedy="use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
        )
    if role not in set(Role):
        raise InputError("ICS-SRV-023", "unknown role", field="role", remedy=f"use one of {', '.join(Role)}")


def _end(now: datetime, ends: Ends) -> datetime | None:
    moment = now + ends if isinstance(ends, timedelta) else ends
    if moment is not None and moment <= now:
        raise InputError("ICS-SRV-034", "not in the future", field="expires", remedy="name a later day, or `never`")
    return moment


def _new_key(
    content: KeyFile, tenant: str, role: Role, now: datetime, expires_at: datetime | None
) -> tuple[NewKey, KeyEntry]:
    taken = {entry.id for entry in content.keys}
    while (key_id := secrets.token_hex(6)) in taken:
        pass
    key = f"icsml_{key_id}_{secrets.token_urlsafe(32)}"
    entry = KeyEntry(
        id=key_id, tenant=tenant, role=role, sha256=hash_of(key), created_at=timestamp(now), expires_at=expires_at
    )
    return NewKey(key_id, key, _shown(expires_at)), entry


def _find(content: KeyFile, key_id: str) -> KeyEntry:
    for entry in content.keys:
        if entry.id == key_id:
            return entry
    # What was given is not repeated: it may be a key.
    raise MissingError("ICS-SRV-031", "no such key", field="ID", remedy="take one of `icsml keys list`")


def _with(content: KeyFile, changed: KeyEntry) -> tuple[KeyEntry, ...]:
    return tuple(changed if entry.id == changed.id else entry for entry in content.keys)


def _facts(entry: KeyEntry, now: datetime) -> KeyFacts:
    return KeyFacts(
        id=entry.id,
        tenant=entry.tenant,
        role=entry.role,
        created_at=entry.created_at,
        expires_at=_shown(entry.expires_at),
        revoked_at=_shown(entry.revoked_at),
        state=entry.state(now),
    )


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
