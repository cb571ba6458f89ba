"""Values as text by their unit: the same in sentences, in tables and in figures."""

from __future__ import annotations

import math
from collections.abc import Iterable

from icsml.texts.catalogue import phrase
from icsml.texts.quantity import apart, quantity

__all__ = ["shown_beside", "shown_value"]


def shown_value(value: float | None, unit: str, lang: str) -> str:
    """Return a value as a reader expects it.

    Parameters
    ----------
    value : float or None
        None or NaN is not known.
    unit : str
        As a feature or field declares it; ``fraction`` reads in per cent, money in 万元 or millions.
    lang : str
        Language.
    """
    if value is None or not math.isfinite(value):
        return phrase("names.not_known", lang)
    return _signed(quantity(value, unit).text(lang))


def shown_beside(value: float | None, others: Iterable[float], unit: str, lang: str) -> str:
    """Return a value with the digits that distinguish it from each of the others, as in sentences.

    Parameters
    ----------
    value : float or None
        As of :func:`shown_value`.
    others : iterable of float
        What it is compared with: a median, or thresholds.
    unit, lang : str
        As of :func:`shown_value`.
    """
    if value is None or math.isnan(value):
        return phrase("names.not_known", lang)
    apart_from = [pair[0] for other in others if (pair := apart(value, other, unit)) is not None]
    text = max([quantity(value, unit), *apart_from], key=lambda label: len(label.en.partition(".")[2]))
    return _signed(text.text(lang))


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if "e-" not in text else text
