"""Credit history: past behaviour towards lenders."""

from __future__ import annotations

from icsml.core.arithmetic import known, ratio
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = [
    "FEATURES",
    "credit_history",
    "credit_inquiries",
    "lenders",
    "line_utilisation",
    "overdue_count",
    "overdue_days",
    "register_debt_to_revenue",
]

_CREDIT = Group("credit_history", "CRD")


@_CREDIT.feature(
    1,
    label=Label(en="Overdue payments in 24 months", zh="近24个月逾期次数"),
    direction=Direction.RAISES_RISK,
    unit="count",
    plausible=(0.0, 100.0),
    basis=Label(
        en="Past arrears are the first sign of the next (default is 90 days past due)",
        zh="既往逾期是再次逾期的最早信号（违约指逾期90天以上）",
    ),
)
def overdue_count(overdue_count_24m: Floats) -> Floats:
    """Overdue payments in 24 months."""
    return known(overdue_count_24m)


@_CREDIT.feature(
    2,
    label=Label(en="Longest overdue in 24 months", zh="近24个月最长逾期天数"),
    direction=Direction.RAISES_RISK,
    unit="days",
    plausible=(0.0, 750.0),
    basis=Label(
        en="Past arrears are the first sign of the next (default is 90 days past due)",
        zh="既往逾期是再次逾期的最早信号（违约指逾期90天以上）",
    ),
)
def overdue_days(overdue_days_max_24m: Floats) -> Floats:
    """Longest overdue in 24 months, in days."""
    return known(overdue_days_max_24m)


@_CREDIT.feature(
    3,
    label=Label(en="Lender inquiries in six months", zh="近6个月授信查询次数"),
    direction=Direction.RAISES_RISK,
    unit="count",
    plausible=(0.0, 100.0),
    basis=Label(
        en="Search for credit after refusals; common to credit-register scorecards",
        zh="遭拒后四处申请授信；征信评分卡通用变量",
    ),
)
def credit_inquiries(credit_inquiries_6m: Floats) -> Floats:
    """Lender inquiries in six months."""
    return known(credit_inquiries_6m)


@_CREDIT.feature(
    4,
    label=Label(en="Use of credit lines", zh="授信额度使用率"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 2.0),
    basis=Label(
        en="Jimenez, Lopez and Saurina 2009 (drawn on the way to default); of existing lines, not of the one asked for",
        zh="Jimenez, Lopez and Saurina 2009（违约前提款）；指已有授信，不含本次申请",
    ),
)
def line_utilisation(credit_line_utilisation: Floats) -> Floats:
    """Share of existing credit lines in use."""
    return known(credit_line_utilisation)


@_CREDIT.feature(
    5,
    label=Label(en="Length of credit history", zh="信用历史长度"),
    direction=Direction.LOWERS_RISK,
    unit="months",
    plausible=(0.0, 600.0),
    basis=Label(
        en="Survived relationships inform the lender; Petersen and Rajan 1994",
        zh="长期存续的银企关系提供信息；Petersen and Rajan 1994",
    ),
)
def credit_history(credit_history_months: Floats) -> Floats:
    """Months since the first loan."""
    return known(credit_history_months)


@_CREDIT.feature(
    6,
    label=Label(en="Lenders with an open exposure", zh="未结清授信机构数"),
    direction=Direction.FREE,
    unit="count",
    plausible=(0.0, 50.0),
    basis=Label(
        en="Free: several lenders show access to credit, many show that no one lends enough",
        zh="不作约束：授信机构数家说明融资渠道畅通，过多则说明无一家愿意足额授信",
    ),
)
def lenders(existing_lenders: Floats) -> Floats:
    """Lenders with an open exposure."""
    return known(existing_lenders)


@_CREDIT.feature(
    7,
    label=Label(en="Registered debt to revenue", zh="征信负债与营业收入之比"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 10.0),
    basis=Label(
        en="Debt burden as lenders report it; Altman and Sabato 2007", zh="征信口径的债务负担；Altman and Sabato 2007"
    ),
)
def register_debt_to_revenue(existing_debt_cny: Floats, revenue_cny: Floats) -> Floats:
    """Interest-bearing debt in the credit register / operating revenue."""
    return ratio(existing_debt_cny, revenue_cny)


FEATURES: tuple[Feature, ...] = (
    overdue_count,
    overdue_days,
    credit_inquiries,
    line_utilisation,
    credit_history,
    lenders,
    register_debt_to_revenue,
)
