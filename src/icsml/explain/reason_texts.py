"""Texts of reasons, limited to what a value, a median and a term support."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from string import Formatter
from typing import Final

from icsml.features.feature import Feature
from icsml.features.reason_codes import Forms, ReasonCatalogue
from icsml.records.decision import ReasonForm, ReasonKind, ReferenceId
from icsml.texts.catalogue import filled, joined, text
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK
from icsml.texts.quantity import MOST_DIGITS, apart_from_bounds, quantity, quantity_texts

__all__ = ["UNKNOWN", "FeatureTexts", "MissingInformation", "Statement", "form_of", "reference_text", "statement"]


@dataclass(frozen=True, slots=True)
class MissingInformation:
    """Why a feature has no value.

    Parameters
    ----------
    absent : tuple of Label
        Fields absent from the record, by their names.
    bases : tuple of Label
        Clauses that say what is zero or negative where a ratio needs a base above zero, such as "revenue is zero".
    """

    absent: tuple[Label, ...] = ()
    bases: tuple[Label, ...] = ()


UNKNOWN: Final = MissingInformation()
"""Nothing is known of the fields: the feature itself is then named as what was not provided."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The text of a reason by language, and its kind."""

    kind: ReasonKind
    texts: Mapping[str, str]

    @property
    def text(self) -> Label:
        """The text."""
        return Label(**self.texts)


def form_of(log_odds: float) -> ReasonForm:
    """Return whether a term adds to the risk or takes from it."""
    return "adverse" if log_odds > 0.0 else "favourable"


def reference_text(catalogue: ReasonCatalogue, reference: ReferenceId, median: Label | None = None) -> Label:
    """Return the comparison group, as text, with its median where one is given."""
    texts = catalogue.references[reference]
    if median is None:
        return texts.without_value
    return filled(texts.with_value, reference_value=median)


def statement(
    catalogue: ReasonCatalogue,
    feature: Feature,
    value: float,
    log_odds: float,
    reference: ReferenceId,
    median: float,
    *,
    contradicts: bool = False,
    missing: MissingInformation = UNKNOWN,
    outside: Label | None = None,
) -> Statement:
    """Return the statement of one reason; parameters are those of :class:`FeatureTexts` and its ``statement``."""
    texts = FeatureTexts(catalogue, feature, reference, median)
    return texts.statement(value, log_odds, contradicts=contradicts, missing=missing, outside=outside)


class FeatureTexts:
    """The texts of one feature's reasons, prepared but for the value.

    Parameters
    ----------
    catalogue : ReasonCatalogue
        What the codes say.
    feature : Feature
        The feature.
    reference : str
        Id of the reference population.
    median : float
        That population's median of the feature, NaN where there is none.
    """

    def __init__(self, catalogue: ReasonCatalogue, feature: Feature, reference: ReferenceId, median: float) -> None:
        self._catalogue = catalogue
        self._feature = feature
        self._reference = reference
        self._median = median
        self._comparison = catalogue.comparison(feature)
        self._prepared: dict[tuple[ReasonKind, ReasonForm], _Sentence] = {}
        self._medians: list[Mapping[str, str]] = []
        self._same = text("reasons.same").by_language
        self._without_value = lru_cache(maxsize=64)(partial(_without_value, catalogue, feature, reference))

    def statement(
        self,
        value: float,
        log_odds: float,
        *,
        contradicts: bool = False,
        missing: MissingInformation = UNKNOWN,
        outside: Label | None = None,
    ) -> Statement:
        """Return the statement of one reason.

        A comparison is made only where it is true and on the side that the term's sign and the feature's direction
        name. A term is a mean over the whole population, so its sign does not say on which side of the median the value
        is.

        Parameters
        ----------
        value : float
            Its value, NaN where it has none.
        log_odds : float
            Its term; above zero is adverse.
        contradicts : bool
            Whether the feature, taken alone, does the opposite here.
        missing : MissingInformation
            Of a feature without value: why it has none.
        outside : Label, optional
            Why its value is unreliable, as a clause; it is then compared with nothing.
        """
        feature, form = self._feature, form_of(log_odds)
        if math.isnan(value):
            return self._without_value(form, missing)
        if outside is not None:
            value_text = apart_from_bounds(value, feature.range, feature.unit)
            forms = self._catalogue.out_of_range
            return _statement("neutral", forms, form, label=feature.label, value=value_text, why=outside)
        if math.isnan(self._median):
            value_text = quantity(value, feature.unit)
            return _statement("neutral", self._catalogue.unreferenced, form, label=feature.label, value=value_text)
        seen, other, seen_apart = self._apart(value)
        on_its_side = _on_its_side(feature, value, log_odds, self._median, seen_apart=seen_apart)
        neutral = self._comparison is None or contradicts or not on_its_side
        return self._compared("neutral" if neutral else "comparison", form, seen, other)

    def _apart(self, value: float) -> tuple[Mapping[str, str], Mapping[str, str], bool]:
        """Return value and median with enough digits to differ in every language, and whether they do."""
        unit = self._feature.unit
        for more in range(MOST_DIGITS + 1):
            if more == len(self._medians):
                self._medians.append(quantity_texts(self._median, unit, more))
            seen, other = quantity_texts(value, unit, more), self._medians[more]
            if seen.items().isdisjoint(other.items()):  # they differ in every language
                return seen, other, True
        return quantity_texts(value, unit), self._same, False

    def _compared(
        self, kind: ReasonKind, form: ReasonForm, value: Mapping[str, str], reference_value: Mapping[str, str]
    ) -> Statement:
        sentence = self._prepared.get((kind, form))
        if sentence is None:
            forms = self._comparison if kind == "comparison" else None
            template = (forms or self._catalogue.neutral).of(form)
            group = self._catalogue.references[self._reference].with_value
            sentence = self._prepared[kind, form] = _Sentence(template, self._feature.label, group)
        return Statement(kind, sentence.filled({"value": value, "reference_value": reference_value}))


