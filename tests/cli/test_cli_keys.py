"""`icsml keys`: a key is printed once, listed never, and ends when told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from icsml.cli import api_keys

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
CREATE = ("keys", "create", "--tenant", "bank-a", "--role", "score")


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """The moment of the commands; a test may set another."""
    moment = [NOW]
    monkeypatch.setattr(api_keys, "utc_now", lambda: moment[0])
    return moment


def test_a_key_is_printed_once_with_its_id_and_end(icsml, icsml_json):
    code, out, err = icsml(*CREATE)
    key, kept = out.splitlines()
    assert (code, err) == (0, "")
    assert kept == f"kept as {key.split('_')[1]}, until 2027-07-01T12:00:00.000000Z; it is not shown again"
    made = icsml_json(*CREATE)
    assert made["key"].split("_")[1] == made["id"]
    listed = icsml("keys", "list")[1] + json.dumps(icsml_json("keys", "list"))
    assert key not in listed
    assert made["id"] in listed
    assert made["key"].rpartition("_")[2] not in listed


@pytest.mark.parametrize(
    ("options", "expires_at"),
    [
        ((), "2027-07-01T12:00:00.000000Z"),
        (("--expires-days", "30"), "2026-07-31T12:00:00.000000Z"),
        (("--expires", "2026-12-31"), "2027-01-01T00:00:00.000000Z"),
        (("--expires", "2026-07-01"), "2026-07-02T00:00:00.000000Z"),
        (("--expires", "never"), None),
    ],
)
def test_the_end_of_a_key(icsml_json, options, expires_at):
    made = icsml_json(*CREATE, *options)
    assert made["expires_at"] == expires_at
    (listed,) = icsml_json("keys", "list")["keys"]
    assert listed == {
        "id": made["id"],
        "tenant": "bank-a",
        "role": "score",
        "created_at": "2026-07-01T12:00:00.000000Z",
        "expires_at": expires_at,
        "revoked_at": None,
        "state": "active",
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--expires", "2026-06-30"), "ICS-SRV-034 expires: not in the future"),
        (("--expires", "soon"), "ICS-CLI-004 --expires: no date"),
        (("--expires", "never", "--expires-days", "3"), "ICS-SRV-034 --expires: given with --expires-days"),
        (("--expires-days", "0"), "--expires-days"),
        (("--expires", "9999-12-31"), "ICS-SRV-034 --expires: too late"),
    ],
)
def test_an_end_that_is_none(icsml, icsml_json, options, said):
    code, out, err = icsml(*CREATE, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert icsml_json("keys", "list") == {"keys": []}


def test_a_list_shows_the_state_of_each(icsml, icsml_json, now):
    ids = [icsml_json(*CREATE, "--expires-days", days)["id"] for days in (1, 9, 9)]
    revoked = icsml_json("keys", "revoke", ids[2])
    assert (revoked["id"], revoked["state"], revoked["revoked_at"]) == (
        ids[2],
        "revoked",
        "2026-07-01T12:00:00.000000Z",
    )
    now[0] = NOW + timedelta(days=2)
    assert [key["state"] for key in icsml_json("keys", "list")["keys"]] == ["expired", "active", "revoked"]
    rows = icsml("keys", "list")[1].splitlines()[2:]
    assert [row.split()[:4] for row in rows] == [
        [ids[0], "bank-a", "score", "expired"],
        [ids[1], "bank-a", "score", "active"],
        [ids[2], "bank-a", "score", "revoked"],
    ]


def test_without_keys_the_list_says_how_to_make_one(icsml):
    assert "icsml keys create" in icsml("keys", "list")[1]


def test_a_rotation_prints_the_new_key_and_ends_the_old_one_after_the_overlap(icsml, icsml_json, now):
    old = icsml_json(*CREATE)
    new = icsml_json("keys", "rotate", old["id"], "--overlap-hours", "1.5", "--expires-days", "10")
    assert new["key"] != old["key"]
    first, second = icsml_json("keys", "list")["keys"]
    assert (first["state"], first["expires_at"]) == ("active", "2026-07-01T13:30:00.000000Z")
    assert (second["id"], second["expires_at"]) == (new["id"], "2026-07-11T12:00:00.000000Z")
    code, out, _ = icsml("keys", "rotate", new["id"])
    assert code == 0
    assert icsml_json("keys", "list")["keys"][1]["state"] == "revoked"
    assert out.splitlines()[0].startswith("icsml_")


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_a_key_given_for_its_id_is_not_repeated(icsml, icsml_json, command):
    key = icsml_json(*CREATE)["key"]
    code, out, err = icsml("keys", command, key)
    assert (code, out) == (3, "")
    assert "ICS-SRV-031 ID: no such key" in err
    assert key not in err


def test_an_overlap_has_bounds(icsml, icsml_json):
    made = icsml_json(*CREATE)
    assert icsml("keys", "rotate", made["id"], "--overlap-hours", "-1")[0] == 2
    assert icsml("keys", "rotate", made["id"], "--overlap-hours", "99999")[0] == 2
    assert len(icsml_json("keys", "list")["keys"]) == 1
