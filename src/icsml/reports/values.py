"""How values read: by their unit, and the same in tables and in drawings."""

from __future__ import annotations

import math

from icsml.reports.wording import Lang, phrase

__all__ = ["shown_value"]


def shown_value(value: float | None, unit: str, lang: Lang) -> str:
    """Return a value as a reader expects it.

    Parameters
    ----------
    value : float or None
        None or NaN is not known.
    unit : str
        As a feature or field declares it; ``fraction`` reads in per cent.
    lang : {'en', 'zh'}
        Language.
    """
    if value is None or math.isnan(value):
        return phrase("not_known", lang)
    if unit == "fraction":
        return _signed(f"{100.0 * value:,.1f}%")
    if value == int(value) and abs(value) < 1e15:
        return _signed(f"{value:,.0f}")
    if abs(value) >= 1e6:
        return _signed(f"{value:,.0f}")
    return _signed(f"{value:,.2f}" if abs(value) >= 100 else f"{value:.3g}")


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if "e" not in text else text
