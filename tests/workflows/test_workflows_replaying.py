"""Recorded decisions come out the same to the byte; whatever was altered or is missing is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import pytest

from icsml.cli import main
from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.core.paths import home
from icsml.decision.decide import decide
from icsml.ledger import Entry, Ledger
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.payload import parse_payload, payload_parts
from icsml.ledger.replay import replay
from icsml.ledger.sealing import opened
from icsml.ledger.store import walking
from icsml.model.bundle import BundleParts, write_bundle
from icsml.model.bundle_store import keep_bundle, kept_folder
from icsml.records.enterprise import frame_records
from icsml.workflows.replaying import Bundles, replay_all

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SETTINGS = [
    {},
    {"with_recourse": False},
    {"recourse_from": "C1"},
    {"reasons": 3, "with_recourse": False},
    {"reasons": 40, "recourse_from": "C3"},
    {"reasons": 0, "with_recourse": False},
]
MANY = 240


@pytest.fixture(scope="module")
def entries(bundle, enterprises):
    records = frame_records(enterprises.head(120))
    made = []
    for number, (record, settings) in enumerate(zip(islice(cycle(records), MANY), cycle(SETTINGS), strict=False)):
        how = {"decided_at": NOW + timedelta(hours=number), "version": "3", **settings}
        decided = decide(bundle, record, decision_id=f"d-{number:04}", **how)
        request = canonical_bytes(record.model_dump(mode="json", exclude_none=True))
        made.append(decision_entry(["bank-a", "bank-b"][number % 2], bundle, request, decided))
    return made


@pytest.fixture
def filled(entries, bundle):
    """A ledger with these decisions, whose bundle is kept."""
    keep_bundle(bundle.folder)
    with Ledger.open() as ledger:
        assert not [one for one in ledger.record_all(entries) if isinstance(one, Exception)]
        yield ledger


def told(ledger, bundles=None, **which):
    found = []
    counts = replay_all(ledger, bundles or Bundles(), found.append, **which)
    assert counts.replayed == counts.identical + counts.differences
    return counts, found


def run(capsys, *argv):
    code = main._run(["replay", *argv, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else None, err


def altered(path):
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def test_many_decisions_come_out_the_same_in_a_fresh_process(filled):
    code = "from icsml.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", code, "replay", "--all", "--json"], capture_output=True, check=True)
    assert json.loads(done.stdout) == {
        "replayed": MANY, "identical": MANY, "differences": 0, "erased": 0, "found": [],
    }  # fmt: skip


def test_a_payload_without_settings_comes_out_the_same(entries, bundle):
    """Each setting that changes a decision shows in it."""
    recorded = []
    for entry in entries:
        payload = parse_payload(opened(entry.decision_id, *entry.sealed)[0])
        assert payload.pop("settings")
        payload.pop("key_id")
        recorded.append((entry.decision_id, canonical_bytes(payload)))
    assert len({opened(entry.decision_id, *entry.sealed)[0][-200:] for entry in entries}) > 1
    assert [one for one in replay(bundle, recorded) if not one.identical] == []


def test_the_settings_matter(entries, bundle):
    payload = parse_payload(opened(entries[0].decision_id, *entries[0].sealed)[0])
    payload["settings"]["reasons"] = 2
    (one,) = replay(bundle, [("d-0000", canonical_bytes(payload))])
    assert one.error.code == "ICS-LED-024"
    assert {each.kinds for each in one.differences if "reasons[2]" in each.path} == {"object → absent"}


def test_small_pages_and_groups_leave_nothing_out(filled, monkeypatch):
    monkeypatch.setattr(walking, "_PAGE", 7)
    monkeypatch.setattr(walking, "_GROUP", 3)
    seen = [one.decision_id for group in filled.walk() for one in group]
    assert sorted(seen) == [f"d-{number:04}" for number in range(MANY)]
    assert len({one.tenant for group in filled.walk(tenant="bank-a") for one in group}) == 1
    assert list(filled.walk(since=datetime(2100, 1, 1, tzinfo=UTC))) == []


def test_only_what_is_asked_for_is_replayed(filled, capsys):
    assert told(filled, tenant="bank-b")[0].identical == MANY // 2
    assert run(capsys, "d-0001", "--tenant", "bank-b")[1]["identical"] == 1
    nobody = {"replayed": 0, "identical": 0, "differences": 0, "erased": 0, "found": []}
    assert run(capsys, "--all", "--since", "2100-01-01")[:2] == (0, nobody)
    for nothing in (["d-0001", "--tenant", "bank-a"], ["d-x"]):
        code, out, err = run(capsys, *nothing)
        assert (code, out) == (3, None)
        assert "ICS-CLI-005" in err
    for misused in ([], ["d-0001", "--all"], ["d-0001", "--since", "2026-01-01"]):
        code, _, err = run(capsys, *misused)
        assert (code, "ICS-CLI-014" in err) == (2, True)


@pytest.mark.parametrize("file", ["model.txt", "companion.txt", "rulebook.yaml", "bundle.json", "reference.npy"])
def test_one_changed_byte_of_the_bundle_is_named(filled, bundle, capsys, file):
    altered(kept_folder(bundle.sha256) / file)
    counts, found = told(filled)
    assert (counts.identical, counts.differences) == (0, MANY)
    assert {one.error.code for one in found} == {"ICS-MOD-013"}
    assert found[0].error.field.endswith(f": {file}")
    code, _, err = run(capsys, "d-0000")
    assert (code, err.startswith("icsml: ICS-MOD-013"), file in err, "--bundle" in err) == (2, True, True, True)
    assert told(filled, Bundles(bundle.folder))[0].identical == MANY


def test_another_bundle_in_its_place_is_named(filled, bundle, tmp_path):
    parts = {part.name: getattr(bundle, part.name) for part in fields(BundleParts)}
    parts["card"] = "Another.\n"
    other = write_bundle(tmp_path / "other", BundleParts(**parts))
    kept = kept_folder(bundle.sha256)
    shutil.rmtree(kept)
    shutil.copytree(other.folder, kept)
    assert {one.error.code for one in told(filled)[1]} == {"ICS-LED-023"}


def test_a_missing_bundle_is_named_unless_it_is_given(filled, bundle, capsys):
    shutil.rmtree(kept_folder(bundle.sha256))
    counts, found = told(filled)
    assert counts.differences == MANY
    assert {(one.error.code, one.error.field) for one in found} == {("ICS-LED-022", f"bundle_sha256 {bundle.sha256}")}
    code, _, err = run(capsys, "d-0000")
    assert (code, "ICS-LED-022" in err) == (3, True)
    assert run(capsys, "d-0000", "--bundle", str(bundle.folder))[1]["identical"] == 1


def change_payload(change, *, also_the_chain=False):
    """Change the payload of one decision past the ledger."""
    with sqlite3.connect(home() / "ledger.db") as database:
        (data,) = database.execute("SELECT bytes FROM payload WHERE decision_id = 'd-0007'").fetchone()
        (key,) = database.execute("SELECT key FROM payload_key WHERE decision_id = 'd-0007'").fetchone()
        data = change(opened("d-0007", data, key)[0])
        database.execute("UPDATE payload SET bytes = ? WHERE decision_id = 'd-0007'", [data])
        if also_the_chain:
            digest = sha256_hex(data)
            database.execute("UPDATE chain SET payload_sha256 = ? WHERE decision_id = 'd-0007'", [digest])
    database.close()


def test_an_altered_record_is_named(filled, capsys):
    change_payload(lambda data: data.replace(b'"pd":0.', b'"pd":0.1', 1))
    counts, found = told(filled)
    assert (counts.identical, counts.differences) == (MANY - 1, 1)
    assert [(one.decision_id, one.error.code) for one in found] == [("d-0007", "ICS-LED-008")]
    code, _, err = run(capsys, "d-0007")
    assert (code, "ICS-LED-008" in err) == (3, True)


def test_a_record_altered_with_its_hash_differs_by_field(filled, capsys):
    def raised(data):
        payload = parse_payload(data)
        payload["decision"]["score"] += 1
        return canonical_bytes(payload)

    change_payload(raised, also_the_chain=True)
    code, out, _ = run(capsys, "--all")
    assert (code, out["differences"]) == (1, 1)
    (one,) = out["found"]
    assert (one["decision_id"], one["code"]) == ("d-0007", "ICS-LED-024")
    assert [(each["path"], each["kinds"]) for each in one["fields"]] == [("decision.score", "number → number")]
    assert run(capsys, "d-0007")[0] == 1


def test_an_erased_payload_is_counted_apart(filled, capsys):
    with sqlite3.connect(home() / "ledger.db") as database:
        database.execute("DELETE FROM payload WHERE decision_id = 'd-0007'")
    database.close()
    counts, found = told(filled)
    assert (counts.identical, counts.erased, found) == (MANY - 1, 1, [])
    code, _, err = run(capsys, "d-0007")
    assert (code, "ICS-LED-026" in err) == (3, True)


@pytest.mark.parametrize("sha256", ["b" * 63, "../../" + "b" * 58, None])
def test_a_payload_of_no_known_form_is_named(filled, bundle, sha256):
    payload = dict.fromkeys(parse_payload(next(iter(filled.walk()))[0].data))
    payload |= {"decision": {"decision_id": "x"}, "bundle_sha256": sha256}
    filled.record_all([Entry.of("bank-a", "x", payload_parts("x", payload))])
    assert [(one.decision_id, one.error.code) for one in told(filled)[1]] == [("x", "ICS-LED-025")]
