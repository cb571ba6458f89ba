"""What two rulebooks say differently, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from icsml.innovation.schema import Rulebook

__all__ = ["Change", "changes"]

_UNSAID = ("note", "sources")
_PARTS = ("totals", "validity", "stages", "peers", "categories", "indicators", "eligibility")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Parameters
    ----------
    item : str
        Where it lies, such as ``indicators.rd_intensity.max``.
    kind : str
        ``added``, ``removed`` or ``changed``.
    a, b : str or None
        What the two say; None where one says nothing.
    """

    item: str
    kind: str
    a: str | None
    b: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return asdict(self)


def changes(a: Rulebook, b: Rulebook, lang: Literal["en", "zh"] = "en") -> list[Change]:
    """Return what changes from rulebook ``a`` to ``b``; things with an id are matched by it."""
    left, right = a.model_dump(mode="json"), b.model_dump(mode="json")
    return [change for part in _PARTS for change in _compare(part, left[part], right[part], lang)]


def _compare(item: str, left: Any, right: Any, lang: str) -> Iterator[Change]:  # noqa: ANN401 - any JSON value
    if left == right:
        return
    named_left, named_right = _named(left), _named(right)
    if left is None or right is None or named_left is None or named_right is None:
        kind = "added" if left is None else "removed" if right is None else "changed"
        yield Change(item, kind, _shown(left, lang), _shown(right, lang))
        return
    for key in dict.fromkeys([*named_left, *named_right]):
        yield from _compare(f"{item}.{key}", named_left.get(key), named_right.get(key), lang)


def _named(value: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return what can be compared part by part: a mapping that is no function, or a list of things with ids."""
    if isinstance(value, dict):
        parts = {key: each for key, each in value.items() if key not in ("id", *_UNSAID)}
        return None if "kind" in value or set(parts) == {"en", "zh"} else parts
    if isinstance(value, list) and value and all(isinstance(each, dict) and "id" in each for each in value):
        return {each["id"]: each for each in value}
    return None


def _shown(value: Any, lang: str) -> str | None:  # noqa: ANN401 - any JSON value
    if value is None:
        return None
    if isinstance(value, dict):
        if "label" in value:
            return str(value["label"][lang])
        if set(value) == {"en", "zh"}:
            return str(value[lang])
        said = {key: each for key, each in value.items() if each is not None and key not in _UNSAID}
        return ", ".join(f"{key} {_shown(each, lang)}" for key, each in said.items())
    if isinstance(value, list):
        return "; ".join(_item(each, lang) for each in value)
    return str(value)


def _item(value: Any, lang: str) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return f"({', '.join(str(_shown(each, lang)) for each in value)})"
    return str(_shown(value, lang))
