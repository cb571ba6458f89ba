"""Differences between two rulebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from icsml.innovation.impact.change_wording import NOT_COMPARED, POINTS, ChangeWords, is_label, unit_of
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.texts.label import Label

__all__ = ["Change", "changes"]

_PARTS: Final = ("totals", "validity", "stages", "peers", "categories", "indicators", "eligibility")
_DIGITS: Final = (2, 4, 6, 12)
_NO_NAMES: Final[Mapping[int, str]] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Parameters
    ----------
    item : str
        Its key, such as ``indicators.rd_intensity.max``.
    kind : str
        ``added``, ``removed`` or ``changed``.
    a, b : str or None
        The two values, in words; None where one has none.
    name : str
        Its key, in words.
    """

    item: str
    kind: str
    a: str | None
    b: str | None
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class _Side:
    """One rulebook's value at a key, and the unit of its quantities."""

    value: Any
    unit: str = ""

    def of(self, key: str) -> _Side:
        named = _named(self.value) or {}
        value = named.get(key)
        return _Side(value, value.get("_unit", self.unit) if isinstance(value, dict) else self.unit)


def changes(a: Rulebook, b: Rulebook, lang: str = "en") -> list[Change]:
    """Return the changes from rulebook ``a`` to ``b``, in words; parts with an id are matched by it."""
    words = ChangeWords.of(lang, a, b)
    left, right = _Side(_with_units(a)), _Side(_with_units(b))
    return [change for part in _PARTS for change in _compare((part,), _NO_NAMES, left.of(part), right.of(part), words)]


def _compare(
    keys: tuple[str, ...], names: Mapping[int, str], a: _Side, b: _Side, words: ChangeWords
) -> Iterator[Change]:
    if a.value == b.value:
        return
    left, right = _named(a.value), _named(b.value)
    if left is None or right is None or keys[-1] in POINTS:
        kind = "added" if a.value is None else "removed" if b.value is None else "changed"
        texts = _value_texts(keys[-1], a, b, words)
        if keys[-1] != "label" or texts[0] != texts[1]:  # a name may change in the other language alone
            yield Change(".".join(keys), kind, *texts, words.location(keys, names))
        return
    for key in dict.fromkeys([*left, *right]):
        label = _label_of(right.get(key), words.lang) or _label_of(left.get(key), words.lang)
        known = {**names, len(keys): label} if label else names
        yield from _compare((*keys, key), known, a.of(key), b.of(key), words)


def _value_texts(key: str, a: _Side, b: _Side, words: ChangeWords) -> tuple[str | None, str | None]:
    """Return both values, with as many digits as show the difference."""
    for digits in _DIGITS:
        wording = replace(words, digits=digits)
        texts = wording.value_text(a.value, key, a.unit), wording.value_text(b.value, key, b.unit)
        if texts[0] != texts[1]:
            break
    return texts


def _label_of(value: Any, lang: str) -> str | None:  # noqa: ANN401 - any JSON value
    return Label(**value["label"]).text(lang) if isinstance(value, dict) and "label" in value else None


def _named(value: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return what can be compared part by part: a mapping other than a function, or a list of parts with ids."""
    if isinstance(value, dict):
        parts = {key: part for key, part in value.items() if key not in NOT_COMPARED}
        return None if "kind" in value or is_label(parts) else parts
    if isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item for item in value):
        return {item["id"]: item for item in value}
    return None


def _with_units(rulebook: Rulebook) -> dict[str, Any]:
    """Return a rulebook as JSON, with the unit beside every value compared with thresholds."""
    content = rulebook.model_dump(mode="json")
    for indicator, dumped in zip(rulebook.indicators, content["indicators"], strict=True):
        for option, part in zip(indicator.options, dumped["best_of"] or [dumped], strict=True):
            part["_unit"] = unit_of(option)
    if rulebook.stages is not None:
        content["stages"]["rule"]["_unit"] = unit_of(rulebook.stages.rule)
    if rulebook.eligibility is not None:
        for keys, condition in rulebook.eligibility.located:
            node: Any = content
            for key in keys:
                node = node[key]
            node["_unit"] = unit_of(condition)
    return content
