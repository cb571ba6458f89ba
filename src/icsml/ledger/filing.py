"""What the tables beside chain and payload must say of a decision or event: it follows from what was recorded of it.

By these tables decisions are found, listed and erased. No hash of the chain is over them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import orjson

from icsml.core.strict_json import JsonObject
from icsml.ledger.chain_row import ChainRow
from icsml.ledger.sealing import container
from icsml.records.facets import DecisionFacets, facets_of

__all__ = ["Compared", "Filed", "FilingFault", "FilingKind", "compared", "facts_of", "index_detail", "index_values"]

FilingKind = Literal["edited", "deleted", "inserted"]
_INDEX: Final = ("tenant", "decided_at", "decision_id", *DecisionFacets._fields[1:])


class Filed(NamedTuple):
    """What the tables say of a row of the chain; None where they have no row.

    Parameters
    ----------
    payload_tenant, payload_sha256 : str or None
        Of the table ``payload``.
    key_tenant, key_firm : str or None
        Of the table ``payload_key``.
    event_tenant : str or None
        Of the table ``event``.
    about_firm : str or None
        Under which firm the decision is filed that it is about.
    row : tuple or None
        The row of ``decision_index``.
    """

    payload_tenant: str | None
    payload_sha256: str | None
    key_tenant: str | None
    key_firm: str | None
    event_tenant: str | None
    about_firm: str | None
    row: Any


class FilingFault(NamedTuple):
    """What was done to a row of a table, and which table or column that is."""

    kind: FilingKind
    where: str


class Compared(NamedTuple):
    """By what a decision is found, and what the tables say otherwise first; None if nothing."""

    facets: DecisionFacets | None
    fault: FilingFault | None


def index_detail(where: str) -> str:
    """Return the sentence about a table or column that says something else than follows from what was recorded."""
    return (
        f"the index is not what follows from what was recorded ({where}); the chain does not depend on it:"
        " `icsml ledger reindex` puts it right"
    )


def compared(row: ChainRow, filed: Filed, content: bytes | None) -> Compared:
    """Compare what the tables say with what was recorded.

    Parameters
    ----------
    row : ChainRow
        The row of the chain.
    filed : Filed
        What the tables say.
    content : bytes or None
        What was recorded; None if it was erased.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if the content is no JSON object.
    """
    told = {} if content is None else _object(content)
    facets = facets_of(told.get("decision"))
    fault = _owner_fault(row, filed) or _index_fault(row, filed.row, facets) or _firm_fault(filed, told)
    return Compared(facets, fault)


def facts_of(content: bytes) -> tuple[DecisionFacets | None, tuple[bool, Any]]:
    """Return by what a decision is found, and whether a content names its firm, and which.

    Raises
    ------
    LedgerError
        As :func:`compared`.
    """
    told = _object(content)
    return facets_of(told.get("decision")), _firm(told)


def index_values(tenant: str, decision_id: str, facets: DecisionFacets) -> tuple[Any, ...]:
    """Return the row of ``decision_index``."""
    decided_at, *others, codes = facets
    return (tenant, decided_at, decision_id, *others, orjson.dumps(codes).decode())


def _object(content: bytes) -> JsonObject:
    try:
        found = orjson.loads(content)
    except ValueError:
        return container(content)  # a number that it does not take, or an error
    return found if isinstance(found, dict) else container(content)


def _owner_fault(row: ChainRow, filed: Filed) -> FilingFault | None:
    if filed.payload_tenant not in (None, row.tenant):
        return FilingFault("edited", "payload.tenant")
    if filed.payload_sha256 not in (None, row.payload_sha256):
        return FilingFault("edited", "payload.sha256")
    if filed.key_tenant not in (None, row.tenant):
        return FilingFault("edited", "payload_key.tenant")
    if filed.event_tenant not in (None, row.tenant):
        return FilingFault("edited", "event.tenant")
    return None


def _index_fault(row: ChainRow, found: tuple[Any, ...] | None, facets: DecisionFacets | None) -> FilingFault | None:
    if facets is None:
        return None if found is None else FilingFault("inserted", "decision_index")
    if found is None:
        return FilingFault("deleted", "decision_index")
    expected = index_values(row.tenant, row.decision_id, facets)
    if found == expected:
        return None
    for name, is_value, value in zip(_INDEX, found, expected, strict=True):
        if is_value != value and not (name == "reasons" and is_value == json.dumps(facets.reasons)):  # as migrated
            return FilingFault("edited", f"decision_index.{name}")
    return None


def _firm_fault(filed: Filed, told: JsonObject) -> FilingFault | None:
    """Compare the firm under which a key is filed: in the index, beside the key, or, by earlier releases, in both."""
    known, firm = _firm(told)
    if not known:
        known, firm = filed.about_firm is not None, filed.about_firm
    if filed.key_tenant is None or not known or not (firm is None or isinstance(firm, str)):
        return None
    indexed = None if filed.row is None else filed.row[_INDEX.index("enterprise_id")]
    stated = [each for each in (indexed, filed.key_firm) if each is not None]
    if firm is not None and not stated:
        return FilingFault("deleted", "payload_key.enterprise_id")
    return FilingFault("edited", "payload_key.enterprise_id") if any(each != firm for each in stated) else None


def _firm(told: JsonObject) -> tuple[bool, Any]:
    """Return whether a content names the firm that it is about, and which."""
    for part in ("decision", "event"):
        stated = told.get(part)
        if isinstance(stated, Mapping) and "enterprise_id" in stated:
            return True, stated["enterprise_id"]
    return False, None
