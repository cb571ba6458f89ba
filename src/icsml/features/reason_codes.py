"""Texts of reason codes: the catalogue ``configs/policy/reasons.yaml``, checked against the features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from icsml.core.paths import configs_dir
from icsml.core.yaml import load_model
from icsml.errors import ConfigError
from icsml.features.catalogue import CATALOGUE
from icsml.features.feature import EXTRA_CODE_PREFIX, Feature
from icsml.records.decision import ReasonForm, ReferenceId
from icsml.records.direction import Direction
from icsml.records.extra import EXTRA_PREFIX
from icsml.texts.label import Label

__all__ = ["Forms", "MissingTexts", "ReasonCatalogue", "ReferenceTexts", "load_reason_catalogue", "of_older_bundle"]

_ERROR: Final = "ICS-FEA-008"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Forms(_Part):
    """A text for a term that adds to the risk, and one for a term that takes from it.

    Parameters
    ----------
    adverse, favourable : Label
        The two texts.
    signed_by : str, optional
        Who answers for the texts; without it a code's texts are not used for a feature of free direction.
    """

    adverse: Label
    favourable: Label
    signed_by: Annotated[str, Field(pattern=r"\S", max_length=200)] | None = None

    def of(self, form: ReasonForm) -> Label:
        """Return the text of a form."""
        return self.adverse if form == "adverse" else self.favourable

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, of either form and of every language."""
        return (*self.adverse.texts, *self.favourable.texts)


class ReferenceTexts(_Part):
    """Texts that name a reference population, with its median of the feature or without one."""

    with_value: Label
    without_value: Label


class MissingTexts(_Part):
    """The texts of a feature without value: a field was not provided, or a ratio has no base."""

    not_provided: Forms
    not_computable: Forms


class ReasonCatalogue(_Part):
    """The texts of reasons, and the number allowed to the applicant.

    Parameters
    ----------
    format : int
        2.
    adverse_reasons : int
        At most so many adverse reasons are given to the applicant.
    adverse_at_least : float
        Log-odds that an adverse reason adds at least; 0, as in a catalogue that does not say, lets any be given.
    adverse_coverage_at_least : float
        Share of the positive log-odds that the adverse reasons given must cover; below it the decision is referred. 0,
        as in a catalogue that does not say, refers none.
    free_features : {'neutral', 'signed'}
        Whether a model may be champion with features of free direction that have no signed text.
    merge_above : float or None
        Rank correlation from which features of one group become one reason; None keeps them apart.
    references : mapping of str to ReferenceTexts
        By id of the reference population.
    missing : MissingTexts
        For a feature without value.
    neutral : Forms
        Value and reference, and that the model places the risk there: for whatever cannot be stated as a comparison.
    unreferenced : Forms
        The same where no value is known to compare with.
    out_of_range : Forms
        The same of a value that is out of range, or made of what is: it is compared with nothing.
    codes : mapping of str to Forms
        By reason code; every feature with a direction has one.
    """

    format: Literal[2]
    adverse_reasons: Annotated[int, Field(ge=1, le=20)]
    adverse_at_least: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    adverse_coverage_at_least: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    free_features: Literal["neutral", "signed"] = "neutral"
    merge_above: Annotated[float, Field(gt=0.0, le=1.0)] | None
    references: Mapping[ReferenceId, ReferenceTexts]
    missing: MissingTexts
    neutral: Forms
    unreferenced: Forms
    out_of_range: Forms
    codes: Mapping[str, Forms]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        absent = [name for name in get_args(ReferenceId) if name not in self.references]
        if absent:
            raise ValueError(f"references: {absent[0]} is not named; add its texts")
        for name, words in self.references.items():
            _check(f"references.{name}.with_value", words.with_value.texts, {"reference_value"})
            _check(f"references.{name}.without_value", words.without_value.texts, set())
        _check("missing.not_provided", self.missing.not_provided.texts, {"fields"}, may={"label", "reference", "it"})
        _check("missing.not_computable", self.missing.not_computable.texts, {"label", "bases"}, may={"reference"})
        _check("neutral", self.neutral.texts, {"label", "value", "reference"})
        _check("unreferenced", self.unreferenced.texts, {"label", "value"})
        _check("out_of_range", self.out_of_range.texts, {"label", "value", "why"})
        for code, forms in self.codes.items():
            _check(f"codes.{code}", forms.texts, {"value", "reference"}, may={"label"})
        return self

    def for_features(self, features: Iterable[Feature]) -> ReasonCatalogue:
        """Return the catalogue with only the entries that these features need."""
        needed = {feature.code for feature in features}
        kept = {code: forms for code, forms in self.codes.items() if code in needed}
        return self.model_copy(update={"codes": kept})

    def comparison(self, feature: Feature) -> Forms | None:
        """Return the texts for a feature's code; None where only the neutral one is honest.

        A direction that was set for one model may be the opposite of the one that the code's texts speak of, and of a
        free feature the worse side is unknown unless somebody signed for it.
        """
        forms = self.codes.get(feature.code)
        if forms is None or feature.overridden or (feature.direction is Direction.FREE and forms.signed_by is None):
            return None
        return forms

    def lacks(self, features: Iterable[Feature]) -> list[str]:
        """Return the codes of canonical features with a direction that have no entry."""
        return [f.code for f in features if _needs_text(f) and f.code not in self.codes]

    def unsigned(self, features: Iterable[Feature]) -> list[str]:
        """Return the features that keep a model from being champion: free, without a signed text."""
        if self.free_features == "neutral":
            return []
        return [f.name for f in features if f.direction is Direction.FREE and self.comparison(f) is None]


