"""Ratios and growth rates that are upside down, or of a thing with itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.lint.shares import COMMON, contains
from icsml.innovation.rulebooks.value_functions import FieldValue, Growth, Ratio, Sum, Value

__all__ = ["ratio_faults"]

_DOUBTFUL: Final = (("total_liabilities_cny", "total_assets_cny"), ("total_liabilities_cny", "equity_cny"))
"""Ratios that are rarely formed the other way round."""
_STAFF: Final = {"staff_total", "staff_st", "staff_rd", "staff_postgraduate"}
_RIGHTS: Final = {
    "ip_class1",
    "ip_class2",
    "ip_class1_self_developed",
    "ip_class1_high_value",
    "invention_applications",
}


def ratio_faults(key: Key, value: Value) -> Iterator[Fault]:
    """Return faults in the two sides of a ratio or a growth rate.

    Parameters
    ----------
    key : tuple of str and int
        Key of the value.
    value : Value
        What is measured; anything but a ratio or a growth rate has no sides.
    """
    if isinstance(value, Ratio):
        yield from _ratio(key, value)
    elif isinstance(value, Growth):
        yield from _growth(key, value)


def _ratio(key: Key, value: Ratio) -> Iterator[Fault]:
    over, under = value.numerator, value.denominator
    if over == under:
        yield Fault(
            "ICS-RUL-029", (*key, "denominator"), f"{_name(over)} is divided by itself", "name what it is a share of"
        )
    elif _upside_down(over, under):
        yield _swapped(key, over, under)
    elif (_name(under), _name(over)) in _DOUBTFUL:
        yield _swapped(key, over, under, warning=True)


def _swapped(key: Key, over: FieldValue | Sum, under: FieldValue | Sum, *, warning: bool = False) -> Fault:
    message = f"{_name(over)} is divided by {_name(under)}: numerator and denominator look swapped"
    remedy = f"write numerator: {_name(under)}, denominator: {_name(over)}"
    remedy = f"leave it if so meant, else {remedy}" if warning else remedy
    return Fault("ICS-RUL-029", (*key, "numerator"), message, remedy, warning=warning)


def _upside_down(over: FieldValue | Sum, under: FieldValue | Sum) -> bool:
    if set(over.fields) <= _STAFF and set(under.fields) <= _RIGHTS:
        return True
    if isinstance(over, Sum) or isinstance(under, Sum):
        return False
    return contains(over.field, under.field) or (under.field, over.field) in COMMON


def _growth(key: Key, value: Growth) -> Iterator[Fault]:
    now, before = value.now, value.before
    if now == before:
        yield Fault("ICS-RUL-029", (*key, "before"), f"{_name(now)} is compared with itself", "name the year before")
    elif any(_earlier(name) in value.now.fields for name in before.fields):
        remedy = f"write now: {_name(before)}, before: {_name(now)}"
        yield Fault("ICS-RUL-029", (*key, "now"), "now and before are swapped: the year before stands as now", remedy)


def _earlier(name: str) -> str:
    """Return the field of the year before."""
    return f"{name.removesuffix('_cny')}_prev_cny"


def _name(quantity: FieldValue | Sum) -> str:
    return (
        quantity.field if isinstance(quantity, FieldValue) else f"{{kind: sum, fields: [{', '.join(quantity.fields)}]}}"
    )
