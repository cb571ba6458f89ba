from __future__ import annotations

import gc
import hashlib
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from icsml.errors import AccessError, ConfigError, InputError, MissingError
from icsml.serving import keys
from icsml.serving.key_changes import list_keys, revoke_key, rotate_key
from icsml.serving.keys import Caller, KeyStore, Operation, RefusedKeyError, Role, create_key, keys_path

NOW = datetime(2026, 7, 1, tzinfo=UTC)
OLD_KEY = f"icsml_{'0' * 12}_{'A' * 43}"
FIRST_FORMAT = """{
 "format": 1,
 "keys": [
  {
   "id": "000000000000",
   "tenant": "bank-a",
   "role": "score",
   "sha256": "HASH",
   "created_at": "2026-07-01T00:00:00.000000Z"
  }
 ]
}
""".replace("HASH", hashlib.sha256(OLD_KEY.encode()).hexdigest())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "keys.json"


def _stored(path):
    return json.loads(path.read_text())["keys"]


def test_only_the_hash_is_kept(path):
    new = create_key(path, "bank-a", "score", lambda: NOW)
    assert _stored(path) == [
        {
            "id": new.id,
            "tenant": "bank-a",
            "role": "score",
            "sha256": hashlib.sha256(new.key.encode()).hexdigest(),
            "created_at": "2026-07-01T00:00:00.000000Z",
            "expires_at": "2027-07-01T00:00:00.000000Z",
        }
    ]
    secret = new.key.removeprefix(f"icsml_{new.id}_")
    assert len(secret) * 6 >= 256
    assert all(secret not in file.read_text() for file in path.parent.iterdir())
    assert secret not in repr(new)


def test_the_file_is_its_owners_alone_whatever_the_umask(path):
    before = os.umask(0)
    try:
        create_key(path, "bank-a", "score")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_keys_differ(path):
    assert create_key(path, "a", "score").key != create_key(path, "a", "score").key


def test_keys_made_at_once_are_all_kept(path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda i: create_key(path, f"bank-{i}", "score"), range(24)))
    assert {entry["id"] for entry in _stored(path)} == {new.id for new in made}


def test_processes_wait_for_one_another(path):
    code = (
        "import sys, pathlib; from icsml.serving.keys import create_key\n"
        "for _ in range(20): create_key(pathlib.Path(sys.argv[1]), 'a', 'score')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(_stored(path)) == 60


@pytest.mark.parametrize("tenant", ["", " ", "a b", "-a", "a" * 65, "a\n", "../a", "银行", "a\x00", "a/b"])
def test_a_tenant_that_is_none(path, tenant):
    with pytest.raises(InputError, match="ICS-SRV-022") as caught:
        create_key(path, tenant, "score")
    assert caught.value.field == "tenant"
    assert not path.exists()


@pytest.mark.parametrize("role", ["", "Score", "root"])
def test_a_role_that_is_none(path, role):
    with pytest.raises(InputError, match="score, audit, admin"):
        create_key(path, "bank-a", role)
    assert not path.exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 2}', '{"format": 3, "keys": []}', '{"keys": [{"id": "x"}]}', '{"key": []}']
)
def test_a_damaged_file_is_refused_and_left_alone(path, content):
    path.parent.mkdir()
    path.write_text(content)
    for use in (KeyStore.load, lambda damaged: create_key(damaged, "bank-a", "score")):
        with pytest.raises(ConfigError, match="ICS-SRV-021"):
            use(path)
    assert path.read_text() == content


@pytest.mark.parametrize("content", [None, '{"format": 1, "keys": []}'])
def test_without_a_key_there_is_no_store(path, content):
    path.parent.mkdir()
    if content:
        path.write_text(content)
    with pytest.raises(MissingError, match="icsml keys create") as caught:
        KeyStore.load(path)
    assert caught.value.code == "ICS-SRV-020"


def test_an_id_that_stands_twice_is_refused(path):
    create_key(path, "bank-a", "score")
    (entry,) = _stored(path)
    path.write_text(json.dumps({"format": 2, "keys": [entry, {**entry, "tenant": "bank-b"}]}))
    with pytest.raises(ConfigError, match="ICS-SRV-021"):
        KeyStore.load(path)