def _needs_text(feature: Feature) -> bool:
    extra = feature.name.startswith(EXTRA_PREFIX)
    return not (extra or feature.overridden or feature.direction is Direction.FREE)


def of_older_bundle(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an older bundle's catalogue in the present format.

    The texts of format 1 for missing values and for what cannot be compared said "adds to the risk" of values better
    than the median, so they give way to the present ones; its texts of codes are kept. Texts that there were not yet
    are added.
    """
    present = _shipped().model_dump(include={"unreferenced", "out_of_range"})
    if stated.get("format") != 1:
        return present | dict(stated)
    present |= _shipped().model_dump(include={"format", "missing", "neutral"})
    return {key: value for key, value in stated.items() if key != "plain"} | present


def load_reason_catalogue(path: Path | None = None) -> ReasonCatalogue:
    """Read a catalogue of reasons, the shipped one if no path is given.

    Raises
    ------
    MissingError
        ``ICS-FEA-008`` if there is no such file.
    ConfigError
        ``ICS-FEA-008`` if it is not valid, lacks a code of the features catalogue or has one that is none.
    """
    return _shipped() if path is None else _load(path)


@cache
def _shipped() -> ReasonCatalogue:
    return _load(configs_dir() / "policy" / "reasons.yaml")


def _load(path: Path) -> ReasonCatalogue:
    catalogue = load_model(path, ReasonCatalogue, code=_ERROR)
    known = {feature.code for feature in CATALOGUE}
    _refuse(path, catalogue.lacks(CATALOGUE), "this reason code has no entry", "add its texts")
    foreign = [code for code in catalogue.codes if code not in known and not code.startswith(EXTRA_CODE_PREFIX)]
    _refuse(path, foreign, "no feature has this code", "take it out")
    return catalogue


def _refuse(path: Path, codes: Sequence[str], message: str, remedy: str) -> None:
    if codes:
        raise ConfigError(
            _ERROR,
            message,
            field=f"{path}: codes.{codes[0]}",
            remedy=remedy,
            details=[(f"codes.{code}", message) for code in codes],
        )


def _check(where: str, texts: Iterable[str], must: set[str], may: Iterable[str] = ()) -> None:
    """Reject a text with an unknown placeholder, or without one that the reader needs."""
    for text in texts:
        parts: set[str] = set()
        for _, name, spec, conversion in Formatter().parse(text):  # a brace that does not close is a ValueError
            if name is None:
                continue
            if spec or conversion or name not in must | set(may):
                raise ValueError(f"{where}: placeholder {{{name}}} is not known here; use {_named(must | set(may))}")
            parts.add(name)
        if must - parts:
            raise ValueError(f"{where}: a text lacks {_named(must - parts)}")


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"
