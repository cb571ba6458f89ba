"""Texts of reasons, limited to what a value, a median and a term support."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from icsml.features.feature import Feature
from icsml.features.reason_codes import Forms, ReasonCatalogue
from icsml.records.decision import ReasonForm, ReasonKind, ReferenceId
from icsml.texts.catalogue import filled, joined, text
from icsml.texts.label import Label
from icsml.texts.quantity import apart, apart_from_bounds, quantity

__all__ = ["UNKNOWN", "MissingInformation", "Statement", "form_of", "reference_text", "statement"]


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
    """The text of a reason, and its kind."""

    kind: ReasonKind
    text: Label


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
    """Return the statement of one reason.

    A comparison is made only where it is true and on the side that the term's sign and the feature's direction name. A
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
    missing : MissingInformation
        Of a feature without value: why it has none.
    outside : Label, optional
        Why its value is unreliable, as a clause; it is then compared with nothing.
    """
    form = form_of(log_odds)
    if math.isnan(value):
        return _without_value(catalogue, feature, form, reference_text(catalogue, reference), missing)
    if outside is not None:
        value_text = apart_from_bounds(value, feature.range, feature.unit)
        return _statement("neutral", catalogue.out_of_range, form, label=feature.label, value=value_text, why=outside)
    if math.isnan(median):
        value_text = quantity(value, feature.unit)
        return _statement("neutral", catalogue.unreferenced, form, label=feature.label, value=value_text)
    differing = apart(value, median, feature.unit)
    value_text, other = differing or (quantity(value, feature.unit), text("reasons.same"))
    compared = reference_text(catalogue, reference, other)
    forms, seen_apart = catalogue.comparison(feature), differing is not None
    if forms is None or contradicts or not _on_its_side(feature, value, log_odds, median, seen_apart=seen_apart):
        return _statement("neutral", catalogue.neutral, form, label=feature.label, value=value_text, reference=compared)
    return _statement("comparison", forms, form, label=feature.label, value=value_text, reference=compared)


def _without_value(
    catalogue: ReasonCatalogue, feature: Feature, form: ReasonForm, reference: Label, missing: MissingInformation
) -> Statement:
    label = feature.label
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
    return Statement(kind, filled(forms.of(form), **parts))