def test_a_file_of_the_first_format_is_read_and_its_keys_have_no_end(path):
    path.parent.mkdir()
    path.write_text(FIRST_FORMAT)
    later = lambda: datetime(2099, 1, 1, tzinfo=UTC)  # noqa: E731
    assert KeyStore.load(path, later).authenticate(OLD_KEY) == Caller("0" * 12, "bank-a", Role.SCORE)
    create_key(path, "bank-b", "score")
    assert KeyStore.load(path, later).authenticate(OLD_KEY).tenant == "bank-a"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_lets_nobody_in(path, mode):
    key = create_key(path, "bank-a", "score").key
    store = KeyStore.load(path)
    path.chmod(mode)
    for use in (
        KeyStore.load,
        lambda _: store.authenticate(key),
        lambda file: create_key(file, "bank-a", "score"),
        list_keys,
    ):
        with pytest.raises(ConfigError, match=f"ICS-SRV-030.*chmod go-w {path}`") as caught:
            use(path)
        assert caught.value.field == str(path)
    path.chmod(0o640)
    assert store.authenticate(key).tenant == "bank-a"


def test_a_folder_that_others_can_write_lets_nobody_in(path):
    create_key(path, "bank-a", "score")
    path.parent.chmod(0o770)
    for use in (KeyStore.load, lambda file: create_key(file, "bank-a", "score")):
        with pytest.raises(ConfigError, match="ICS-SRV-030") as caught:
            use(path)
        assert caught.value.field == str(path.parent)


def test_a_file_that_cannot_be_read_is_an_error_of_its_own(path):
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match="ICS-SRV-021"):
        KeyStore.load(path)


def test_a_key_names_its_tenant_and_role(path):
    new = create_key(path, "bank-a", "audit")
    assert KeyStore.load(path).authenticate(new.key) == Caller(new.id, "bank-a", Role.AUDIT)


def test_almost_a_key_is_no_key(path):
    new, other = create_key(path, "bank-a", "score"), create_key(path, "bank-b", "score")
    store = KeyStore.load(path)
    last = "A" if new.key[-1] != "A" else "B"
    wrong = [
        None, "", "icsml_", new.key[:-1], new.key + "A", new.key[:-1] + last, new.key.upper(), " " + new.key,
        new.key + "\n", new.key.replace(new.id, other.id), new.key.replace(new.id, "0" * 12), "\ud800", "é" * 60,
        _stored(path)[0]["sha256"],
    ]  # fmt: skip
    for key in wrong:
        with pytest.raises(AccessError, match="ICS-SRV-001"):
            store.authenticate(key)
    assert store.authenticate(new.key).tenant == "bank-a"


def test_new_and_removed_keys_are_noticed(path):
    first = create_key(path, "bank-a", "score")
    store = KeyStore.load(path)
    second = create_key(path, "bank-b", "score")
    assert store.authenticate(second.key).tenant == "bank-b"
    path.write_text(json.dumps({"format": 1, "keys": _stored(path)[1:]}))
    with pytest.raises(AccessError):
        store.authenticate(first.key)
    assert store.authenticate(second.key).tenant == "bank-b"
    path.unlink()
    with pytest.raises(AccessError):
        store.authenticate(second.key)


def test_a_file_damaged_while_in_use_lets_nobody_in(path):
    key = create_key(path, "bank-a", "score").key
    store = KeyStore.load(path)
    path.write_text("{")
    for _ in range(2):
        with pytest.raises(ConfigError):
            store.authenticate(key)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.SCORE, {"assess", "read"}),
        (Role.AUDIT, {"read", "report"}),
        (Role.ADMIN, {"assess", "read", "report", "monitor"}),
        (Role.MONITOR, {"monitor"}),
    ],
)
def test_what_a_role_allows(role, allowed):
    caller = Caller("0" * 12, "bank-a", role)
    for operation in Operation:
        if operation in allowed:
            caller.require(operation)
        else:
            with pytest.raises(AccessError, match="ICS-SRV-002"):
                caller.require(operation)


def test_the_key_file_lies_under_icsml_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path))
    assert keys_path() == tmp_path / "keys.json"


class TestEnds:
    def test_a_key_works_until_its_end_and_not_then(self, path):
        now = [NOW]
        key = create_key(path, "bank-a", "score", lambda: NOW, ends=timedelta(days=1)).key
        store = KeyStore.load(path, lambda: now[0])
        now[0] = NOW + timedelta(days=1, microseconds=-1)
        assert store.authenticate(key).tenant == "bank-a"
        now[0] = NOW + timedelta(days=1)
        with pytest.raises(RefusedKeyError) as caught:
            store.authenticate(key)
        assert (caught.value.why, len(store)) == ("expired", 0)

    def test_a_year_unless_told_otherwise(self, path):
        assert create_key(path, "a", "score", lambda: NOW).expires_at == "2027-07-01T00:00:00.000000Z"
        assert create_key(path, "a", "score", lambda: NOW, ends=None).expires_at is None

    @pytest.mark.parametrize("ends", [NOW, NOW - timedelta(days=1), timedelta(0), timedelta(days=-1)])
    def test_an_end_that_is_over(self, path, ends):
        with pytest.raises(InputError, match="ICS-SRV-034"):
            create_key(path, "a", "score", lambda: NOW, ends=ends)
        assert not path.exists()

    def test_expired_keys_alone_are_no_keys(self, path):
        create_key(path, "bank-a", "score", lambda: NOW, ends=timedelta(days=1))
        with pytest.raises(MissingError, match="ICS-SRV-020"):
            KeyStore.load(path, lambda: NOW + timedelta(days=2))


