"""Profitability: profit relative to sales and assets."""

from __future__ import annotations

from icsml.core.arithmetic import ratio, subtract
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "gross_margin", "operating_margin", "return_on_assets", "return_on_equity"]

_PROFITABILITY = Group("profitability", "PRF")


@_PROFITABILITY.feature(
    1,
    label=Label(en="Return on assets", zh="总资产净利率"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-1.0, 1.0),
    basis=Label(en="Beaver 1966; Altman 1968; Ohlson 1980", zh="Beaver 1966；Altman 1968；Ohlson 1980"),
)
def return_on_assets(net_profit_cny: Floats, total_assets_cny: Floats) -> Floats:
    """Net profit / total assets."""
    return ratio(net_profit_cny, total_assets_cny)


@_PROFITABILITY.feature(
    2,
    label=Label(en="Operating margin", zh="营业利润率"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-2.0, 1.0),
    basis=Label(en="Altman 1968 (earnings before interest and tax)", zh="Altman 1968（息税前利润）"),
)
def operating_margin(operating_profit_cny: Floats, revenue_cny: Floats) -> Floats:
    """Operating profit / operating revenue."""
    return ratio(operating_profit_cny, revenue_cny)


@_PROFITABILITY.feature(
    3,
    label=Label(en="Gross margin", zh="毛利率"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(-1.0, 1.0),
    basis=Label(
        en="Free: its normal level is set by the trade, not by the quality of the firm",
        zh="不作约束：正常水平取决于行业，而非企业优劣",
    ),
)
def gross_margin(revenue_cny: Floats, operating_cost_cny: Floats) -> Floats:
    """(Operating revenue - cost of sales) / operating revenue."""
    return ratio(subtract(revenue_cny, operating_cost_cny), revenue_cny)


@_PROFITABILITY.feature(
    4,
    label=Label(en="Return on equity (ROE)", zh="净资产收益率（ROE）"),
    direction=Direction.FREE,
    unit="fraction",
    plausible=(-3.0, 3.0),
    basis=Label(
        en="Free: a thin equity lifts it as much as a good year does; no value where equity is zero or below",
        zh="不作约束：净资产薄与经营好都会使其升高；净资产为零或为负时不取值",
    ),
)
def return_on_equity(net_profit_cny: Floats, equity_cny: Floats) -> Floats:
    """Net profit / owners' equity."""
    return ratio(net_profit_cny, equity_cny)


FEATURES: tuple[Feature, ...] = (return_on_assets, operating_margin, gross_margin, return_on_equity)
