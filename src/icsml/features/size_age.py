"""Size and age of the enterprise, and of the statements that describe it.

Amounts stay in yuan, without a logarithm: trees split on order alone, and a reason that shows 41 million yuan can be
read.
"""

from __future__ import annotations

from icsml.core.arithmetic import age, known
from icsml.core.arrays import Dates, Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "firm_age", "revenue", "staff", "statement_age", "total_assets"]

_SIZE = Group("size_age", "SIZ")
_YEAR = 365.25
_MONTH = 30.4375


@_SIZE.feature(
    1,
    label=Label(en="Total assets", zh="资产总额"),
    direction=Direction.LOWERS_RISK,
    unit="CNY",
    plausible=(0.0, 1e13),
    basis=Label(
        en="Ohlson 1980 (size); all ratios equal, a larger balance sheet absorbs more",
        zh="Ohlson 1980（规模）；其他比率相同时，资产规模大者承受力更强",
    ),
)
def total_assets(total_assets_cny: Floats) -> Floats:
    """Total assets, in yuan."""
    return known(total_assets_cny)


@_SIZE.feature(
    2,
    label=Label(en="Operating revenue", zh="营业收入"),
    direction=Direction.FREE,
    unit="CNY",
    plausible=(0.0, 1e13),
    basis=Label(
        en="Free: given assets, it is turnover, whose good level depends on the trade",
        zh="不作约束：资产既定时即为周转，其合理水平取决于行业",
    ),
)
def revenue(revenue_cny: Floats) -> Floats:
    """Operating revenue, in yuan."""
    return known(revenue_cny)


@_SIZE.feature(
    3,
    label=Label(en="Staff", zh="职工总数"),
    direction=Direction.FREE,
    unit="persons",
    plausible=(0.0, 1e6),
    basis=Label(
        en="Free: size by people differs by trade, and a payroll is also a burden",
        zh="不作约束：人员规模因行业而异，薪酬同时也是负担",
    ),
)
def staff(staff_total: Floats) -> Floats:
    """Persons on the staff."""
    return known(staff_total)


@_SIZE.feature(
    4,
    label=Label(en="Age of the enterprise", zh="企业成立年限"),
    direction=Direction.FREE,
    unit="years",
    plausible=(0.0, 150.0),
    basis=Label(
        en="Free: the hazard rises in the first years, before it falls (liability of adolescence)",
        zh="不作约束：成立初期风险先升后降（青春期劣势）",
    ),
)
def firm_age(founded_on: Dates, as_of: Dates) -> Floats:
    """Years from founding to the decision date."""
    return age(founded_on, as_of, _YEAR)


@_SIZE.feature(
    5,
    label=Label(en="Age of the statements", zh="财务报表距今月数"),
    direction=Direction.FREE,
    unit="months",
    plausible=(0.0, 36.0),
    basis=Label(
        en="Free: late reporting is a warning, but most of the age is the calendar",
        zh="不作约束：报表迟报是预警，但间隔多半由日历决定",
    ),
)
def statement_age(statement_period_end: Dates, as_of: Dates) -> Floats:
    """Months from the end of the statement period to the decision date."""
    return age(statement_period_end, as_of, _MONTH)


FEATURES: tuple[Feature, ...] = (total_assets, revenue, staff, firm_age, statement_age)
