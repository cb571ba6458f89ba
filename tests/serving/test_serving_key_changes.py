"""Keys listed, revoked and rotated, and what the audit log holds of it."""

from __future__ import annotations

import json
import os
import pwd
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from icsml.errors import AccessError, InputError, MissingError
from icsml.serving import key_changes
from icsml.serving.audit_log import AUDIT_LOG, record_change
from icsml.serving.key_changes import create_key, list_keys, revoke_key, rotate_key
from icsml.serving.keys import KeyStore, Role

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "keys.json"


def _at(moment):
    return lambda: moment


def _audited(path):
    return [json.loads(line) for line in (path.parent / AUDIT_LOG).read_text().splitlines()]


def _works(path, key, at=NOW):
    try:
        return KeyStore(path, _at(at)).authenticate(key)
    except AccessError:
        return None


def test_a_list_shows_whose_and_whether_and_never_a_key(path):
    assert list_keys(path) == []
    kept = create_key(path, "bank-a", "audit", _at(NOW), ends=None)
    ended = create_key(path, "bank-b", "score", _at(NOW), ends=HOUR)
    gone = create_key(path, "bank-b", "monitor", _at(NOW))
    revoke_key(path, gone.id, _at(NOW + HOUR))
    listed = list_keys(path, _at(NOW + HOUR))
    assert [(key.id, key.tenant, key.role, key.state) for key in listed] == [
        (kept.id, "bank-a", Role.AUDIT, "active"),
        (ended.id, "bank-b", Role.SCORE, "expired"),
        (gone.id, "bank-b", Role.MONITOR, "revoked"),
    ]
    assert listed[2].revoked_at == "2026-07-01T01:00:00.000000Z"
    assert not any(new.key in repr(listed) for new in (kept, ended, gone))


def test_a_revoked_key_works_no_longer_and_the_others_do(path):
    first, second = create_key(path, "bank-a", "score", _at(NOW)), create_key(path, "bank-b", "score", _at(NOW))
    revoke_key(path, first.id, _at(NOW))
    assert _works(path, first.key) is None
    assert _works(path, second.key).tenant == "bank-b"


def test_revoking_again_changes_nothing(path):
    new = create_key(path, "bank-a", "score", _at(NOW))
    first = revoke_key(path, new.id, _at(NOW))
    assert revoke_key(path, new.id, _at(NOW + HOUR)) == first
    assert [event["event"] for event in _audited(path)] == ["created", "revoked"]


@pytest.mark.parametrize("change", [revoke_key, rotate_key])
def test_an_id_of_no_key_is_refused_and_not_repeated(path, change):
    key = create_key(path, "bank-a", "score", _at(NOW)).key
    before = path.read_bytes()
    for wrong in ("0" * 12, key, ""):
        with pytest.raises(MissingError, match="ICS-SRV-031") as caught:
            change(path, wrong, _at(NOW))
        assert key not in str(caught.value)
    assert path.read_bytes() == before


def test_a_rotated_key_has_tenant_and_role_of_the_old_one_which_ends_at_once(path):
    old = create_key(path, "bank-a", "audit", _at(NOW), ends=None)
    new = rotate_key(path, old.id, _at(NOW))
    caller = _works(path, new.key)
    assert (caller.key_id, caller.tenant, caller.role) == (new.id, "bank-a", Role.AUDIT)
    assert new.expires_at == "2027-07-01T00:00:00.000000Z"
    assert _works(path, old.key) is None


@pytest.mark.parametrize(("ends", "hours"), [(None, 2), (timedelta(days=1), 2), (HOUR, 1)])
def test_with_an_overlap_the_old_key_works_on_but_no_longer_than_it_would_have(path, ends, hours):
    old = create_key(path, "bank-a", "score", _at(NOW), ends=ends)
    rotate_key(path, old.id, _at(NOW), overlap=2 * HOUR)
    assert _works(path, old.key, NOW + hours * HOUR - timedelta(microseconds=1))
    assert _works(path, old.key, NOW + hours * HOUR) is None


def test_a_key_that_works_no_longer_is_not_rotated(path):
    revoked = create_key(path, "bank-a", "score", _at(NOW))
    expired = create_key(path, "bank-a", "score", _at(NOW), ends=HOUR)
    revoke_key(path, revoked.id, _at(NOW))
    for key_id, state in [(revoked.id, "revoked"), (expired.id, "expired")]:
        with pytest.raises(InputError, match=f"ICS-SRV-032 ID: is {state} already"):
            rotate_key(path, key_id, _at(NOW + HOUR))
    assert len(list_keys(path)) == 2


