"""Rulebooks of earlier formats, readable for ever: a bundle contains the copy that it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["FORMAT", "upgraded"]

FORMAT = 2


def upgraded(content: Any) -> Any:  # noqa: ANN401 - whatever YAML contains; the schema reports its faults
    """Return the content of a rulebook file in the present format; anything but format 1 is returned unchanged.

    Format 1 had one policy for missing values, ``zero``, no stages, no validity, both ends of the time in force and
    ``known_since`` under ``timeline``, and did not say which way an indicator improves.
    """
    if not isinstance(content, Mapping) or content.get("format") != 1 or content["format"] is True:
        return content
    dropped = ("timeline", "missing") if content.get("missing") == "zero" else ("timeline",)
    rest = {key: value for key, value in content.items() if key not in dropped}
    return rest | {"format": FORMAT} | _timeline(content.get("timeline")) | _indicators(content.get("indicators"))


def _timeline(timeline: Any) -> dict[str, object]:  # noqa: ANN401 - whatever YAML contains
    if not isinstance(timeline, Mapping):
        return {}
    known = {"known_since": timeline["known_since"]} if "known_since" in timeline else {}
    renamed = {"in_force_from": "from", "in_force_to": "to"}
    parts = {renamed.get(key, key): value for key, value in timeline.items() if key != "known_since"}
    return known | {"in_force": {"to": None, **parts}}


def _indicators(indicators: Any) -> dict[str, object]:  # noqa: ANN401 - whatever YAML contains
    if not isinstance(indicators, list):
        return {}
    added = {"missing": "zero", "better": "none"}
    return {"indicators": [{**added, **entry} if isinstance(entry, Mapping) else entry for entry in indicators]}
