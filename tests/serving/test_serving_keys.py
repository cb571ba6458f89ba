from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from icsml.errors import AccessError, ConfigError, InputError, MissingError
from icsml.serving.keys import Caller, KeyStore, Operation, Role, create_key, keys_path

NOW = datetime(2026, 7, 1, tzinfo=UTC)


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


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 2}', '{"keys": [{"id": "x"}]}', '{"key": []}'])
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
        (Role.ADMIN, {"assess", "read", "report"}),
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