def test_each_change_is_one_line_without_the_key(path):
    old = create_key(path, "bank-a", "score", _at(NOW))
    new = rotate_key(path, old.id, _at(NOW + HOUR), overlap=HOUR)
    revoke_key(path, new.id, _at(NOW + 2 * HOUR))
    created, rotated, revoked = _audited(path)
    common = {"tenant": "bank-a", "role": "score", "operator": pwd.getpwuid(os.getuid()).pw_name}
    year = "2027-07-01T00:00:00.000000Z"
    assert created == {
        "time": "2026-07-01T00:00:00.000000Z", "event": "created", "key_id": old.id, "expires_at": year, **common,
    }  # fmt: skip
    assert rotated == {
        "time": "2026-07-01T01:00:00.000000Z", "event": "rotated", "key_id": old.id,
        "expires_at": "2026-07-01T02:00:00.000000Z", "new_key_id": new.id,
        "new_expires_at": "2027-07-01T01:00:00.000000Z", **common,
    }  # fmt: skip
    assert (revoked["event"], revoked["key_id"]) == ("revoked", new.id)
    text = (path.parent / AUDIT_LOG).read_text()
    assert not any(secret.key.rpartition("_")[2] in text for secret in (old, new))
    assert stat.S_IMODE((path.parent / AUDIT_LOG).stat().st_mode) == 0o600


def test_the_operator_is_not_who_the_environment_says(path, monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    create_key(path, "bank-a", "score", _at(NOW))
    assert _audited(path)[0]["operator"] not in ("somebody-else", "")


def test_a_user_without_a_name_is_a_number(path, monkeypatch):
    def nobody(user):
        raise KeyError(user)

    monkeypatch.setattr("icsml.serving.audit_log.pwd.getpwuid", nobody)
    create_key(path, "bank-a", "score", _at(NOW))
    assert _audited(path)[0]["operator"] == str(os.getuid())


@pytest.mark.parametrize(
    "change",
    [
        lambda path, _: create_key(path, "bank-b", "score", _at(NOW)),
        lambda path, key_id: revoke_key(path, key_id, _at(NOW)),
        lambda path, key_id: rotate_key(path, key_id, _at(NOW)),
    ],
)
def test_without_its_line_in_the_audit_log_no_key_changes(path, change):
    kept = create_key(path, "bank-a", "score", _at(NOW))
    (path.parent / AUDIT_LOG).unlink()
    (path.parent / AUDIT_LOG).symlink_to("/dev/full")  # not followed either
    before = path.read_bytes()
    with pytest.raises(MissingError, match="ICS-SRV-033"):
        change(path, kept.id)
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == [AUDIT_LOG, "keys.json", "keys.json.lock"]


def test_the_line_is_on_disk_before_the_change_takes_effect(path, monkeypatch):
    seen = []

    def watched(folder, *arguments):
        record_change(folder, *arguments)
        seen.append((path.exists(), len(_audited(path))))

    monkeypatch.setattr(key_changes, "record_change", watched)
    create_key(path, "bank-a", "score", _at(NOW))
    assert seen == [(False, 1)]


def test_a_line_that_a_crash_cut_off_does_not_swallow_the_next(path):
    create_key(path, "bank-a", "score", _at(NOW))
    log = path.parent / AUDIT_LOG
    log.write_text(log.read_text() + '{"time": "2026-')
    new = create_key(path, "bank-b", "score", _at(NOW))
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    assert json.loads(lines[2])["key_id"] == new.id


def test_changes_made_at_once_are_all_kept_and_all_audited(path):
    made = [create_key(path, f"bank-{i}", "score", _at(NOW)) for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda new: revoke_key(path, new.id, _at(NOW)), made[::2]))
        list(pool.map(lambda new: rotate_key(path, new.id, _at(NOW)), made[1::2]))
    states = {key.id: str(key.state) for key in list_keys(path, _at(NOW))}
    assert all(states[new.id] == "revoked" for new in made)
    assert sum(state == "active" for state in states.values()) == 6
    assert len(_audited(path)) == 24
