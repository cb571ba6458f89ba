"""The evidence pack: a script of at most 100 lines verifies it without icsml, and names each part that was changed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger_tables import execute, fresh_schema, postgres_server

from icsml.cli import main
from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.core.paths import home
from icsml.decision.decide import decide
from icsml.errors import LedgerError, MissingError, ModelError
from icsml.ledger import Ledger
from icsml.ledger.chain_row import ChainRow
from icsml.ledger.checkpoints import checkpoints_path
from icsml.ledger.decision_payload import decision_entry
from icsml.ledger.evidence import verify
from icsml.ledger.sealing import opened
from icsml.ledger.signing import signing_key, trusted_keys
from icsml.model.bundle_store import keep_bundle, kept_folder
from icsml.model.kept_bundles import KeptBundles
from icsml.records.enterprise import frame_records
from icsml.workflows.evidence_pack import evidence_pack

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SCRIPT = Path(verify.__file__)
PARTS = [
    "manifest.json", "manifest.sig", "payload.json", "salt.hex", "stored.json", "record.json", "decision.json",
    "reasons.json", "bundle-manifest.json", "rulebook.yaml", "page.en.html", "page.zh.html", "chain.json",
    "checkpoint.json", "public-keys.txt", "verify.py", "README.txt",
]  # fmt: skip


@pytest.fixture(scope="module")
def entries(bundle, enterprises):
    made = []
    for number, record in enumerate(frame_records(enterprises.head(5))):
        decided = decide(bundle, record, decided_at=NOW, decision_id=f"d-{number}", version="3")
        request = canonical_bytes(record.model_dump(mode="json", exclude_none=True))
        made.append(decision_entry("bank-a", bundle, request, decided))
    return made


@pytest.fixture(scope="module")
def postgres():
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return fresh_schema(request.getfixturevalue("postgres"))


@pytest.fixture
def filled(entries, bundle, url):
    """A ledger of five decisions; the first four are signed, in two checkpoints."""
    keep_bundle(bundle.folder)
    with Ledger.open(url, clock=lambda: NOW) as ledger:
        for part in (entries[:1], entries[1:4], entries[4:]):
            assert not [one for one in ledger.record_all(part) if isinstance(one, Exception)]
            if part != entries[4:]:
                ledger.checkpoint()
        yield ledger


@pytest.fixture(scope="module")
def genuine(entries, bundle, tmp_path_factory):
    """The pack of a decision followed by two more before a checkpoint, and the key that signed."""
    folder = tmp_path_factory.mktemp("pack")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICSML_HOME", str(folder / "home"))
        keep_bundle(bundle.folder)
        with Ledger.open(f"sqlite:///{folder}/ledger.db", clock=lambda: NOW) as ledger:
            ledger.record_all(entries)
            ledger.checkpoint()
            yield evidence_pack(ledger, KeptBundles(), "d-2"), signing_key()


def contents(pack):
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files):
    """Zip pairs of names and bytes, anew."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return target.getvalue()


def signed_anew(files, key):
    """Let somebody with a key list and sign files as they are now."""
    manifest = json.loads(files["manifest.json"])
    others = {name: data for name, data in files.items() if not name.startswith("manifest.")}
    manifest["files"] = {name: {"sha256": sha256_hex(data), "what": ""} for name, data in others.items()}
    public = key.public_key().public_bytes_raw().hex()
    data = canonical_bytes(manifest | {"public_key": public})
    return zipped({"manifest.json": data, "manifest.sig": f"{public} {key.sign(data).hex()}", **others}.items())


def verified(pack, tmp_path, *keys):
    """Run the script as a stranger does: no site-packages, no environment."""
    (tmp_path / "alone").mkdir(exist_ok=True)
    script = shutil.copy(SCRIPT, tmp_path / "alone" / "verify.py")
    (tmp_path / "pack.zip").write_bytes(pack)
    options = [part for key in keys for part in ("--key", key)]
    command = [sys.executable, "-I", "-S", str(script), str(tmp_path / "pack.zip"), *options]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, timeout=60)
    return done.returncode, done.stdout + done.stderr