class _Sentence:
    """A text of a reason with the feature's name and the reference group filled in, open for two values.

    Parameters
    ----------
    template : Label
        Text with ``{label}``, ``{value}`` and ``{reference}``.
    label : Label
        Name of the feature.
    reference : Label
        The reference group, with ``{reference_value}``.
    """

    def __init__(self, template: Label, label: Label, reference: Label) -> None:
        self._parts = [
            (language, *_formatted(_pieces(template.text(language), language, label, reference)))
            for language in template.languages
        ]

    def filled(self, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Return the text by language, from each value by language."""
        return {
            language: words % tuple([values[name][spoken] for name, spoken in holes])
            for language, words, holes in self._parts
        }


def _formatted(pieces: Sequence[_Piece]) -> tuple[str, list[tuple[str, str]]]:
    """Return words with a ``%s`` for each value, and the values' names and languages."""
    words = "".join([piece.replace("%", "%%") if isinstance(piece, str) else "%s" for piece in pieces])
    return words, [piece for piece in pieces if not isinstance(piece, str)]


_Piece = str | tuple[str, str]
"""Words, or a value's name and language."""


def _pieces(template: str, language: str, label: Label, reference: Label) -> list[_Piece]:
    pieces: list[_Piece] = []
    for words, name, _, _ in Formatter().parse(template):
        pieces.append(words)
        if name == "label":
            pieces.append(label.text(language))
        elif name == "reference":
            spoken = language if language in reference.languages else FALLBACK
            pieces += _pieces(reference.text(language), spoken, label, reference)
        elif name is not None:
            pieces.append((name, language))
    return pieces


def _without_value(
    catalogue: ReasonCatalogue, feature: Feature, group: ReferenceId, form: ReasonForm, missing: MissingInformation
) -> Statement:
    label, reference = feature.label, reference_text(catalogue, group)
    if missing.bases and not missing.absent:
        bases, forms = joined(missing.bases, "and"), catalogue.missing.not_computable
        return _statement("not_computable", forms, form, label=label, bases=bases, reference=reference)
    fields, forms = joined(missing.absent or (label,), "comma"), catalogue.missing.not_provided
    it = text(f"reasons.pronoun.{'several' if len(missing.absent) > 1 else 'one'}")
    if len(feature.inputs) == 1:  # the field is the feature, and is named already
        forms = Forms(adverse=_without_label(forms.adverse), favourable=_without_label(forms.favourable))
    return _statement("not_provided", forms, form, label=label, fields=fields, it=it, reference=reference)


def _without_label(template: Label) -> Label:
    """Return a template without the feature's name in brackets, ASCII or full-width ones."""
    return Label(
        **{
            language: template.text(language).replace(" ({label})", "").replace("（{label}）", "")
            for language in template.languages
        }
    )


def _on_its_side(feature: Feature, value: float, log_odds: float, median: float, *, seen_apart: bool) -> bool:
    """Return whether the displayed value is on the side of the median that its code's text names."""
    if feature.direction.sign == 0:  # a signed text names no side
        return True
    if not seen_apart:
        return False
    return value > median if feature.direction.sign * log_odds > 0.0 else value < median


def _statement(kind: ReasonKind, forms: Forms, form: ReasonForm, **parts: Label) -> Statement:
    return Statement(kind, filled(forms.of(form), **parts).by_language)
