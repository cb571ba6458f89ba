"""The header ``Link``: which decision a decision takes the place of, and which took its place (RFC 8288, RFC 5829)."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response
from starlette.types import Scope

from icsml.core.strict_json import JsonObject
from icsml.ledger.entry import DecisionRead

__all__ = ["LINKS", "with_links"]

LINKS: JsonObject = {
    "Link": {
        "description": "The decision that this one corrects or answers (`predecessor-version`), and those that correct "
        "or answer this one (`successor-version`), the newest first. Absent where there is none.",
        "schema": {"type": "string"},
        "example": '</v1/assessments/6b2f0c5e-9a1d-4d3b-8f57-2f4f8a6c1e90>; rel="successor-version"',
    }
}
"""Documentation of the header that :func:`with_links` adds."""


def with_links(answer: Response, scope: Scope, collection: str, found: DecisionRead) -> Response:
    """Add to an answer what leads to the decisions before and after one; nothing where there is none.

    It says what is now, also in an answer 304: it is no part of the bytes that an entity tag is of.

    Parameters
    ----------
    answer : Response
        The decision, or 304.
    scope : Scope
        Of the request.
    collection : str
        Path below which decisions are.
    found : DecisionRead
        The decision as it was read.
    """
    related = [("predecessor-version", found.predecessor)] if found.predecessor is not None else []
    related += [("successor-version", name) for name in found.successors]
    if related:
        base = f"{scope.get('root_path', '')}{collection}"
        answer.headers["Link"] = ", ".join(f'<{base}/{quote(name, safe="")}>; rel="{rel}"' for rel, name in related)
    return answer
