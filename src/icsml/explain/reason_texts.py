"""The text of a reason: what may be said of a value, a median and a term, and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from icsml.features.feature import Feature
from icsml.features.reason_codes import Forms, ReasonCatalogue
from icsml.records.decision import ReasonForm, ReasonKind, ReferenceId
from icsml.texts.label import Label
from icsml.texts.quantity import apart, apart_from_bounds, quantity

__all__ = ["UNKNOWN", "Statement", "Want", "form_of", "reference_text", "statement"]

_IT: Final = Label(en="it", zh="该项")
_THEM: Final = Label(en="them", zh="上述数据")
_SAME: Final = Label(en="the same", zh="相同")


@dataclass(frozen=True, slots=True)
class Want:
    """Why a feature has no value.

    Parameters
    ----------
    absent : tuple of Label
        Fields that the record does not hold, by their names.
    bases : tuple of Label
        Clauses that say what is zero or negative where a ratio needs a base above zero, such as "revenue is zero".
    """

    absent: tuple[Label, ...] = ()
    bases: tuple[Label, ...] = ()


UNKNOWN: Final = Want()
"""Nothing is known of the fields: the feature itself is then named as what was not provided."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of one feature of one row, and of what kind it is."""

    kind: ReasonKind
    text: Label


def form_of(log_odds: float) -> ReasonForm:
    """Return whether a term adds to the risk or takes from it."""
    return "adverse" if log_odds > 0.0 else "favourable"


def reference_text(catalogue: ReasonCatalogue, reference: ReferenceId, median: Label | None = None) -> Label:
    """Return whom reasons compare with, and with which value where one is given."""
    texts = catalogue.references[reference]
    if median is None:
        return texts.without_value
    return _filled(texts.with_value, reference_value=median)


def statement(
    catalogue: ReasonCatalogue,
    feature: Feature,
    value: float,
    log_odds: float,
    reference: ReferenceId,
    median: float,
    *,
    contradicts: bool = False,
    want: Want = UNKNOWN,
    outside: Label | None = None,
) -> Statement:
    """Return what is said of one reason.

    A comparison is told only where it is true and on the side that the term's sign and the feature's direction name. A
    term is a mean over the whole population, so its sign does not say on which side of the median the value is.

    Parameters
    ----------
    catalogue : ReasonCatalogue
        What the codes say.
    feature : Feature
        The feature.
    value : float
        Its value, NaN where it has none.
    log_odds : float
        Its term; above zero is adverse.
    reference : str
        Id of the reference population.
    median : float
        That population's median of the feature, NaN where there is none.
    contradicts : bool
        Whether the feature, taken alone, does the opposite here.
    want : Want
        Of a feature without value: why it has none.
    outside : Label, optional
        What makes its value one that says nothing, as a clause; it is then compared with nothing.
    """
    form = form_of(log_odds)
    if math.isnan(value):
        return _without_value(catalogue, feature, form, reference_text(catalogue, reference), want)
    seen, other = _values(value, median, feature.unit)
    if outside is not None:
        seen = apart_from_bounds(value, feature.range, feature.unit)
        return _told("neutral", catalogue.out_of_range, form, label=feature.label, value=seen, why=outside)
    if other is None:
        return _told("neutral", catalogue.unreferenced, form, label=feature.label, value=seen)
    compared = reference_text(catalogue, reference, other)
    forms = catalogue.comparison(feature)
    if forms is None or contradicts or not _on_its_side(feature, value, log_odds, median, other):
        return _told("neutral", catalogue.neutral, form, label=feature.label, value=seen, reference=compared)
    return _told("comparison", forms, form, label=feature.label, value=seen, reference=compared)


def _without_value(
    catalogue: ReasonCatalogue, feature: Feature, form: ReasonForm, reference: Label, want: Want
) -> Statement:
    if want.bases and not want.absent:
        bases = _joined(want.bases, " and ", "、")
        forms = catalogue.missing.not_computable
        return _told("not_computable", forms, form, label=feature.label, bases=bases, reference=reference)
    fields = _joined(want.absent or (feature.label,), ", ", "、")
    forms = catalogue.missing.not_provided
    it = _THEM if len(want.absent) > 1 else _IT
    if len(feature.inputs) == 1:  # the field is the feature: its name is said
        forms = _without_label(forms)
    return _told("not_provided", forms, form, label=feature.label, fields=fields, it=it, reference=reference)


def _without_label(forms: Forms) -> Forms:
    return forms.model_copy(update={"adverse": _bare(forms.adverse), "favourable": _bare(forms.favourable)})


def _bare(text: Label) -> Label:
    return Label(en=text.en.replace(" ({label})", ""), zh=text.zh.replace("（{label}）", ""))


def _values(value: float, median: float, unit: str) -> tuple[Label, Label | None]:
    """Return a value and the median, with the digits it takes to tell them apart."""
    if math.isnan(median):
        return quantity(value, unit), None
    return apart(value, median, unit) or (quantity(value, unit), _SAME)


def _on_its_side(feature: Feature, value: float, log_odds: float, median: float, other: Label) -> bool:
    """Tell whether the value is seen to lie on the side of the median that the text of its code names."""
    if feature.direction.sign == 0:  # a signed text names no side
        return True
    if other is _SAME:
        return False
    return value > median if feature.direction.sign * log_odds > 0.0 else value < median


def _told(kind: ReasonKind, forms: Forms, form: ReasonForm, **parts: Label) -> Statement:
    return Statement(kind, _filled(forms.of(form), **parts))


def _filled(text: Label, **parts: Label) -> Label:
    return Label(
        en=text.en.format(**{name: part.en for name, part in parts.items()}),
        zh=text.zh.format(**{name: part.zh for name, part in parts.items()}),
    )


def _joined(labels: tuple[Label, ...], en: str, zh: str) -> Label:
    return Label(en=en.join(label.en for label in labels), zh=zh.join(label.zh for label in labels))
