"""Entity tags: whoever holds the same bytes already is told so, and gets no body (RFC 9110, section 13.1.2)."""

from __future__ import annotations

import re
from hashlib import sha256
from http import HTTPStatus

from fastapi import Request, Response

from icsml.core.strict_json import JsonObject

__all__ = ["NOT_MODIFIED", "matches", "tagged"]

NOT_MODIFIED: dict[int | str, JsonObject] = {
    int(HTTPStatus.NOT_MODIFIED): {
        "description": "The caller has these bytes already: `If-None-Match` names their tag.",
        "headers": {"ETag": {"description": "SHA-256 of the bytes.", "schema": {"type": "string"}}},
    }
}
"""Documentation of the answer without a body."""
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LIST = re.compile(rf"[ \t,]*{_TAG.pattern}(?:[ \t]*,(?:[ \t,]*{_TAG.pattern})?)*[ \t]*")


def tagged(request: Request, content: bytes, media_type: str) -> Response:
    """Return bytes with their tag, or 304 without them if the request names the tag.

    Parameters
    ----------
    request : Request
        Its ``If-None-Match`` is compared; one that is not well formed is ignored.
    content : bytes
        The body.
    media_type : str
        Its type.
    """
    tag = f'"{sha256(content).hexdigest()}"'
    headers = {"ETag": tag}
    if matches(", ".join(request.headers.getlist("if-none-match")), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def matches(condition: str, tag: str) -> bool:
    """Say whether a value of ``If-None-Match`` names a tag; weak tags compare by what they quote.

    Parameters
    ----------
    condition : str
        ``*`` or a list of tags; empty if there is none.
    tag : str
        A strong tag, with its quotes.
    """
    if condition.strip(" \t") == "*":
        return True
    # A tag may contain commas, so that the list cannot be split at them.
    return _LIST.fullmatch(condition) is not None and tag in _TAG.findall(condition)
