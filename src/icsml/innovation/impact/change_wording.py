"""Words for the parts of a rulebook in a table of changes, with units and without fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from pydantic import TypeAdapter

from icsml.innovation.rulebooks.compiled_points import Function
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.exact_numbers import COMPARATORS
from icsml.innovation.rulebooks.indicators import Option
from icsml.innovation.rulebooks.points_functions import PointsFunction
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.stages import StageRule
from icsml.innovation.rulebooks.value_functions import MIXED, Unit
from icsml.innovation.selection.list_wording import amount
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.catalogue import has_text, phrase
from icsml.texts.label import Label

__all__ = ["NOT_COMPARED", "POINTS", "ChangeWords", "is_label", "points_text", "unit_of"]

NOT_COMPARED: Final = ("id", "note", "sources", "_unit")
"""Keys that are not compared, or are elsewhere."""


_KINDS: Final = {
    "category": "categories",
    "indicator": "indicators",
    "waives": "conditions",
    "otherwise": "stages",
    "missing": "stages",
}
"""What the ids at a key name."""
_FLAGS: Final = {"True": "yes", "False": "no"}
_POINTS_FUNCTION: Final[TypeAdapter[Function]] = TypeAdapter(PointsFunction)
POINTS: Final = ("max", "min", "base", "bonus")
"""Keys of numbers of points, or of one for each stage."""


def is_label(value: Mapping[str, Any]) -> bool:
    """Return whether a mapping is a text by language."""
    return {"en", "zh"} <= set(value)


@dataclass(frozen=True)
class ChangeWords:
    """Words in one language for the parts of two rulebooks.

    Parameters
    ----------
    lang : str
        Language.
    labels : mapping of (str, str) to Label
        Names of categories, indicators, stages and conditions, by kind and id.
    digits : int
        Most digits of a number of points; more where two numbers would read the same.
    """

    lang: str
    labels: Mapping[tuple[str, str], Label]
    digits: int = 2

    @classmethod
    def of(cls, lang: str, *rulebooks: Rulebook) -> ChangeWords:
        """Return the words for these rulebooks."""
        return cls(lang, {name: label for rulebook in rulebooks for name, label in _labels(rulebook)})

    def location(self, keys: Sequence[str], names: Mapping[int, str]) -> str:
        """Return the name of a part by its keys; ``names`` has those of named parts by index."""
        path = [names.get(number) or self._key(key) for number, key in enumerate(keys)]
        first = path[0][:1].upper() + path[0][1:]
        return " › ".join([first, *path[1:]])

    def value_text(self, value: Any, key: str, unit: str) -> str | None:  # noqa: ANN401 - any JSON value
        """Return one rulebook's value at a key as text, of a quantity with its unit; None where it has none."""
        if value is None:
            return None
        if key in COMPARATORS:
            return self._amount(value, unit)
        if key in POINTS and _counted(value):
            return self._weight(value)
        if key == "min_peers":
            return f"{value:,}"
        if isinstance(value, dict):
            return self._mapping(value, unit)
        if isinstance(value, list):
            return self._list(value, key, unit)
        return amount(value, key).text(self.lang) if key == "months" else self._word(str(value), key)

    def _key(self, key: str) -> str:
        return self._phrase(f"keys.{key}") if has_text(f"changes.keys.{key}") else self._word(key)

    def _word(self, text: str, key: str = "") -> str:
        """Return a word of the schema, or the name of the id at a key."""
        label = self.labels.get((_KINDS.get(key, key), text))
        if label is not None:
            return label.text(self.lang)
        name = f"values.{_FLAGS.get(text, text)}"
        return self._phrase(name) if has_text(f"changes.{name}") else text

    def _phrase(self, key: str, **parts: str) -> str:
        return phrase(f"changes.{key}", self.lang, **parts)

    def _joined(self, parts: Iterable[str]) -> str:
        return phrase("joined.semicolon", self.lang).join(parts)

    def _mapping(self, value: Mapping[str, Any], unit: str) -> str:
        if is_label(value):
            return Label(**value).text(self.lang)
        if "label" in value:
            return Label(**value["label"]).text(self.lang)
        if "kind" in value:
            return self._function(value, unit)
        unit = value.get("_unit", unit)
        stated = {key: part for key, part in value.items() if part not in (None, []) and key not in NOT_COMPARED}
        return self._joined(
            self._pair(self._key(key), str(self.value_text(part, key, unit))) for key, part in stated.items()
        )

    def _list(self, value: Sequence[Any], key: str, unit: str) -> str:
        if key == "groups":
            return self._joined(" × ".join(self._word(member) for member in group) for group in value)
        if key == "steps":
            return self._joined(self._stage_step(step, unit) for step in value)
        return self._joined(str(self.value_text(item, key, unit)) for item in value)

    def _stage_step(self, step: Mapping[str, Any], unit: str) -> str:
        return self._pair(self._test(step, unit), self._word(step["stage"], "stages"))

    def _pair(self, name: str, value: str) -> str:
        return self._phrase("stated", name=name, value=value)

    def _amount(self, value: str, unit: str) -> str:
        return amount(float(Fraction(value)), unit).text(self.lang)

    def _number(self, value: str) -> str:
        return f"{float(Fraction(value)):,.{self.digits}f}".rstrip("0").rstrip(".")

    def _weight(self, value: str | Mapping[str, str]) -> str:
        if isinstance(value, str):
            return self._given(value)
        return self._joined(f"{self._word(stage, 'stages')} {self._given(weight)}" for stage, weight in value.items())

    def _given(self, value: str) -> str:
        """Return points as written: a number, or a share of the maximum."""
        if not value.endswith("%"):
            number = self._number(value)
            return self._phrase("point" if number == "1" else "points", number=number)
        share = self._number(value[:-1])
        if share == "100":
            return self._phrase("all_points")
        return self._phrase("share_of_points", share=share)

    def _test(self, step: Mapping[str, Any], unit: str) -> str:
        tests = [
            f"{sign} {self._amount(step[name], unit)}"
            for name, (sign, _) in COMPARATORS.items()
            if step.get(name) is not None
        ]
        if not tests:
            return self._phrase("any")
        return tests[0] if len(tests) == 1 else self._phrase("both", first=tests[0], second=tests[1])

    def _earned(self, when: str, points: str) -> str:
        return self._pair(when, self._given(points))

    def _function(self, value: Mapping[str, Any], unit: str) -> str:
        worded = _WITH_ROWS.get(value["kind"])
        return self._parameters(value, unit) if worded is None else worded(self, value, unit)

    def _parameters(self, value: Mapping[str, Any], unit: str) -> str:
        """Return the text of a points function's kind with its parameters: thresholds in their unit, else points."""
        thresholds = dict(_POINTS_FUNCTION.validate_python(value).written())
        parts = {
            name: self._amount(part, unit) if (name,) in thresholds else self._given(part)
            for name, part in value.items()
            if name != "kind"
        }
        return self._phrase(value["kind"], **parts)

    def _bands(self, value: Mapping[str, Any], unit: str) -> str:
        rows = [self._earned(self._test(step, unit), step["points"]) for step in value.get("steps") or value["rows"]]
        return self._joined([*rows, *self._otherwise(value)])

    def _otherwise(self, value: Mapping[str, Any]) -> list[str]:
        return [self._earned(self._phrase("keys.otherwise"), value["otherwise"])] if "otherwise" in value else []

    def _counts(self, value: Mapping[str, Any], _: str) -> str:
        rows = [self._earned(f"≥ {number}", points) for number, points in value["at"].items()]
        return self._joined([*rows, *self._otherwise(value)])

    def _flag(self, value: Mapping[str, Any], _: str) -> str:
        yes, no = self._word("True"), self._word("False")
        return self._joined([self._earned(yes, value["points"]), self._earned(no, value["otherwise"])])

    def _ramp(self, value: Mapping[str, Any], unit: str) -> str:
        rows = [self._earned(self._amount(anchor, unit), points) for anchor, points in value["anchors"]]
        return self._joined([self._phrase("linear"), *rows])

    def _field(self, value: Mapping[str, Any], _: str) -> str:
        return self._named(value["field"])

    def _named(self, name: str) -> str:
        field = FIELD_BY_NAME.get(name)
        return name if field is None else Label(en=field.en, zh=field.zh).text(self.lang)

    def _sum(self, value: Mapping[str, Any], _: str) -> str:
        return " + ".join(self._named(name) for name in value["fields"])

    def _ratio(self, value: Mapping[str, Any], unit: str) -> str:
        over, under = (self._within(value[side], unit) for side in ("numerator", "denominator"))
        per = self._number(value["per"])
        return f"{over} ÷ {under}" + (f" × {per}" if per != "1" else "")

    def _within(self, value: Mapping[str, Any], unit: str) -> str:
        text = self._function(value, unit)
        return f"({text})" if value["kind"] == "sum" else text

    def _growth(self, value: Mapping[str, Any], unit: str) -> str:
        now, before = (self._function(value[side], unit) for side in ("now", "before"))
        return self._phrase("growth", before=before, now=now)

    def _age(self, value: Mapping[str, Any], _: str) -> str:
        return self._phrase("age", since=self._named(value["since"]))

    def _score(self, _: Mapping[str, Any], __: str) -> str:
        return self._phrase("score")

    def _points_of(self, value: Mapping[str, Any], _: str) -> str:
        key = "category" if "category" in value else "indicator"
        return self._phrase("points_of", name=self._word(value[key], key))