class TestRefusals:
    def test_the_caller_is_told_the_same_and_the_log_why(self, path):
        used = create_key(path, "bank-a", "score")
        revoked, expired = (
            create_key(path, "a", "score"),
            create_key(path, "a", "score", lambda: NOW, ends=timedelta(1)),
        )
        revoke_key(path, revoked.id)
        store = KeyStore.load(path, lambda: NOW + timedelta(days=2))
        told, logged = set(), []
        for key in (None, "", "nonsense", revoked.key, expired.key, used.key[:-1] + "!"):
            with pytest.raises(RefusedKeyError) as caught:
                store.authenticate(key)
            told.add(str(caught.value))
            logged.append((caught.value.why, caught.value.key_id))
        assert len(told) == 1
        assert logged == [
            ("absent", None), ("absent", None), ("unknown", None), ("revoked", revoked.id), ("expired", expired.id),
            ("unknown", None),
        ]  # fmt: skip

    def test_who_does_not_know_the_secret_does_not_learn_that_a_key_was_revoked(self, path):
        create_key(path, "bank-a", "score")
        revoked = create_key(path, "bank-a", "score")
        revoke_key(path, revoked.id)
        with pytest.raises(RefusedKeyError) as caught:
            KeyStore.load(path).authenticate(f"icsml_{revoked.id}_{'A' * 43}")
        assert (caught.value.why, caught.value.key_id) == ("unknown", None)


class TestChangesAreSeen:
    """Changes that leave size and times as they were, as a clock of 4 ms or one that steps back can make them."""

    def test_the_inode_of_the_file_that_was_read_is_not_used_again(self, path, monkeypatch):
        """Else two changes within one tick could give the same inode, size and times as before."""
        monkeypatch.setattr(keys, "_SETTLED_NS", -1)  # trusted at once
        monkeypatch.setattr(keys, "_signature", lambda stat: (stat.st_ino,))  # times say nothing
        old = create_key(path, "bank-a", "score")
        stores = []
        for _ in range(8):
            stores.append(KeyStore.load(path))
            assert stores[-1].authenticate(old.key).key_id == old.id
            new = rotate_key(path, rotate_key(path, old.id).id)
            for store in stores:
                with pytest.raises(AccessError):
                    store.authenticate(old.key)
            stores, old = [], new

    def test_an_edit_in_place_just_after_the_file_was_read(self, path, monkeypatch):
        monkeypatch.setattr(keys, "_signature", lambda _: (1,))  # nothing says that it changed
        first, second = create_key(path, "bank-a", "score"), create_key(path, "bank-b", "score")
        store = KeyStore.load(path)
        assert store.authenticate(first.key).tenant == "bank-a"
        path.write_text(path.read_text().replace("bank-a", "bank-c"))
        assert store.authenticate(first.key).tenant == "bank-c"
        assert store.authenticate(second.key).tenant == "bank-b"

    def test_a_file_at_rest_is_not_read_again(self, path, monkeypatch):
        key = create_key(path, "bank-a", "score").key
        monkeypatch.setattr(keys, "_SETTLED_NS", -1)
        store = KeyStore.load(path)
        monkeypatch.setattr(keys, "open_keys", None)
        assert store.authenticate(key).tenant == "bank-a"

    def test_a_store_leaves_no_file_open(self, path):
        def descriptors():
            return len(list(Path("/proc/self/fd").iterdir()))

        key = create_key(path, "bank-a", "score").key
        gc.collect()
        before = descriptors()
        store = KeyStore.load(path)
        for _ in range(10):
            store.authenticate(key)
        assert descriptors() == before + 1
        del store
        gc.collect()
        assert descriptors() == before


def test_the_last_key_revoked_lets_nobody_in_and_raises_nothing_else(path):
    new = create_key(path, "bank-a", "score")
    store = KeyStore.load(path)
    revoke_key(path, new.id)
    with pytest.raises(AccessError, match="ICS-SRV-001"):
        store.authenticate(new.key)
    assert len(store) == 0
    assert store.authenticate(create_key(path, "bank-a", "score").key).tenant == "bank-a"