def flipped(data, at=None):
    at = len(data) // 2 if at is None else at
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def fault(pack, *keys):
    """Return the part that is named; the same as the script says, without a process."""
    with pytest.raises((ValueError, zipfile.BadZipFile)) as caught:
        verify.check(io.BytesIO(pack), list(keys))
    return str(caught.value).split()[0]


def test_the_script_has_at_most_a_hundred_lines_and_needs_nothing():
    text = SCRIPT.read_text("utf-8")
    assert len(text.splitlines()) <= 100
    assert max(map(len, text.splitlines())) <= 120
    assert "icsml" not in text


def test_a_stranger_verifies_a_pack(genuine, tmp_path):
    pack, key = genuine
    code, said = verified(pack, tmp_path, key.public)
    assert (code, said.split()[:2]) == (0, ["genuine", "d-2"])
    assert set(contents(pack)) - {"peers.json"} == set(PARTS)


def test_without_a_key_it_is_whole_and_nobodys(genuine, tmp_path):
    code, said = verified(genuine[0], tmp_path)
    assert (code, "NOT CONFIRMED" in said) == (3, True)


def test_another_key_than_that_of_the_operator_is_refused(genuine, tmp_path):
    code, said = verified(genuine[0], tmp_path, "ab" * 32)
    assert (code, said) == (1, "FAULT: manifest.sig is signed by a key that was not given\n")


@pytest.mark.parametrize("name", PARTS)
def test_a_changed_byte_is_named(genuine, tmp_path, name):
    pack, key = genuine
    files = contents(pack)
    named = "manifest.sig" if name == "manifest.json" else name
    code, said = verified(zipped((files | {name: flipped(files[name])}).items()), tmp_path, key.public)
    assert (code, said.startswith(f"FAULT: {named} is ")) == (1, True), said


@pytest.mark.parametrize("name", PARTS)
def test_a_changed_byte_of_the_zip_itself_is_named(genuine, name):
    pack, key = genuine
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        entry = archive.getinfo(name)
    at = entry.header_offset + 30 + len(name) + entry.file_size // 2
    with pytest.raises(zipfile.BadZipFile, match=name):
        verify.check(io.BytesIO(flipped(pack, at)), [key.public])


@pytest.mark.parametrize("at", [0, 40, 64, 70, 120, 140, 190])
@pytest.mark.parametrize("bit", [1, 32])
def test_each_part_of_the_signature_counts(genuine, at, bit):
    files = contents(genuine[0])
    data = files["manifest.sig"]
    changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
    assert fault(zipped((files | {"manifest.sig": changed}).items())) == "manifest.sig"


@pytest.mark.parametrize("name", [name for name in PARTS if not name.startswith("manifest.")])
def test_a_part_that_is_missing_is_named(genuine, name):
    pack, key = genuine
    files = contents(pack)
    del files[name]
    assert fault(zipped(files.items()), key.public) == name


def test_a_file_too_much_or_twice_is_named(genuine):
    pack, key = genuine
    files = contents(pack)
    assert fault(zipped([*files.items(), ("notes.txt", b"")]), key.public) == "notes.txt"
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([*files.items(), ("decision.json", files["decision.json"])])
    assert fault(twice, key.public) == "decision.json"
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([("manifest.json", b"{}"), *files.items()])
    assert fault(twice, key.public) == "manifest.json"


def test_a_pack_of_somebody_else_is_whole_and_refused(genuine, tmp_path):
    pack, key = genuine
    other = signed_anew(contents(pack), Ed25519PrivateKey.generate())
    assert verified(other, tmp_path)[0] == 3
    code, said = verified(other, tmp_path, key.public)
    assert (code, said) == (1, "FAULT: manifest.sig is signed by a key that was not given\n")


def edited(files, name, change):
    value = json.loads(files[name])
    change(value)
    return files | {name: canonical_bytes(value)}


