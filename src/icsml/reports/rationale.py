"""Rationale of a feature's direction, in the language of the page."""

from __future__ import annotations

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.features.encoder import DirectionOverride
from icsml.features.feature import Feature
from icsml.reports.naming import value_name
from icsml.texts.catalogue import phrase

__all__ = ["rationale"]


def rationale(feature: Feature, override: DirectionOverride | None, lang: str) -> str:
    """Return why a feature has the direction it has.

    Parameters
    ----------
    feature : Feature
        As the model has it.
    override : DirectionOverride, optional
        The other direction that was set for this model; its reason is in the words of whoever set it.
    lang : str
        Language.
    """
    known = FEATURE_BY_NAME.get(feature.name)
    if override is not None:
        declared = value_name(str(known.direction), lang) if known else phrase("report.direction_of_the_data_set", lang)
        return phrase("report.direction_set", lang, declared=declared, reason=override.reason)
    if known is None:
        return phrase("report.declared_with_data", lang)
    return phrase(f"report.basis.{feature.name}", lang)
