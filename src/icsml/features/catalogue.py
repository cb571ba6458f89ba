"""All canonical features, in their fixed order: groups as listed here, inside a group by code."""

from __future__ import annotations

from icsml.features import (
    application,
    cash_flow,
    credit_history,
    efficiency,
    growth,
    innovation,
    leverage,
    liquidity,
    profitability,
    size_age,
)
from icsml.features.feature import Feature

__all__ = ["CATALOGUE", "FEATURE_BY_NAME"]

CATALOGUE: tuple[Feature, ...] = (
    *leverage.FEATURES,
    *liquidity.FEATURES,
    *profitability.FEATURES,
    *growth.FEATURES,
    *efficiency.FEATURES,
    *cash_flow.FEATURES,
    *credit_history.FEATURES,
    *size_age.FEATURES,
    *application.FEATURES,
    *innovation.FEATURES,
)

FEATURE_BY_NAME: dict[str, Feature] = {feature.name: feature for feature in CATALOGUE}
