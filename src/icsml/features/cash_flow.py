"""Cash flow: ability to pay debt out of earnings."""

from __future__ import annotations

from icsml.core.arithmetic import add, ratio
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "cash_flow_margin", "cash_flow_to_debt", "debt_service_cover", "interest_cover"]

_CASH_FLOW = Group("cash_flow", "CFL")


@_CASH_FLOW.feature(
    1,
    label=Label(en="Operating cash flow to debt", zh="经营现金流负债比"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-5.0, 5.0),
    basis=Label(
        en="Beaver 1966; Ohlson 1980 (funds from operations to liabilities)",
        zh="Beaver 1966；Ohlson 1980（经营资金与负债之比）",
    ),
)
def cash_flow_to_debt(operating_cash_flow_cny: Floats, total_liabilities_cny: Floats) -> Floats:
    """Cash flow from operations / total liabilities."""
    return ratio(operating_cash_flow_cny, total_liabilities_cny)


@_CASH_FLOW.feature(
    2,
    label=Label(en="Operating cash flow to revenue", zh="经营现金流收入比"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-3.0, 3.0),
    basis=Label(en="Beaver 1966", zh="Beaver 1966"),
)
def cash_flow_margin(operating_cash_flow_cny: Floats, revenue_cny: Floats) -> Floats:
    """Cash flow from operations / operating revenue."""
    return ratio(operating_cash_flow_cny, revenue_cny)


@_CASH_FLOW.feature(
    3,
    label=Label(en="Interest cover", zh="利息保障倍数"),
    direction=Direction.LOWERS_RISK,
    unit="times",
    plausible=(-200.0, 1000.0),
    basis=Label(
        en="Altman and Sabato 2007 (EBITDA to interest); no value where there is no interest",
        zh="Altman and Sabato 2007（EBITDA与利息之比）；无利息支出时不取值",
    ),
)
def interest_cover(operating_profit_cny: Floats, interest_expense_cny: Floats) -> Floats:
    """(Operating profit + interest expense) / interest expense."""
    return ratio(add(operating_profit_cny, interest_expense_cny), interest_expense_cny)


@_CASH_FLOW.feature(
    4,
    label=Label(en="Debt service cover", zh="偿债保障倍数"),
    direction=Direction.LOWERS_RISK,
    unit="times",
    plausible=(-50.0, 100.0),
    basis=Label(
        en="Altman and Sabato 2007; no value where there is neither interest nor short-term borrowing",
        zh="Altman and Sabato 2007；既无利息支出又无短期借款时不取值",
    ),
)
def debt_service_cover(
    operating_profit_cny: Floats,
    depreciation_cny: Floats,
    interest_expense_cny: Floats,
    short_term_debt_cny: Floats,
) -> Floats:
    """(Operating profit + interest + depreciation) / (interest + short-term borrowing)."""
    earnings = add(add(operating_profit_cny, interest_expense_cny), depreciation_cny)
    return ratio(earnings, add(interest_expense_cny, short_term_debt_cny))


FEATURES: tuple[Feature, ...] = (cash_flow_to_debt, cash_flow_margin, interest_cover, debt_service_cover)
