"""What two rulebooks say differently, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from icsml.innovation.impact.change_wording import POINTS, UNSAID, ChangeWords
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.indicators import Option
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.stages import StageRule
from icsml.innovation.rulebooks.value_functions import MIXED, Unit

__all__ = ["Change", "changes"]

_PARTS: Final = ("totals", "validity", "stages", "peers", "categories", "indicators", "eligibility")
_PLACES: Final = (2, 4, 6, 12)
_NO_NAMES: Final[Mapping[int, str]] = {}


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
        What the two say, in words; None where one says nothing.
    name : str
        Where it lies, in words.
    """

    item: str
    kind: str
    a: str | None
    b: str | None
    name: str = field(default="", compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Side:
    """What one rulebook says at a place, and the unit of the quantities there."""

    value: Any
    unit: str = ""

    def at(self, key: str) -> _Side:
        named = _named(self.value) or {}
        value = named.get(key)
        return _Side(value, value.get("_unit", self.unit) if isinstance(value, dict) else self.unit)


def changes(a: Rulebook, b: Rulebook, lang: Literal["en", "zh"] = "en") -> list[Change]:
    """Return what changes from rulebook ``a`` to ``b``, in words; things with an id are matched by it."""
    words = ChangeWords.of(lang, a, b)
    left, right = _Side(_with_units(a)), _Side(_with_units(b))
    return [change for part in _PARTS for change in _compare((part,), _NO_NAMES, left.at(part), right.at(part), words)]


def _compare(
    keys: tuple[str, ...], names: Mapping[int, str], a: _Side, b: _Side, words: ChangeWords
) -> Iterator[Change]:
    if a.value == b.value:
        return
    left, right = _named(a.value), _named(b.value)
    if left is None or right is None or keys[-1] in POINTS:
        kind = "added" if a.value is None else "removed" if b.value is None else "changed"
        told = _told(keys[-1], a, b, words)
        if keys[-1] != "label" or told[0] != told[1]:  # a name may change in the other language alone
            yield Change(".".join(keys), kind, *told, words.place(keys, names))
        return
    for key in dict.fromkeys([*left, *right]):
        label = _label_of(right.get(key), words.lang) or _label_of(left.get(key), words.lang)
        known = {**names, len(keys): label} if label else names
        yield from _compare((*keys, key), known, a.at(key), b.at(key), words)


def _told(key: str, a: _Side, b: _Side, words: ChangeWords) -> tuple[str | None, str | None]:
    """Return what both say, with as many places as it takes to see the difference."""
    for places in _PLACES:
        wording = replace(words, places=places)
        told = wording.shown(a.value, key, a.unit), wording.shown(b.value, key, b.unit)
        if told[0] != told[1]:
            break
    return told


def _label_of(value: Any, lang: str) -> str | None:  # noqa: ANN401 - any JSON value
    return str(value["label"][lang]) if isinstance(value, dict) and "label" in value else None


def _named(value: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return what can be compared part by part: a mapping that is no function, or a list of things with ids."""
    if isinstance(value, dict):
        parts = {key: each for key, each in value.items() if key not in UNSAID}
        return None if "kind" in value or set(parts) == {"en", "zh"} else parts
    if isinstance(value, list) and value and all(isinstance(each, dict) and "id" in each for each in value):
        return {each["id"]: each for each in value}
    return None


def _with_units(rulebook: Rulebook) -> dict[str, Any]:
    """Return a rulebook as JSON, with the unit beside whatever is compared with thresholds."""
    found = rulebook.model_dump(mode="json")
    for indicator, said in zip(rulebook.indicators, found["indicators"], strict=True):
        for option, own in zip(indicator.options, said["best_of"] or [said], strict=True):
            own["_unit"] = _unit(option)
    if rulebook.stages is not None:
        found["stages"]["rule"]["_unit"] = _unit(rulebook.stages.rule)
    if rulebook.eligibility is not None:
        for keys, condition in rulebook.eligibility.located:
            place: Any = found
            for key in keys:
                place = place[key]
            place["_unit"] = _unit(condition)
    return found


def _unit(measured: Option | StageRule | Condition) -> str:
    if isinstance(measured, Condition):
        if isinstance(measured.value, Score | CategoryPoints | IndicatorPoints):
            return "points"
        unit = measured.value.unit
    else:
        unit = Unit.FRACTION if isinstance(measured, Option) and measured.percent else measured.unit
        unit = unit or measured.value.unit
    return "" if unit is None or unit == MIXED else str(unit)
