"""The application: amount and term applied for, relative to revenue."""

from __future__ import annotations

from icsml.core.arithmetic import known, ratio
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "amount_to_revenue", "application_term"]

_APPLICATION = Group("application", "APP")


@_APPLICATION.feature(
    1,
    label=Label(en="Amount applied for to revenue", zh="申请金额与营业收入之比"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 10.0),
    basis=Label(
        en="The burden that the decision itself adds, all else equal", zh="其他条件相同时，本次授信自身增加的负担"
    ),
)
def amount_to_revenue(application_amount_cny: Floats, revenue_cny: Floats) -> Floats:
    """Amount applied for / operating revenue."""
    return ratio(application_amount_cny, revenue_cny)


@_APPLICATION.feature(
    2,
    label=Label(en="Term applied for", zh="申请期限"),
    direction=Direction.FREE,
    unit="months",
    plausible=(0.0, 360.0),
    basis=Label(
        en="Free: longer terms burden less each month, and stay exposed longer",
        zh="不作约束：期限长则每月负担轻，但暴露时间长",
    ),
)
def application_term(application_term_months: Floats) -> Floats:
    """Term applied for, in months."""
    return known(application_term_months)


FEATURES: tuple[Feature, ...] = (amount_to_revenue, application_term)
