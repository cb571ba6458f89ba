"""The language of an answer: what ``Accept-Language`` asks for (RFC 9110, section 12.5.4)."""

from __future__ import annotations

import re

from fastapi import Request, Response

from icsml.core.strict_json import JsonObject
from icsml.texts.languages import FALLBACK, Language, languages

__all__ = ["IN_LANGUAGE", "asked_language", "in_language", "preferred_language"]

IN_LANGUAGE: JsonObject = {
    "Content-Language": {"description": "Language of the answer.", "schema": {"type": "string"}},
    "Vary": {"description": "`Accept-Language`", "schema": {"type": "string"}},
}
"""Documentation of the headers that :func:`in_language` adds."""
_RANGE = re.compile(
    r"[ \t]*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)


def preferred_language(accepted: str) -> Language:
    """Return the language of ours that a value of ``Accept-Language`` prefers; English if it names none.

    A range matches by its first part: ``zh-CN``, ``zh-Hans`` and ``zh`` are all Chinese. Of equal quality the one that
    stands first is taken. A part that is not well formed is ignored.

    Parameters
    ----------
    accepted : str
        The value of the header; empty if there is none.
    """
    asked: dict[str, tuple[float, int]] = {}
    for position, part in enumerate(accepted.split(",")):
        found = _RANGE.fullmatch(part)
        if found is not None:
            name = found[1].lower().partition("-")[0]
            rank = (float(found[2]) if found[2] else 1.0, -position)
            asked[name] = max(asked.get(name, rank), rank)
    ranks = {name: asked.get(name, asked.get("*")) for name in languages()}
    acceptable = {name: rank for name, rank in ranks.items() if rank is not None and rank[0] > 0.0}
    return max(acceptable, key=lambda name: acceptable[name], default=FALLBACK)


def asked_language(request: Request) -> Language:
    """Return the language that the headers of a request prefer."""
    return preferred_language(",".join(request.headers.getlist("accept-language")))


def in_language(answer: Response, language: Language) -> Response:
    """Say of an answer in which language it is, and that another request could get it in another one."""
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language"
    return answer
