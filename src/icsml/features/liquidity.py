"""Liquidity: ability to pay what falls due soon."""

from __future__ import annotations

from icsml.core.arithmetic import ratio, subtract
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "cash_ratio", "current_ratio", "quick_ratio"]

_LIQUIDITY = Group("liquidity", "LIQ")


@_LIQUIDITY.feature(
    1,
    label=Label(en="Current ratio", zh="流动比率"),
    direction=Direction.LOWERS_RISK,
    unit="times",
    plausible=(0.0, 50.0),
    basis=Label(en="Beaver 1966; Ohlson 1980", zh="Beaver 1966；Ohlson 1980"),
)
def current_ratio(current_assets_cny: Floats, current_liabilities_cny: Floats) -> Floats:
    """All current assets / current liabilities."""
    return ratio(current_assets_cny, current_liabilities_cny)


@_LIQUIDITY.feature(
    2,
    label=Label(en="Quick ratio", zh="速动比率"),
    direction=Direction.LOWERS_RISK,
    unit="times",
    plausible=(0.0, 50.0),
    basis=Label(en="Beaver 1966; Altman and Sabato 2007", zh="Beaver 1966；Altman and Sabato 2007"),
)
def quick_ratio(current_assets_cny: Floats, inventory_cny: Floats, current_liabilities_cny: Floats) -> Floats:
    """(All current assets - inventory) / current liabilities."""
    return ratio(subtract(current_assets_cny, inventory_cny), current_liabilities_cny)


@_LIQUIDITY.feature(
    3,
    label=Label(en="Cash ratio", zh="现金比率"),
    direction=Direction.LOWERS_RISK,
    unit="times",
    plausible=(0.0, 20.0),
    basis=Label(
        en="Beaver 1966; Altman and Sabato 2007 (cash to assets)",
        zh="Beaver 1966；Altman and Sabato 2007（现金与总资产之比）",
    ),
)
def cash_ratio(cash_cny: Floats, current_liabilities_cny: Floats) -> Floats:
    """Cash / current liabilities."""
    return ratio(cash_cny, current_liabilities_cny)


FEATURES: tuple[Feature, ...] = (current_ratio, quick_ratio, cash_ratio)
