"""The evidence pack: one signed ZIP of a decision that a stranger verifies without icsml.

A workflow, because only one may meet ledger, bundles and pages. What verifies it is `icsml.ledger.evidence.verify`.
"""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from icsml.core.canonical import canonical_bytes, joined_object, sha256_hex
from icsml.errors import LedgerError, ModelError
from icsml.ledger.checkpoints import ledger_key
from icsml.ledger.evidence.verify import check
from icsml.ledger.payload import parse_decision, stored_part
from icsml.ledger.replay import bundle_of
from icsml.ledger.signing import SigningKey, trusted_keys
from icsml.ledger.store import Ledger
from icsml.ledger.store.evidence import Evidence
from icsml.model.kept_bundles import KeptBundles
from icsml.model.manifest import PEERS, RULEBOOK, manifest_bytes, verified_files
from icsml.reports.decision_page import decision_page

__all__ = ["FORMAT", "evidence_pack"]

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_LANGUAGES: Final = ("en", "zh")
_WHAT: Final = {
    "payload.json": "what was recorded of the decision: record, features, decision, settings",
    "salt.hex": "drawn when it was recorded; SHA-256 of salt and payload.json is content_sha256 in stored.json",
    "stored.json": "the bytes in the ledger, whose SHA-256 the chain has",
    "record.json": "the record as received",
    "decision.json": "the decision as answered",
    "reasons.json": "the reasons of the decision",
    "bundle-manifest.json": "SHA-256 of every file of the model bundle that decided; its own is bundle_sha256",
    "rulebook.yaml": "the rules of the innovation points, with their texts",
    "peers.json": "the peers that the rules rank among",
    "page.en.html": "the decision as a page, in English",
    "page.zh.html": "the decision as a page, in Chinese",
    "chain.json": "the row of the decision in the chain, and those after it up to one that was signed",
    "checkpoint.json": "the signed end of the chain",
    "public-keys.txt": "the keys that the operator says may sign; confirm them by another way",
    "verify.py": "verifies the pack",
    "README.txt": "how to verify the pack",
}


def evidence_pack(ledger: Ledger, bundles: KeptBundles, decision_id: str, tenant: str | None = None) -> bytes | None:
    """Return the evidence pack of a decision, the same bytes each time; None if there is none of the tenant.

    The bytes change with the key that signs, the trusted keys and the version of icsml.

    Parameters
    ----------
    ledger : Ledger
        Where the decision is.
    bundles : KeptBundles
        Where the bundle is that decided.
    decision_id : str
        The decision.
    tenant : str, optional
        Whose it must be; for the operator any tenant's.

    Raises
    ------
    LedgerError
        ``ICS-LED-040`` if no checkpoint has signed it yet, ``ICS-LED-026`` if it was erased, ``ICS-LED-008`` if it was
        altered, ``ICS-LED-041`` if the pack does not verify, so that it is not given out.
    MissingError, ModelError
        ``ICS-LED-022`` and others if the bundle is nowhere or was altered.
    ConfigError
        ``ICS-LED-020`` if a key cannot be read.
    """
    evidence = ledger.evidence(decision_id, tenant, trusted_keys())
    if evidence is None:
        return None
    content = _of_ledger(evidence) | _of_bundle(evidence.found.content, bundles) | _of_verifier()
    pack = _zipped(_signed(evidence, content, ledger_key(evidence.ledger)))
    _require_genuine(pack)
    return pack


def _of_ledger(evidence: Evidence) -> dict[str, bytes]:
    _, stored, content, salt = evidence.found
    decision = stored_part(content, "decision")
    return {
        "payload.json": content,
        "salt.hex": salt.hex().encode(),
        "stored.json": stored,
        "record.json": stored_part(content, "request"),
        "decision.json": decision,
        "reasons.json": _reasons(decision),
        "chain.json": canonical_bytes([row._asdict() for row in evidence.rows]),
        "checkpoint.json": evidence.checkpoint,
    }


def _reasons(decision: bytes) -> bytes:
    found = parse_decision(decision)
    return canonical_bytes({name: found.get(name) for name in ("adverse_reasons", "reasons")})


def _of_bundle(content: bytes, bundles: KeptBundles) -> dict[str, bytes]:
    bundle = bundles.get(bundle_of(content))
    kept, sha256 = verified_files(bundle.folder)
    if sha256 != bundle.sha256:
        raise ModelError(
            "ICS-LED-023",
            "another bundle lies where the one that decided was kept",
            field=str(bundle.folder),
            remedy="restore it from a backup",
        )
    decision = parse_decision(stored_part(content, "decision"))
    pages = {f"page.{lang}.html": decision_page(decision, lang, rulebook=bundle.rulebook) for lang in _LANGUAGES}
    return {
        "bundle-manifest.json": manifest_bytes(kept),
        **{name: kept[name] for name in (RULEBOOK, PEERS) if name in kept},
        **{name: page.encode() for name, page in pages.items()},
    }


def _of_verifier() -> dict[str, bytes]:
    shipped = files("icsml.ledger.evidence")
    keys = "".join(f"{key}\n" for key in sorted(trusted_keys()))
    return {name: (shipped / name).read_bytes() for name in ("verify.py", "README.txt")} | {
        "public-keys.txt": keys.encode()
    }


def _signed(evidence: Evidence, content: dict[str, bytes], key: SigningKey) -> dict[str, bytes]:
    """Return all files, the manifest and its signature first."""
    row, payload = evidence.found.row, evidence.found.content
    facts = {
        "format": FORMAT,
        "decision_id": row.decision_id,
        "tenant": row.tenant,
        "ledger": evidence.ledger,
        "public_key": key.public,
        "made_by": f"icsml {version('icsml')}",
        "files": {name: {"sha256": sha256_hex(data), "what": _WHAT[name]} for name, data in content.items()},
    }
    parts = {name: canonical_bytes(value) for name, value in facts.items()}
    parts |= {name: stored_part(payload, name) for name in ("bundle_sha256", "rulebook_sha256")}
    manifest = joined_object(parts.items())
    signature = f"{key.public} {key.sign(manifest)}".encode()
    return {_MANIFEST: manifest, "manifest.sig": signature, **dict(sorted(content.items()))}


def _zipped(content: dict[str, bytes]) -> bytes:
    """Return a ZIP without times. It is not compressed, because that gives other bytes with another library."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)
    return target.getvalue()


def _require_genuine(pack: bytes) -> None:
    try:
        check(io.BytesIO(pack), sorted(trusted_keys()))
    except (ValueError, LookupError, TypeError) as error:
        raise LedgerError(
            "ICS-LED-041",
            "the evidence of the decision does not verify",
            field=str(error).partition(" ")[0],
            remedy="run `icsml ledger verify`, and restore what it names from a backup",
        ) from None
