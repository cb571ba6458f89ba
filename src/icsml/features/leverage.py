"""Leverage: the share of the enterprise financed by creditors."""

from __future__ import annotations

from icsml.core.arithmetic import add, ratio
from icsml.core.arrays import Floats
from icsml.features.feature import Feature, Group
from icsml.records.direction import Direction
from icsml.texts.label import Label

__all__ = ["FEATURES", "borrowing_to_assets", "debt_to_assets", "debt_to_equity", "retained_earnings_to_assets"]

_LEVERAGE = Group("leverage", "LEV")


@_LEVERAGE.feature(
    1,
    label=Label(en="Debt to assets", zh="资产负债率"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 3.0),
    basis=Label(en="Ohlson 1980; Altman and Sabato 2007", zh="Ohlson 1980；Altman and Sabato 2007"),
)
def debt_to_assets(total_liabilities_cny: Floats, total_assets_cny: Floats) -> Floats:
    """Total liabilities / total assets."""
    return ratio(total_liabilities_cny, total_assets_cny)


@_LEVERAGE.feature(
    2,
    label=Label(en="Borrowing to assets", zh="借款占资产比重"),
    direction=Direction.RAISES_RISK,
    unit="fraction",
    plausible=(0.0, 2.0),
    basis=Label(en="Altman and Sabato 2007", zh="Altman and Sabato 2007"),
)
def borrowing_to_assets(short_term_debt_cny: Floats, long_term_debt_cny: Floats, total_assets_cny: Floats) -> Floats:
    """(Short-term + long-term borrowing) / total assets."""
    return ratio(add(short_term_debt_cny, long_term_debt_cny), total_assets_cny)


@_LEVERAGE.feature(
    3,
    label=Label(en="Debt to equity", zh="产权比率"),
    direction=Direction.RAISES_RISK,
    unit="times",
    plausible=(0.0, 50.0),
    basis=Label(
        en="Altman 1968 (equity to liabilities); no value where equity is zero or below",
        zh="Altman 1968（权益负债比）；净资产为零或为负时不取值",
    ),
)
def debt_to_equity(total_liabilities_cny: Floats, equity_cny: Floats) -> Floats:
    """Total liabilities / owners' equity."""
    return ratio(total_liabilities_cny, equity_cny)


@_LEVERAGE.feature(
    4,
    label=Label(en="Retained earnings to assets", zh="未分配利润占资产比重"),
    direction=Direction.LOWERS_RISK,
    unit="fraction",
    plausible=(-2.0, 1.0),
    basis=Label(en="Altman 1968; Altman and Sabato 2007", zh="Altman 1968；Altman and Sabato 2007"),
)
def retained_earnings_to_assets(retained_earnings_cny: Floats, total_assets_cny: Floats) -> Floats:
    """Retained earnings / total assets."""
    return ratio(retained_earnings_cny, total_assets_cny)


FEATURES: tuple[Feature, ...] = (debt_to_assets, borrowing_to_assets, debt_to_equity, retained_earnings_to_assets)
