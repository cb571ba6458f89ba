"""The text of a reason: what the catalogue says of its code, with the value and whom it is compared with."""

from __future__ import annotations

import math

from icsml.explain.quantity import quantity
from icsml.features.feature import Feature
from icsml.features.reason_codes import Forms, ReasonCatalogue
from icsml.records.decision import ReasonForm, ReferenceId
from icsml.records.labels import Label

__all__ = ["form_of", "reason_text", "reference_text"]


def form_of(log_odds: float) -> ReasonForm:
    """Return whether a term adds to the risk or takes from it."""
    return "adverse" if log_odds > 0.0 else "favourable"


def reference_text(catalogue: ReasonCatalogue, reference: ReferenceId, median: Label | None = None) -> Label:
    """Return whom reasons compare with, and with which value where one is given."""
    texts = catalogue.references[reference]
    if median is None:
        return texts.without_value
    en, zh = texts.with_value.en, texts.with_value.zh
    return Label(en=en.format(reference_value=median.en), zh=zh.format(reference_value=median.zh))


def reason_text(
    catalogue: ReasonCatalogue, feature: Feature, value: float, log_odds: float, reference: ReferenceId, median: float
) -> Label:
    """Return the text of one reason.

    Parameters
    ----------
    catalogue : ReasonCatalogue
        What the codes say.
    feature : Feature
        The feature.
    value : float
        Its value, NaN where it has none: the text then says so, because "debt is higher" would be untrue of a firm that
        gave no balance sheet.
    log_odds : float
        Its term; above zero is adverse.
    reference : str
        Id of the reference population.
    median : float
        That population's median of the feature, NaN where there is none: the text then compares no value.
    """
    forms = _forms(catalogue, feature, value, log_odds, median)
    text = forms.of(form_of(log_odds))
    seen = None if math.isnan(value) else quantity(value, feature.unit)
    compared = reference_text(catalogue, reference, None if math.isnan(median) else quantity(median, feature.unit))
    return Label(
        en=text.en.format(label=feature.label.en, value=seen.en if seen else "", reference=compared.en),
        zh=text.zh.format(label=feature.label.zh, value=seen.zh if seen else "", reference=compared.zh),
    )


def _forms(catalogue: ReasonCatalogue, feature: Feature, value: float, log_odds: float, median: float) -> Forms:
    if math.isnan(value):
        return catalogue.missing.not_on_file if len(feature.inputs) == 1 else catalogue.missing.not_computable
    unsaid = feature.overridden or feature.code not in catalogue.codes
    if unsaid or _misleads(feature, value, log_odds, median):
        return catalogue.plain
    return catalogue.codes[feature.code]


def _misleads(feature: Feature, value: float, log_odds: float, median: float) -> bool:
    """Tell whether "higher" or "lower" is untrue of the median, or cannot be seen: both read alike, or there is none.

    A term is a mean over the whole population, so its sign does not say on which side of the median the value is.
    """
    if feature.direction.sign == 0:
        return False
    if not (value > median if feature.direction.sign * log_odds > 0.0 else value < median):
        return True
    return quantity(value, feature.unit) == quantity(median, feature.unit)
