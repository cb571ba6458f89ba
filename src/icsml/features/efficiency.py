"""Efficiency: revenue relative to assets and costs."""

from __future__ import annotations

from icsml.core.arithmetic import ratio, scale
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "asset_turnover", "cost_to_revenue", "inventory_days", "receivable_days"]

_EFFICIENCY = Group("efficiency", "EFF")
_DAYS = 365.0


@_EFFICIENCY.feature(
    1,
    label=Label(en="Days of receivables", zh="应收账款周转天数"),
    direction=Direction.RAISES_RISK,
    unit="days",
    plausible=(0.0, 1500.0),
    basis=Label(
        en="Slow collection ties up cash and hides bad debts; Altman, Sabato and Wilson 2010 (trade debtors)",
        zh="回款慢占用资金并掩盖坏账；Altman, Sabato and Wilson 2010（应收账款）",
    ),
)
def receivable_days(receivables_cny: Floats, revenue_cny: Floats) -> Floats:
    """365 x receivables / operating revenue."""
    return scale(ratio(receivables_cny, revenue_cny), _DAYS)


@_EFFICIENCY.feature(
    2,
    label=Label(en="Days of inventory", zh="存货周转天数"),
    direction=Direction.FREE,
    unit="days",
    plausible=(0.0, 2000.0),
    basis=Label(
        en="Free: unsold goods and a lack of goods are both warnings, and trades differ",
        zh="不作约束：积压与缺货都是预警，且各行业不同",
    ),
)
def inventory_days(inventory_cny: Floats, operating_cost_cny: Floats) -> Floats:
    """365 x inventory / cost of sales."""
    return scale(ratio(inventory_cny, operating_cost_cny), _DAYS)


@_EFFICIENCY.feature(
    3,
    label=Label(en="Asset turnover", zh="总资产周转率"),
    direction=Direction.FREE,
    unit="times",
    plausible=(0.0, 20.0),
    basis=Label(
        en="Free: depends on the industry (left out of Altman's later scores for that reason)",
        zh="不作约束：取决于行业（Altman 后期模型因此剔除）",
    ),
)
def asset_turnover(revenue_cny: Floats, total_assets_cny: Floats) -> Floats:
    """Operating revenue / total assets."""
    return ratio(revenue_cny, total_assets_cny)


@_EFFICIENCY.feature(
    4,
    label=Label(en="Cost to revenue", zh="成本费用率"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 3.0),
    basis=Label(en="The margin seen from the cost side; Altman 1968", zh="从成本端看利润率；Altman 1968"),
)
def cost_to_revenue(total_cost_cny: Floats, revenue_cny: Floats) -> Floats:
    """Total cost and expense / operating revenue."""
    return ratio(total_cost_cny, revenue_cny)


FEATURES: tuple[Feature, ...] = (receivable_days, inventory_days, asset_turnover, cost_to_revenue)