_WITH_ROWS: Final[Mapping[str, Callable[[ChangeWords, Mapping[str, Any], str], str]]] = {
    "age": ChangeWords._age,
    "bands": ChangeWords._bands,
    "category": ChangeWords._points_of,
    "counts": ChangeWords._counts,
    "field": ChangeWords._field,
    "flag": ChangeWords._flag,
    "growth": ChangeWords._growth,
    "intervals": ChangeWords._bands,
    "points": ChangeWords._points_of,
    "ramp": ChangeWords._ramp,
    "ratio": ChangeWords._ratio,
    "score": ChangeWords._score,
    "sum": ChangeWords._sum,
}
"""Of values, and of points functions with rows; any other kind has a text of its name that its parameters fill."""


def unit_of(measured: Option | StageRule | Condition) -> str:
    """Return the unit of what is compared with thresholds; empty where there is none."""
    if isinstance(measured, Condition):
        if isinstance(measured.value, Score | CategoryPoints | IndicatorPoints):
            return "points"
        unit = measured.value.unit
    else:
        unit = Unit.FRACTION if isinstance(measured, Option) and measured.percent else measured.unit
        unit = unit or measured.value.unit
    return "" if unit is None or unit == MIXED else str(unit)


def points_text(option: Option, lang: str) -> str:
    """Return how a value earns points, in words."""
    return str(ChangeWords(lang, {}).value_text(option.points.model_dump(mode="json"), "points", unit_of(option)))


def _counted(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value is a number of points rather than a flag or a provenance of the same key."""
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip("-")[:1].isdigit())


def _labels(rulebook: Rulebook) -> Iterable[tuple[tuple[str, str], Label]]:
    yield from ((("indicators", indicator.id), indicator.label) for indicator in rulebook.indicators)
    yield from ((("categories", category.id), category.label) for category in rulebook.categories)
    yield from ((("stages", name), label) for name, label in rulebook.stage_labels.items())
    if rulebook.eligibility is not None:
        yield from ((("conditions", condition.id), condition.label) for condition in rulebook.eligibility.declared)
