"""Exact numbers in a rulebook, comparisons with them, and their text in a rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BeforeValidator,
    InstanceOf,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from icsml.core.immutable_model import ImmutableModel
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.rule_hit import RuleHit, comparison

__all__ = ["COMPARATORS", "Amount", "Comparison", "Part", "Rational", "Share", "Weight", "at_stage"]

COMPARATORS: dict[str, tuple[str, Callable[..., NDArray[np.bool_]]]] = {
    "at_least": ("≥", np.greater_equal),
    "above": (">", np.greater),
    "at_most": ("≤", np.less_equal),
    "below": ("<", np.less),
}
_OPPOSITE = {"at_least": "below", "above": "at_most", "at_most": "above", "below": "at_least"}
_NO_NUMBER = "should be a number or a fraction such as 100/9"
_UNITS = {None: Fraction(1), "%": Fraction(1, 100), "万": Fraction(10**4), "亿": Fraction(10**8)}
_JSON_SCHEMA = WithJsonSchema({"type": ["number", "string"]})


class Part(ImmutableModel):
    """A piece of a rulebook: immutable, and without keys that nobody declared."""


@dataclass(frozen=True, slots=True)
class Share:
    """Points written as a share of the indicator's maximum, such as ``80%``."""

    of_max: Fraction

    def __str__(self) -> str:
        return f"{float(self.of_max * 100):g}%"


def _fraction(value: Any) -> Fraction:  # noqa: ANN401 - whatever YAML gave
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(_NO_NUMBER)
    text = str(value)
    try:
        if text.isascii():  # Fraction reads full-width digits too
            return Fraction(text)
    except (ValueError, ZeroDivisionError):
        pass
    raise ValueError(_NO_NUMBER + _meant(text))


def _meant(text: str) -> str:
    """Return the spelling of a number without unit, separators or full-width digits; empty where unclear."""
    plain = re.sub(r"[\s,、]", "", unicodedata.normalize("NFKC", text)).replace("。", ".")
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?)(%|万|亿)?(?:人民币)?元?", plain)
    return f"; for {text} write {decimal(Fraction(match[1]) * _UNITS[match[2]])}" if match else ""


def _amount(value: Any) -> Fraction | Share:  # noqa: ANN401 - whatever YAML gave
    if isinstance(value, Share):
        return value
    if isinstance(value, str) and value.endswith("%"):
        return Share(_fraction(value[:-1].strip()) / 100)
    if isinstance(value, str) and value.endswith("％"):
        raise ValueError(f"{_NO_NUMBER}; write {unicodedata.normalize('NFKC', value)} with the ASCII %")
    return _fraction(value)


Rational = Annotated[InstanceOf[Fraction], BeforeValidator(_fraction), PlainSerializer(str), _JSON_SCHEMA]
Amount = Annotated[
    InstanceOf[Fraction] | InstanceOf[Share], BeforeValidator(_amount), PlainSerializer(str), _JSON_SCHEMA
]


def _weight_text(weight: Fraction | dict[str, Fraction]) -> str | dict[str, str]:
    return {stage: str(number) for stage, number in weight.items()} if isinstance(weight, dict) else str(weight)


Weight = Annotated[Rational | dict[str, Rational], PlainSerializer(_weight_text)]
"""A number, or one for each stage by its id."""


def at_stage(weight: Fraction | dict[str, Fraction], stage: str | None) -> Fraction:
    """Return a weight at a stage, 0 for a stage without one; a single number applies to all stages."""
    if isinstance(weight, Fraction):
        return weight
    return weight.get(stage, Fraction(0)) if stage is not None else Fraction(0)


class Comparison(Part):
    """Exactly one of four comparisons with an exact threshold."""

    at_least: Rational | None = None
    above: Rational | None = None
    at_most: Rational | None = None
    below: Rational | None = None

    @model_validator(mode="after")
    def _one_comparison(self) -> Comparison:
        if len(self._written()) != 1:
            raise ValueError("needs exactly one of at_least, above, at_most, below")
        return self

    def _written(self) -> list[tuple[str, Fraction]]:
        return [(name, value) for name in COMPARATORS if (value := getattr(self, name)) is not None]

    @property
    def comparator(self) -> str:
        """Which of the four comparisons it is."""
        return self._written()[0][0]

    @property
    def lower(self) -> bool:
        """Whether the threshold is a lower bound."""
        return self.comparator in ("at_least", "above")

    @property
    def threshold(self) -> Fraction:
        """The exact number compared with."""
        return self._written()[0][1]

    @property
    def ufunc(self) -> Callable[..., NDArray[np.bool_]]:
        """The comparison as a NumPy ufunc of (value, threshold); False for a missing value."""
        return COMPARATORS[self.comparator][1]

    def row(self, *, percent: bool) -> RuleHit:
        """Return the comparison as a row of a rule."""
        return comparison(dict(self._written()), percent=percent)

    def opposite_row(self, *, percent: bool) -> RuleHit:
        """Return the failed comparison as a row of a rule."""
        return comparison({_OPPOSITE[name]: value for name, value in self._written()}, percent=percent)

    def text(self, *, percent: bool) -> str:
        """Return the comparison in words, such as ``≥ 6 %``."""
        return self.row(percent=percent).text("en")
