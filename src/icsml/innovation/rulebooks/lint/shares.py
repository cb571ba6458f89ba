"""Which fields are parts of others, and which ratios are shares."""

from __future__ import annotations

from typing import Final

from icsml.innovation.rulebooks.value_functions import FieldValue, Ratio, Unit, Value
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.screening import PARTS

__all__ = ["COMMON", "contains", "never_above_one", "within_one"]

COMMON: Final = (
    ("rd_expense_cny", "revenue_cny"),
    ("rd_expense_cny", "main_revenue_cny"),
    ("rd_expense_cny", "total_cost_cny"),
    ("tech_contract_turnover_cny", "revenue_cny"),
    ("tech_contract_turnover_cny", "main_revenue_cny"),
    ("net_profit_cny", "revenue_cny"),
    ("net_profit_cny", "equity_cny"),
    ("net_profit_cny", "total_assets_cny"),
    ("operating_profit_cny", "revenue_cny"),
    ("graduates_hired", "staff_total"),
    ("leading_talents", "staff_total"),
    ("patent_citations", "ip_class1"),
)
"""Ratios that nobody forms the other way round."""
_MULTIPLES: Final = ("patent_citations",)
"""Numerators that are many times their denominator as a rule."""


def within_one(value: Value) -> bool:
    """Return whether a value cannot exceed 1: a share by its definition, or a part over its whole."""
    if isinstance(value, FieldValue):
        high = FIELD_BY_NAME[value.field].high
        return high is not None and high <= 1
    if not isinstance(value, Ratio):
        return False
    over, under = value.numerator, value.denominator
    return isinstance(over, FieldValue) and isinstance(under, FieldValue) and contains(under.field, over.field)


def never_above_one(value: Value) -> bool:
    """Return whether no rulebook should require more than 1, though a firm may have it, such as R&D to sales."""
    if not isinstance(value, Ratio) or value.unit is not Unit.FRACTION:
        return False
    over, under = value.numerator.fields, value.denominator.fields
    return all(any(_smaller(part, whole) for whole in under) for part in over)


def _smaller(part: str, whole: str) -> bool:
    return part not in _MULTIPLES and ((part, whole) in COMMON or contains(whole, part))


def contains(whole: str, part: str) -> bool:
    """Return whether one field contains another as a part, directly or by steps."""
    return any(member == part and (over == whole or contains(whole, over)) for member, over in PARTS)