def _decision(files, name, change):
    """Change a decision in its own file and in the payload alike."""
    return edited(edited(files, "payload.json", lambda payload: change(payload["decision"])), "decision.json", change)


FORGED = {
    "record.json": lambda files: edited(files, "record.json", lambda record: record.update(enterprise_id="e")),
    "decision.json": lambda files: edited(files, "decision.json", lambda decision: decision.update(pd=0.5)),
    "reasons.json": lambda files: edited(files, "reasons.json", lambda reasons: reasons["reasons"].pop()),
    "payload.json": lambda files: _decision(files, "decision.json", lambda decision: decision.update(pd=0.5)),
    "payload.json ": lambda files: files | {"salt.hex": b"00" * 16},
    "payload.json  ": lambda files: edited(files, "stored.json", lambda stored: stored.update(content_sha256="0" * 64)),
    "stored.json": lambda files: edited(files, "stored.json", lambda stored: stored.update(code_version="9")),
    "bundle-manifest.json": lambda files: edited(files, "bundle-manifest.json", lambda each: each.update(more=1)),
    "bundle-manifest.json ": lambda files: edited(files, "manifest.json", lambda top: top.update(bundle_sha256="0")),
    "rulebook.yaml": lambda files: files | {"rulebook.yaml": files["rulebook.yaml"] + b"\n"},
    "rulebook.yaml ": lambda files: edited(files, "manifest.json", lambda top: top.update(rulebook_sha256=None)),
    "peers.json": lambda files: files | {"peers.json": b"{}"},
    "chain.json": lambda files: edited(files, "chain.json", lambda rows: rows[1].update(recorded_at="2026")),
    "chain.json ": lambda files: edited(files, "chain.json", lambda rows: rows[0].update(recorded_at="2026")),
    "chain.json  ": lambda files: edited(files, "chain.json", lambda rows: rows.pop()),
    "chain.json   ": lambda files: edited(files, "chain.json", lambda rows: rows.pop(1)),
    "chain.json    ": lambda files: edited(files, "manifest.json", lambda top: top.update(tenant="bank-b")),
    "chain.json     ": lambda files: edited(files, "manifest.json", lambda top: top.update(decision_id="d-3")),
    "checkpoint.json": lambda files: edited(files, "checkpoint.json", lambda line: line["checkpoint"].update(number=7)),
    "checkpoint.json ": lambda files: edited(files, "manifest.json", lambda top: top.update(ledger="other")),
}
"""What somebody who has the key of the operator would have to forge too, by the part that is named."""


@pytest.mark.parametrize("name", FORGED)
def test_parts_that_do_not_fit_are_named_even_if_the_operator_signs_them(genuine, name):
    pack, key = genuine
    assert verify.check(io.BytesIO(signed_anew(contents(pack), key.private)), [key.public])["decision_id"] == "d-2"
    assert fault(signed_anew(FORGED[name](contents(pack)), key.private), key.public) == name.strip()


def test_a_checkpoint_of_another_key_is_refused(genuine):
    pack, key = genuine
    files, other = contents(pack), Ed25519PrivateKey.generate()
    checkpoint = json.loads(files["checkpoint.json"])["checkpoint"]
    checkpoint["public_key"] = other.public_key().public_bytes_raw().hex()
    line = {"checkpoint": checkpoint, "signature": other.sign(canonical_bytes(checkpoint)).hex()}
    forged = signed_anew(files | {"checkpoint.json": canonical_bytes(line)}, key.private)
    assert fault(forged, key.public) == "checkpoint.json"


