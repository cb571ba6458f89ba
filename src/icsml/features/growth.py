"""Growth from one year to the next."""

from __future__ import annotations

from icsml.core.arithmetic import growth, ratio, subtract
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "asset_growth", "profit_change_to_assets", "revenue_growth"]

_GROWTH = Group("growth", "GRO")


@_GROWTH.feature(
    1,
    label=Label(en="Revenue growth", zh="营业收入增长率"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(-1.0, 10.0),
    basis=Label(en="Free: both a collapse and a rush are risky", zh="不作约束：骤降与骤增均有风险"),
)
def revenue_growth(revenue_cny: Floats, revenue_prev_cny: Floats) -> Floats:
    """(Operating revenue - year before) / year before."""
    return growth(revenue_cny, revenue_prev_cny)


@_GROWTH.feature(
    2,
    label=Label(en="Asset growth", zh="总资产增长率"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(-1.0, 10.0),
    basis=Label(
        en="Free: expansion may be strength, or borrowing ahead of sales",
        zh="不作约束：扩张可能是实力，也可能是举债先于销售",
    ),
)
def asset_growth(total_assets_cny: Floats, total_assets_prev_cny: Floats) -> Floats:
    """(Total assets - year before) / year before."""
    return growth(total_assets_cny, total_assets_prev_cny)


@_GROWTH.feature(
    3,
    label=Label(en="Change of net profit to assets", zh="净利润变动与总资产之比"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-1.0, 1.0),
    basis=Label(
        en="Ohlson 1980 (change in net income). Over assets, because a loss has no growth rate",
        zh="Ohlson 1980（净利润变动）；以总资产为分母，因亏损无增长率可言",
    ),
)
def profit_change_to_assets(net_profit_cny: Floats, net_profit_prev_cny: Floats, total_assets_cny: Floats) -> Floats:
    """(Net profit - year before) / total assets."""
    return ratio(subtract(net_profit_cny, net_profit_prev_cny), total_assets_cny)


FEATURES: tuple[Feature, ...] = (revenue_growth, asset_growth, profit_change_to_assets)
