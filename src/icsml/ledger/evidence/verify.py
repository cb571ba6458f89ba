"""Verify the evidence pack of one decision: python verify.py PACK.zip --key HEX (Python 3.9 or later, nothing else).
HEX is the operator's public key, known in another way than by the pack: whoever makes a false pack has a key for it.
Exit code 0: genuine; 1: not, and the first part at fault is named; 3: whole, but no key was given."""

import hashlib
import json
import sys
import zipfile
from typing import Any

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032
D, ROOT, IDENTITY = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P), (0, 1, 1, 0)


def point(data: bytes) -> tuple[int, ...]:
    y, odd = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    if len(data) != 32 or y >= P or x * x % P != square or (x == 0 and odd):
        raise ValueError("no point of the curve")
    return (x if x % 2 == odd else P - x), y, 1, (x if x % 2 == odd else P - x) * y % P


def add(p: tuple[int, ...], q: tuple[int, ...]) -> tuple[int, ...]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def times(number: int, p: tuple[int, ...]) -> tuple[int, ...]:
    return add(times(number // 2, add(p, p)), p if number % 2 else IDENTITY) if number else IDENTITY


def is_signed(key: str, data: bytes, signature: str) -> bool:
    try:
        public, sign = bytes.fromhex(key), bytes.fromhex(signature)
        a, r, s = point(public), point(sign[:32]), int.from_bytes(sign[32:], "little")
    except (ValueError, IndexError):
        return False
    hashed = int.from_bytes(hashlib.sha512(sign[:32] + public + data).digest(), "little") % L
    left, right = times(s, point(b"X" + 31 * b"f")), add(r, times(hashed, a))  # the base: y is 4/5
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return same and s < L and (key, signature, 64) == (public.hex(), sign.hex(), len(sign))


def written(value: Any) -> bytes:  # RFC 8785 for rows and checkpoints: ASCII names, whole numbers, printable text
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def need(holds: bool, part: str, what: str) -> None:
    if not holds:
        raise ValueError(f"{part} {what}")


def check(pack: Any, keys: list[str]) -> Any:
    """Return the manifest of a genuine pack; of another, raise an error that names the first part at fault."""
    with zipfile.ZipFile(pack) as archive:
        names, files = archive.namelist(), {name: archive.read(name) for name in archive.namelist()}
    need(len({*names}) == len(names), max(names, key=names.count), "is there twice")
    key, _, signature = files["manifest.sig"].decode("latin-1").partition(" ")
    need(is_signed(key, files["manifest.json"], signature), "manifest.sig", "is no signature of manifest.json")
    top, digest = json.loads(files["manifest.json"]), {n: hashlib.sha256(files[n]).hexdigest() for n in names}
    for name in sorted({*names, *top["files"]} - {"manifest.json", "manifest.sig"}):
        need(digest.get(name) == top["files"].get(name, {}).get("sha256"), name, "is not what was signed")
    got = {name[:-5]: json.loads(files[name]) for name in names if name.endswith(".json")}
    payload, stored, rows, checkpoint = (got[name] for name in ("payload", "stored", "chain", "checkpoint"))
    signed, decision, bundle = checkpoint["checkpoint"], payload["decision"], got["bundle-manifest"]["files"]
    salted = hashlib.sha256(bytes.fromhex(files["salt.hex"].decode()) + files["payload.json"]).hexdigest()
    bundles, rules = ([each[name + "_sha256"] for each in (stored, payload, top)] for name in ("bundle", "rulebook"))
    reasons = {name: decision.get(name) for name in ("adverse_reasons", "reasons")}
    found = {"record": payload["request"], "decision": decision, "reasons": reasons}
    for name, *same in [
        ("payload.json", salted, stored.get("content_sha256", digest["stored.json"])),
        ("stored.json", digest["stored.json"], rows[0]["payload_sha256"]),
        *((n + ".json", written(got[n]), written(value)) for n, value in found.items()),
        ("bundle-manifest.json", digest["bundle-manifest.json"], *bundles),
        ("rulebook.yaml", digest.get("rulebook.yaml"), bundle.get("rulebook.yaml"), *rules),
        ("peers.json", digest.get("peers.json"), bundle.get("peers.json")),
        *(("chain.json", top[n], rows[0][n], {**top, **decision}[n]) for n in ("decision_id", "tenant")),
        ("checkpoint.json", top["ledger"], signed["ledger"]),
    ]:
        need(len({*same}) == 1, name, "does not fit the other parts")
    need(is_signed(signed["public_key"], written(signed), checkpoint["signature"]), "checkpoint.json", "is not signed")
    ends = [head["row_sha256"] for head in signed["heads"]]  # the hash of a row is of its chain and position too
    for row, after in zip(rows, [*([row["previous_sha256"]] for row in rows[1:]), ends]):
        need(hashlib.sha256(written(row)).hexdigest() in after, "chain.json", f"has another row {row['sequence']}")
    for name, by in (("manifest.sig", key), ("checkpoint.json", signed["public_key"])):
        need(not keys or by in keys, name, "is signed by a key that was not given")
    return top


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--key"] or sys.exit(__doc__)
    try:
        found = check(given[0], given[1:])
    except Exception as error:
        sys.exit(f"FAULT: {error}")
    print("genuine" if given[1:] else "whole, SIGNER NOT CONFIRMED", found["decision_id"], found["ledger"])
    sys.exit(0 if given[1:] else 3)