RFC_8032 = [
    ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip
"""Section 7.1, tests 1 to 3: public key, message, signature."""


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_the_standard_verify(public, message, signature):
    data = bytes.fromhex(message)
    assert verify.is_signed(public, data, signature)
    assert not verify.is_signed(public, data + b"\0", signature)
    for at in range(0, 128, 9):
        other = "0" if signature[at] != "0" else "1"
        assert not verify.is_signed(public, data, signature[:at] + other + signature[at + 1 :])


def test_a_signature_has_one_form_only():
    public, message, signature = RFC_8032[1]
    data = bytes.fromhex(message)
    s = int.from_bytes(bytes.fromhex(signature[64:]), "little")
    assert not verify.is_signed(public, data, signature[:64] + (s + verify.L).to_bytes(32, "little").hex())
    for other in (signature.upper(), signature + "00", signature + " ", signature[:64], "", "x"):
        assert not verify.is_signed(public, data, other)
    for other in (public.upper(), public + "00", public[:-2], "", "ff" * 32):
        assert not verify.is_signed(other, data, signature)


def test_signatures_of_random_keys_agree_with_the_library():
    for number in range(20):
        key, data = Ed25519PrivateKey.generate(), bytes([number]) * number
        public, signature = key.public_key().public_bytes_raw().hex(), key.sign(data).hex()
        assert verify.is_signed(public, data, signature)
        assert not verify.is_signed(public, flipped(data + b"-"), signature)


def test_the_same_bytes_come_out_each_time(filled):
    packs = {evidence_pack(filled, KeptBundles(), "d-1") for _ in range(2)}
    filled.checkpoint()
    assert packs == {evidence_pack(filled, KeptBundles(), "d-1", "bank-a")}


def test_rows_go_to_the_first_that_was_signed(filled):
    for decision_id, names in (("d-0", ["d-0"]), ("d-1", ["d-1", "d-2", "d-3"]), ("d-3", ["d-3"])):
        files = contents(evidence_pack(filled, KeptBundles(), decision_id))
        assert [row["decision_id"] for row in json.loads(files["chain.json"])] == names
    data = filled.find_bytes("d-3")[1]
    assert files["payload.json"] == data
    assert files["record.json"] in data
    assert files["decision.json"] == filled.decision_bytes("bank-a", "d-3")
    assert json.loads(files["decision.json"])["reasons"] == json.loads(files["reasons.json"])["reasons"]


def test_what_is_not_signed_yet_has_no_pack(filled):
    with pytest.raises(LedgerError) as caught:
        evidence_pack(filled, KeptBundles(), "d-4")
    assert caught.value.code == "ICS-LED-040"
    filled.checkpoint()
    assert evidence_pack(filled, KeptBundles(), "d-4")


@pytest.mark.parametrize(("decision_id", "tenant"), [("d-1", "bank-b"), ("none", None), ("", None), ("d-\n", None)])
def test_nobody_gets_what_is_not_theirs(filled, decision_id, tenant):
    assert evidence_pack(filled, KeptBundles(), decision_id, tenant) is None


def test_what_was_erased_has_no_pack(filled, url):
    firm = json.loads(filled.decision_bytes("bank-a", "d-1"))["enterprise_id"]
    assert filled.erase_enterprise("bank-a", firm, reason="asked for it", by="officer").erased
    filled.checkpoint()
    with pytest.raises(LedgerError) as caught:
        evidence_pack(filled, KeptBundles(), "d-1")
    assert caught.value.code == "ICS-LED-026"
    [(erasure,)] = execute(url, "SELECT event_id FROM event")
    assert evidence_pack(filled, KeptBundles(), erasure) is None


def test_a_row_changed_in_the_database_is_not_given_out(filled, url):
    execute(url, "UPDATE chain SET recorded_at = '2026' WHERE decision_id = 'd-2'")
    with pytest.raises(LedgerError) as caught:
        evidence_pack(filled, KeptBundles(), "d-1")
    assert (caught.value.code, caught.value.field) == ("ICS-LED-041", "chain.json")
    assert evidence_pack(filled, KeptBundles(), "d-3")


def test_a_checkpoint_that_is_not_as_it_was_signed_counts_for_nothing(filled):
    path = checkpoints_path(filled.identity())
    path.write_bytes(path.read_bytes().replace(b'"sequence":4', b'"sequence":3', 1))
    for decision_id in ("d-1", "d-3"):
        with pytest.raises(LedgerError) as caught:
            evidence_pack(filled, KeptBundles(), decision_id)
        assert caught.value.code == "ICS-LED-040"


def test_a_bundle_that_is_gone_or_altered_is_named(filled, bundle):
    file = kept_folder(bundle.sha256) / "rulebook.yaml"
    bundles = KeptBundles()
    assert evidence_pack(filled, bundles, "d-1")
    file.write_bytes(file.read_bytes() + b"\n")
    for each in (bundles, KeptBundles()):  # read before, or only now
        with pytest.raises(ModelError, match="manifest") as caught:
            evidence_pack(filled, each, "d-1")
        assert caught.value.code == "ICS-MOD-013"
    shutil.rmtree(file.parent)
    with pytest.raises(MissingError) as missing:
        evidence_pack(filled, KeptBundles(), "d-1")
    assert missing.value.code == "ICS-LED-022"


def test_a_payload_of_an_earlier_release_has_a_pack_without_salt(entries, bundle, url, tmp_path):
    keep_bundle(bundle.folder)
    content, _ = opened("d-0", *entries[0].sealed)
    row = ChainRow("bank-a", "w-old", 1, "2026-01-01T00:00:00Z", "d-0", sha256_hex(content), "0" * 64)
    with Ledger.open(url) as ledger:
        ledger.checkpoint()
        literal = f"X'{content.hex()}'" if url.startswith("sqlite") else f"decode('{content.hex()}', 'hex')"
        values = ", ".join(f"'{each}'" if isinstance(each, str) else str(each) for each in (*row, row.sha256))
        names = ", ".join((*ChainRow._fields, "row_sha256"))
        execute(url, f"INSERT INTO chain ({names}) VALUES ({values})")
        stored = f"'d-0', 'bank-a', {literal}, '{row.payload_sha256}'"
        execute(url, f"INSERT INTO payload (decision_id, tenant, bytes, sha256) VALUES ({stored})")
        assert ledger.checkpoint_all()
        pack = evidence_pack(ledger, KeptBundles(), "d-0")
    files = contents(pack)
    assert (files["salt.hex"], files["payload.json"]) == (b"", files["stored.json"])
    (key,) = trusted_keys()
    assert verified(pack, tmp_path, key)[0] == 0
    forged = _decision(files, "decision.json", lambda decision: decision.update(pd=0.5))
    assert fault(signed_anew(forged, signing_key().private), key) == "payload.json"


def test_a_key_that_was_changed_leaves_old_checkpoints_good(filled, tmp_path):
    (home() / "signing.key").unlink()
    pack = evidence_pack(filled, KeptBundles(), "d-1")
    assert len(trusted_keys()) == 2
    assert verified(pack, tmp_path, *trusted_keys())[0] == 0
    code, said = verified(pack, tmp_path, signing_key().public)
    assert (code, said.startswith("FAULT: checkpoint.json is signed by a key")) == (1, True)


def test_the_command_signs_first_where_nothing_was_signed(filled, url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ICSML_LEDGER_URL", url)
    out = tmp_path / "d-4.zip"
    assert main._run(["ledger", "pack", "d-4", "--out", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert verified(out.read_bytes(), tmp_path, signing_key().public)[0] == 0
    assert main._run(["ledger", "pack", "d-4", "--tenant", "bank-b", "--out", str(tmp_path / "x.zip")]) != 0
    assert not (tmp_path / "x.zip").exists()


def test_the_command_signs_nothing_that_was_altered(filled, url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ICSML_LEDGER_URL", url)
    execute(url, "UPDATE chain SET recorded_at = '2026' WHERE decision_id = 'd-2'")
    before = checkpoints_path(filled.identity()).read_bytes()
    assert main._run(["ledger", "pack", "d-4", "--out", str(tmp_path / "d-4.zip")]) == 1
    assert "nothing was signed" in capsys.readouterr().out
    assert checkpoints_path(filled.identity()).read_bytes() == before
    assert not (tmp_path / "d-4.zip").exists()
