"""Whether a ledger is what was recorded: what was done to it is named, on both databases, with signed checkpoints."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
import rfc8785
import typer
from ledger_tables import CHAIN, FIELDS, connected, execute, payload

from icsml.cli import ledger_command
from icsml.cli.output import emit
from icsml.errors import ConfigError, ConflictError, LedgerError, MissingError
from icsml.ledger import Entry, Ledger
from icsml.ledger.checkpoints import Checkpoint, Head, add_checkpoints, checkpoints_path, read_checkpoints
from icsml.ledger.signing import signing_key, trusted_keys

N = 6
NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)
in_a_file = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def recorded(ledger):
    """Six decisions in one chain and two in another, signed."""
    for number in range(1, N + 1):
        ledger.record("bank-a", f"d-{number}", payload(f"d-{number}"))
    for number in range(1, 3):
        ledger.record("bank-b", f"other-{number}", payload(f"other-{number}"))
    ledger.checkpoint()
    return ledger


def verify(ledger):
    return ledger.verify(trusted_keys())


def _bad(ledger):
    found = verify(ledger)
    assert not found.ok
    assert found.first_bad == found.bad[0]
    return found.first_bad.kind, found.first_bad.decision_id


def _row(url, sequence):
    [row] = execute(url, f"SELECT {CHAIN} FROM chain WHERE tenant = 'bank-a' AND sequence = {sequence}")
    return dict(zip([*FIELDS, "row_sha256"], row, strict=True))


def _hashed(row):
    return hashlib.sha256(rfc8785.dumps({name: row[name] for name in FIELDS})).hexdigest()


def _delete(url, decision_id, *tables):
    for table in tables or ("payload", "chain"):
        execute(url, f"DELETE FROM {table} WHERE decision_id = '{decision_id}'")


def _move(url, decision_id, sequence):
    execute(url, f"UPDATE chain SET sequence = {sequence} WHERE decision_id = '{decision_id}'")


def _insert(url, row, *, data=None):
    data = data or rfc8785.dumps(payload(row["decision_id"]))
    row = {**row, "payload_sha256": hashlib.sha256(data).hexdigest()}
    row["row_sha256"] = row.get("row_sha256") or _hashed(row)
    mark = "?" if url.startswith("sqlite") else "%s"
    with connected(url) as connection:
        names = ", ".join(row)
        connection.execute(f"INSERT INTO chain ({names}) VALUES ({', '.join([mark] * len(row))})", list(row.values()))
        connection.execute(
            f"INSERT INTO payload (decision_id, tenant, bytes, sha256) VALUES ({mark}, {mark}, {mark}, {mark})",
            [row["decision_id"], row["tenant"], data, row["payload_sha256"]],
        )


def _recompute(url, first):
    """Compute the chain anew from a row on, as somebody with full access to the database can."""
    previous = _row(url, first - 1)["row_sha256"] if first > 1 else "0" * 64
    for sequence in range(first, N + 1):
        row = _row(url, sequence) | {"previous_sha256": previous}
        previous = _hashed(row)
        execute(
            url,
            f"UPDATE chain SET previous_sha256 = '{row['previous_sha256']}', row_sha256 = '{previous}'"
            f" WHERE tenant = 'bank-a' AND sequence = {sequence}",
        )


def test_what_was_recorded_is_found_whole(recorded):
    found = verify(recorded)
    assert (found.ok, found.first_bad, found.bad) == (True, None, [])
    assert (found.records, found.chains, found.checkpoints, found.unsigned) == (N + 2, 2, 2, 0)
    recorded.record("bank-a", "d-7", payload("d-7"))
    assert verify(recorded).unsigned == 1
    recorded.checkpoint()
    assert (verify(recorded).unsigned, verify(recorded).checkpoints) == (0, 3)
    assert recorded.checkpoint() is None


def test_an_empty_ledger_is_whole(ledger):
    found = verify(ledger)
    assert (found.ok, found.records, found.checkpoints) == (True, 0, 0)
    assert ledger.checkpoint() is None
    assert ledger.checkpoint_all() is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chain SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE decision_id = 'd-3'",
        f"UPDATE chain SET payload_sha256 = '{'0' * 64}' WHERE decision_id = 'd-3'",
        f"UPDATE chain SET row_sha256 = '{'0' * 64}' WHERE decision_id = 'd-3'",
        "UPDATE payload SET bytes = (SELECT bytes FROM payload WHERE decision_id = 'd-4') WHERE decision_id = 'd-3'",
    ],
)
def test_an_edited_row_or_payload(recorded, url, change):
    execute(url, change)
    assert _bad(recorded) == ("edited", "d-3")


def test_an_edited_row_whose_own_hash_was_computed_anew(recorded, url):
    row = _row(url, 3) | {"recorded_at": "2020-01-01T00:00:00.000000Z"}
    execute(
        url,
        f"UPDATE chain SET recorded_at = '{row['recorded_at']}', row_sha256 = '{_hashed(row)}'"
        " WHERE decision_id = 'd-3'",
    )
    assert _bad(recorded) == ("edited", "d-3")


def test_a_chain_computed_anew_differs_from_its_checkpoint(recorded, url):
    execute(url, "UPDATE chain SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE decision_id = 'd-3'")
    _recompute(url, 3)
    assert _bad(recorded) == ("edited", f"d-{N}")


OTHER_TYPES = ["'text'", "CAST(bytes AS TEXT)", "CAST(x'ff' AS TEXT)", "7", "1e300", "9223372036854775807", "x''"]
READERS = [
    lambda ledger: ledger.get("bank-a", "d-3"),
    lambda ledger: ledger.find("d-3"),
    lambda ledger: ledger.decision("bank-a", "d-3"),
    lambda ledger: ledger.evidence("d-3", None, trusted_keys()),
    lambda ledger: ledger.earlier("bank-a", "key", "1" * 64),
]


def _refused(ledger):
    for read in READERS:
        with pytest.raises(LedgerError) as caught:
            read(ledger)
        assert caught.value.code == "ICS-LED-008"
    walked = {one.decision_id: one.error and one.error.code for group in ledger.walk() for one in group}
    assert walked.pop("d-3") == "ICS-LED-008"
    assert len(walked) == N + 1
    assert not any(walked.values())


@pytest.fixture
def keyed(recorded, url):
    execute(url, f"INSERT INTO idempotency VALUES ('bank-a', 'key', '{'1' * 64}', 'd-3')")
    return recorded


@in_a_file
@pytest.mark.parametrize("value", OTHER_TYPES)
@pytest.mark.parametrize("column", ["bytes", "key"])
def test_a_payload_or_key_of_another_type_is_not_what_was_recorded(keyed, url, column, value):
    table = {"bytes": "payload", "key": "payload_key"}[column]
    execute(url, f"UPDATE {table} SET {column} = {value.replace('bytes', column)} WHERE decision_id = 'd-3'")
    assert _bad(keyed) == ("edited", "d-3")
    _refused(keyed)


@pytest.mark.parametrize("data", [b"{", b"[]", b"7", b"\xff", b"[" * 100_000, b"9" * 5000])
def test_a_payload_that_is_no_json_object(keyed, url, data):
    execute(url, "DELETE FROM payload WHERE decision_id = 'd-3'")
    mark = "?" if url.startswith("sqlite") else "%s"
    with connected(url) as connection:
        connection.execute(
            f"INSERT INTO payload (decision_id, tenant, bytes, sha256) VALUES ('d-3', 'bank-a', {mark}, 'x')", [data]
        )
    assert _bad(keyed) == ("edited", "d-3")
    _refused(keyed)
    row = _row(url, 3) | {"payload_sha256": hashlib.sha256(data).hexdigest()}  # by somebody who knows the chain
    execute(
        url,
        f"UPDATE chain SET payload_sha256 = '{row['payload_sha256']}', row_sha256 = '{_hashed(row)}'"
        " WHERE decision_id = 'd-3'",
    )
    _recompute(url, 4)
    assert _bad(keyed) == ("edited", "d-3")
    _refused(keyed)


@in_a_file
@pytest.mark.parametrize("value", ["'text'", "CAST(x'ff' AS TEXT)", "x'ff'", "7.5", "x''", "''"])
@pytest.mark.parametrize("column", [*FIELDS, "row_sha256"])
def test_a_value_of_the_chain_of_another_type(recorded, url, column, value, capsys):
    with connected(url) as connection:
        connection.execute(f"UPDATE chain SET {column} = {value} WHERE decision_id = 'd-3'")
    found = verify(recorded)
    assert not found.ok
    emit(found, as_json=True, text="")
    assert json.loads(capsys.readouterr().out)["first_bad"]["kind"] in ("edited", "deleted", "inserted")
    assert recorded.get("bank-a", "d-4")["decision"]["decision_id"] == "d-4"


@in_a_file
def test_a_row_of_another_type_whose_hash_was_computed_anew(recorded, url):
    row = _row(url, 3) | {"sequence": "three"}
    execute(url, f"UPDATE chain SET sequence = 'three', row_sha256 = '{_hashed(row)}' WHERE decision_id = 'd-3'")
    assert not verify(recorded).ok
    execute(url, "DELETE FROM chain WHERE sequence > 3 AND sequence < 100 AND tenant = 'bank-a'")
    assert not verify(recorded).ok


@in_a_file
@pytest.mark.parametrize("value", ["x'ff'", "7", "CAST(x'ff' AS TEXT)"])
@pytest.mark.parametrize("column", ["kind", "decision_id"])
def test_an_event_of_another_type(recorded, url, column, value):
    event = {"event_id": "v-1", "kind": "override", "decision_id": "d-3"}
    recorded.record_all([Entry.of_event("bank-a", event, enterprise_id="e-1")])
    assert verify(recorded).ok
    execute(url, f"UPDATE event SET {column} = {value}")
    assert _bad(recorded) == ("edited", "v-1")


def test_every_damaged_payload_is_named_and_the_others_are_judged_and_read(recorded, url):
    other = "(SELECT bytes FROM payload WHERE decision_id = 'd-1')"
    execute(url, f"UPDATE payload SET bytes = {other} WHERE decision_id IN ('d-2', 'd-4', 'other-1')")
    execute(url, "DELETE FROM payload_key WHERE decision_id = 'd-5'")
    _delete(url, f"d-{N}")
    found = [(bad.kind, bad.decision_id) for bad in verify(recorded).bad]
    assert found == [
        ("edited", "d-2"),
        ("edited", "d-4"),
        ("deleted", "d-5"),
        ("truncated", f"d-{N}"),
        ("edited", "other-1"),
    ]
    for name in ("d-1", "d-3"):
        assert recorded.get("bank-a", name)["decision"]["decision_id"] == name


@pytest.mark.parametrize("closed_up", [False, True])
@pytest.mark.parametrize("number", [1, 3])
def test_a_deleted_row(recorded, url, number, closed_up):
    _delete(url, f"d-{number}")
    if closed_up:
        for later in range(number + 1, N + 1):
            _move(url, f"d-{later}", later - 1)
    found = verify(recorded)
    assert (found.first_bad.kind, found.first_bad.sequence) == ("deleted", number)


def test_a_deleted_payload(recorded, url):
    _delete(url, "d-3", "payload")
    assert _bad(recorded) == ("deleted", "d-3")


@in_a_file  # a server refuses a payload without a row
@pytest.mark.parametrize("decision_id", ["d-3", "d-7"])
def test_a_deleted_row_that_another_table_still_names(recorded, url, decision_id):
    recorded.record("bank-a", "d-7", payload("d-7"))  # that no checkpoint signed
    _delete(url, decision_id, "chain")
    assert _bad(recorded) == ("deleted", decision_id)


@pytest.mark.parametrize(("one", "other"), [(2, 3), (2, 5), (1, N)])
def test_reordered_rows(recorded, url, one, other):
    _move(url, f"d-{one}", 100)
    _move(url, f"d-{other}", one)
    _move(url, f"d-{one}", other)
    assert _bad(recorded) == ("reordered", f"d-{other}")


@pytest.mark.parametrize("sequence", [N + 1, N + 5])
def test_a_row_inserted_at_the_end(recorded, url, sequence):
    _insert(url, _row(url, N) | {"sequence": sequence, "decision_id": "forged", "row_sha256": None})
    assert _bad(recorded) == ("inserted", "forged")


@pytest.mark.parametrize("hashed", [True, False])
def test_a_row_inserted_in_between(recorded, url, hashed):
    for later in range(N, 2, -1):
        _move(url, f"d-{later}", later + 1)
    row = _row(url, 2)
    row |= {"sequence": 3, "decision_id": "forged", "previous_sha256": row["row_sha256"]}
    _insert(url, row | {"row_sha256": None if hashed else "1" * 64})
    assert _bad(recorded) == ("inserted", "forged")


def test_a_cut_tail(recorded, url):
    for number in (N - 1, N):
        _delete(url, f"d-{number}")
    found = verify(recorded)
    assert (found.first_bad.kind, found.first_bad.sequence, found.records) == ("truncated", N - 1, N)
    assert found.first_bad.decision_id == f"d-{N}"


def test_a_chain_that_is_gone_whole(recorded, url):
    for number in (1, 2):
        _delete(url, f"other-{number}")
    assert _bad(recorded) == ("truncated", "other-2")


@in_a_file
def test_a_copied_database_is_verified_by_the_same_checkpoints(recorded, url, tmp_path):
    copy = f"sqlite:///{tmp_path}/copy.db"
    execute(url, f"VACUUM INTO '{tmp_path}/copy.db'")
    execute(copy, f"DELETE FROM payload WHERE decision_id = 'd-{N}'")
    execute(copy, f"DELETE FROM chain WHERE decision_id = 'd-{N}'")
    with Ledger.open(copy, create=False) as opened:
        assert _bad(opened) == ("truncated", f"d-{N}")


class TestCheckpoints:
    @pytest.fixture
    def lines(self, recorded):
        for number in range(7, 9):
            recorded.record("bank-a", f"d-{number}", payload(f"d-{number}"))
            recorded.checkpoint()
        path = checkpoints_path(recorded.identity())
        return path, path.read_bytes().splitlines(keepends=True)

    @pytest.mark.parametrize("change", ["byte", "removed", "moved", "signature", "twice", "no json"])
    def test_a_changed_file(self, recorded, lines, change):
        path, (*before, first, second, third) = lines
        changed = {
            "byte": [first, second.replace(b'"sequence":7', b'"sequence":6'), third],
            "removed": [first, third],
            "moved": [first, third, second],
            "signature": [first, second.replace(b'"signature":"', b'"signature":"0'), third],
            "twice": [first, second, second, third],
            "no json": [first, b"{\n", third],
        }[change]
        path.write_bytes(b"".join([*before, *changed]))
        found = verify(recorded)
        assert (found.first_bad.kind, found.first_bad.sequence) == ("checkpoint", 4 if change == "twice" else 3)

    def test_a_line_that_a_crash_cut_off_is_no_fault(self, recorded, lines):
        path, written = lines
        path.write_bytes(b"".join(written) + b'{"checkpoint":{"at"')
        assert verify(recorded).ok
        recorded.record("bank-a", "d-9", payload("d-9"))
        assert recorded.checkpoint().number == 5
        assert (verify(recorded).ok, verify(recorded).checkpoints) == (True, 5)

    def test_the_last_line_is_found_however_long_it_is(self, ledger):
        heads = [Head("bank-a", f"w-{number:04}", 1, "a" * 64, f"d-{number}") for number in range(2000)]
        for number in range(1, 4):
            assert add_checkpoints("a-ledger", heads[: 1 if number == 2 else None], NOW).number == number
        assert checkpoints_path("a-ledger").stat().st_size > 500_000
        assert [one.number for one in read_checkpoints("a-ledger", trusted_keys())] == [1, 2, 3]

    def test_a_stranger_s_key(self, recorded, lines, house):
        (house / "signing.pub").write_text("0" * 64 + "\n")
        found = verify(recorded)
        assert (found.first_bad.kind, found.checkpoints) == ("checkpoint", 0)

    def test_a_new_key_is_trusted_beside_the_old_one(self, recorded, lines, house):
        (house / "signing.key").unlink()
        recorded.record("bank-a", "d-9", payload("d-9"))
        recorded.checkpoint()
        assert (verify(recorded).ok, len(trusted_keys())) == (True, 2)

    def test_files_are_their_owner_s_alone(self, recorded, lines, house):
        files = [lines[0], house / "signing.key", house / "signing.pub"]
        assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * 3
        (house / "signing.key").chmod(0o666)
        recorded.record("bank-a", "d-9", payload("d-9"))
        with pytest.raises(ConfigError, match="others"):
            recorded.checkpoint()

    def test_a_damaged_last_line_is_not_built_upon(self, recorded, lines):
        path, written = lines
        path.write_bytes(b"".join(written[:-1]) + b"{}\n")
        recorded.record("bank-a", "d-9", payload("d-9"))
        with pytest.raises(MissingError, match="verify") as caught:
            recorded.checkpoint()
        assert caught.value.code == "ICS-LED-021"

    def test_a_signature_is_over_rfc_8785_and_named_by_the_next(self, lines):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        previous = "0" * 64
        for line in map(json.loads, lines[1]):
            content = rfc8785.dumps(line["checkpoint"])
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(line["checkpoint"]["public_key"]))
            key.verify(bytes.fromhex(line["signature"]), content)
            assert line["checkpoint"]["previous_sha256"] == previous
            previous = hashlib.sha256(content).hexdigest()

    def test_a_conflict_does_not_keep_what_was_recorded_before_from_being_signed(self, recorded):
        recorded.record("bank-a", "d-7", payload("d-7"))
        with pytest.raises(ConflictError):
            recorded.record("bank-b", "d-7", payload("d-7"))
        assert [head.decision_id for head in recorded.checkpoint().heads] == ["d-7"]
        assert verify(recorded).unsigned == 0

    def test_two_processes_sign_into_one_file(self, recorded, url):
        with Ledger.open(url) as other:
            other.record("bank-a", "e-1", payload("e-1"))
            assert other.checkpoint().number == 3
        assert verify(recorded).checkpoints == 3

    def test_each_names_one_tenant(self, recorded, lines):
        recorded.record("bank-b", "other-3", payload("other-3"))
        recorded.record("bank-a", "d-9", payload("d-9"))
        last = recorded.checkpoint()
        tenants = [{head.tenant for head in one.heads} for one in read_checkpoints(last.ledger, trusted_keys())]
        assert tenants == [{"bank-a"}, {"bank-b"}, {"bank-a"}, {"bank-a"}, {"bank-a"}, {"bank-b"}]

    def test_a_line_of_an_earlier_release_holds_and_goes_out_to_no_tenant(self, recorded, lines):
        path, (first, second, *_) = lines
        whole = json.loads(first)["checkpoint"]
        heads = [*whole["heads"], *json.loads(second)["checkpoint"]["heads"]]
        both = Checkpoint.model_validate(whole | {"heads": tuple(Head(**head) for head in heads)})
        signature = signing_key().sign(both.signed_bytes)
        path.write_bytes(b'{"checkpoint":%b,"signature":"%b"}\n' % (both.signed_bytes, signature.encode()))
        assert (verify(recorded).ok, verify(recorded).unsigned) == (True, 2)
        for tenant in ("bank-a", None):
            with pytest.raises(LedgerError) as caught:
                recorded.evidence("d-1", tenant, trusted_keys())
            assert caught.value.code == "ICS-LED-040"
        recorded.checkpoint_all()
        assert b"bank-b" not in recorded.evidence("d-1", "bank-a", trusted_keys()).checkpoint


class TestIdentity:
    LOST = ("DELETE FROM ledger", "UPDATE ledger SET id = 'another'", "DROP TABLE ledger", "UPDATE ledger SET id = ''")

    @pytest.mark.parametrize("change", [*LOST, "UPDATE ledger SET id = '../x'", "INSERT INTO ledger VALUES ('b')"])
    def test_a_changed_identifier_is_named(self, recorded, url, change):
        ledger = recorded.identity()
        execute(url, change)
        found = verify(recorded)
        assert [bad.kind for bad in found.bad] == ["checkpoint"] * (1 if "another" in change else 2)
        assert ledger in found.first_bad.detail
        assert (found.checkpoints, found.unsigned) == (2, 0)

    @pytest.mark.parametrize("change", LOST)
    def test_it_hides_no_cut_tail(self, recorded, url, change):
        execute(url, change)
        for number in (N - 1, N):
            _delete(url, f"d-{number}")
        kinds = [bad.kind for bad in verify(recorded).bad]
        assert (kinds[0], set(kinds[1:])) == ("truncated", {"checkpoint"})

    def test_it_hides_no_cut_tail_of_a_writer_that_was_signed_once(self, url):
        with Ledger.open(url) as ledger:
            for number in range(1, N + 1):
                ledger.record("bank-a", f"d-{number}", payload(f"d-{number}"))
            ledger.checkpoint()
            execute(url, "UPDATE ledger SET id = 'another'")
            _delete(url, f"d-{N}")
            assert [bad.kind for bad in verify(ledger).bad] == ["truncated", "checkpoint"]

    def test_it_is_named_although_a_service_went_on_and_signed(self, recorded, url):
        execute(url, "UPDATE ledger SET id = 'another'")
        recorded.record("bank-a", "d-7", payload("d-7"))
        recorded.checkpoint()
        found = verify(recorded)
        assert ([bad.kind for bad in found.bad], found.checkpoints) == (["checkpoint"], 3)

    def test_it_is_whole_again_when_it_is_set_back(self, recorded, url):
        ledger = recorded.identity()
        execute(url, "UPDATE ledger SET id = 'another'")
        execute(url, f"UPDATE ledger SET id = '{ledger}'")
        assert verify(recorded).ok

    @pytest.mark.parametrize("writer", ["w-1", None])
    def test_ledgers_that_share_a_home_and_a_name_are_none_of_its_business(self, recorded, tmp_path, writer):
        with Ledger.open(f"sqlite:///{tmp_path}/second.db", writer=writer, clock=lambda: NOW) as second:
            second.record("bank-a", "e-1", payload("e-1"))
            second.checkpoint()
            assert [one.checkpoints for one in (verify(second), verify(recorded))] == [1, 2]
            assert verify(second).ok
            assert verify(recorded).ok

    def test_a_database_that_was_never_signed_says_what_would_not_show(self, ledger, url, monkeypatch, capsys):
        ledger.record("bank-a", "d-1", payload("d-1"))
        monkeypatch.setenv("ICSML_LEDGER_URL", url)
        ledger_command.verify()
        out = capsys.readouterr().out
        assert "no signed checkpoint" in out
        assert str(checkpoints_path(ledger.identity())) in out


class TestCommands:
    @pytest.fixture(autouse=True)
    def address(self, recorded, url, monkeypatch):
        monkeypatch.setenv("ICSML_LEDGER_URL", url)

    def test_verify_says_so_and_exits_0(self, capsys):
        ledger_command.verify()
        assert "8 rows in 2 chains: as recorded" in capsys.readouterr().out
        ledger_command.verify(json_=True)
        assert json.loads(capsys.readouterr().out)["ok"] is True

    def test_what_is_wrong_is_named_and_exits_1(self, url, capsys):
        execute(url, "UPDATE chain SET recorded_at = '2020-01-01T00:00:00.000000Z' WHERE decision_id = 'd-3'")
        for as_json in (False, True):
            with pytest.raises(typer.Exit) as left:
                ledger_command.verify(json_=as_json)
            assert left.value.exit_code == 1
        text, _, found = capsys.readouterr().out.rpartition("\n{")
        assert text.startswith("EDITED d-3: the row is not what was recorded (chain of bank-a, writer w-1, row 3)")
        found = json.loads("{" + found)
        assert (found["ok"], found["records"], found["first_bad"]["kind"]) == (False, N + 2, "edited")
        assert found["first_bad"]["decision_id"] == "d-3"

    def test_a_checkpoint_covers_every_chain(self, recorded, capsys):
        recorded.record("bank-c", "c-1", payload("c-1"))
        ledger_command.checkpoint(json_=True)
        signed = json.loads(capsys.readouterr().out)["signed"]
        assert signed["number"] == 5  # one for each of three tenants
        assert (verify(recorded).checkpoints, verify(recorded).unsigned) == (5, 0)

    def test_nothing_is_signed_that_is_not_as_recorded(self, recorded, url, capsys):
        _delete(url, f"d-{N}")
        with pytest.raises(typer.Exit):
            ledger_command.checkpoint()
        assert "nothing was signed" in capsys.readouterr().out
        assert len(checkpoints_path(recorded.identity()).read_bytes().splitlines()) == 2

    def test_other_public_keys_may_be_named(self, house, tmp_path, capsys):
        file = tmp_path / "kept.pub"
        file.write_bytes((house / "signing.pub").read_bytes())
        (house / "signing.pub").unlink()
        with pytest.raises(typer.Exit):
            ledger_command.verify()
        ledger_command.verify(public_keys=file)
        file.write_text("no key\n")
        with pytest.raises(ConfigError, match="64 hexadecimal"):
            ledger_command.verify(public_keys=file)
        with pytest.raises(ConfigError, match="is not there"):
            ledger_command.verify(public_keys=tmp_path / "absent")
