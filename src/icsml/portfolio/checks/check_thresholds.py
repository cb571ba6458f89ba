"""The thresholds of the checks; ``configs/data_checks.yaml`` explains each and its value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from icsml.records.fields import FIELD_BY_NAME

__all__ = [
    "Check",
    "CodingChange",
    "CohortRate",
    "ConsequenceColumn",
    "ConstantColumn",
    "CopiedFirm",
    "EventDatePile",
    "EventDates",
    "FeatureAlone",
    "GroupScale",
    "Identity",
    "MaxShare",
    "PartAboveWhole",
    "PriorYear",
    "RowScale",
    "Sentinel",
    "Separation",
    "SilentEnd",
    "TableScale",
    "UnlabelledGood",
]


def _unquoted(value: object) -> object:
    """YAML reads a bare ``off`` as false."""
    return "off" if value is False else value


def _money(name: str) -> str:
    if name not in FIELD_BY_NAME or FIELD_BY_NAME[name].unit != "CNY":
        raise ValueError("no amount in yuan among the canonical fields")
    return name


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Area = Annotated[float, Field(ge=0.5, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Times = Annotated[float, Field(ge=1.0)]
Count = Annotated[int, Field(ge=1)]
Word = Annotated[str, Field(min_length=1)]
Amount = Annotated[str, BeforeValidator(_money)]


class Check(BaseModel):
    """A check with its level; ``configs/data_checks.yaml`` explains each threshold."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    level: Annotated[Literal["warn", "block", "off"], BeforeValidator(_unquoted)]


class GroupScale(Check):
    """Thresholds of ``group_scale`` and ``source_scale``."""

    min_powers: Positive
    min_firms: Count
    sigmas: Positive


class RowScale(Check):
    """Thresholds of ``row_scale``."""

    far_powers: Positive
    near_powers: Positive
    max_share: Share
    min_amounts: Count
    min_rows: Count


class TableScale(Check):
    """Thresholds of ``table_scale``, with the expected medians in yuan."""

    below: Times
    above: Times
    min_values: Count
    expected: dict[Amount, Positive]


class Identity(Check):
    """Thresholds of ``accounting_identity``."""

    tolerance: Positive
    max_share: Share
    min_rows: Count


class PartAboveWhole(Check):
    """Thresholds of ``part_above_whole``."""

    max_share: Share
    min_rows: Count


class PriorYear(Check):
    """Thresholds of ``prior_year``."""

    tolerance: Positive
    max_share: Share
    far_powers: Positive
    max_far_share: Share
    min_pairs: Count


class ConstantColumn(Check):
    """Thresholds of ``constant_column``."""

    min_rows: Count


class Sentinel(Check):
    """Thresholds of ``sentinel``."""

    min_share: Share
    min_count: Count
    other_share: Share
    times_next: Times


class ConsequenceColumn(Check):
    """Thresholds of ``consequence_column``: its words."""

    words_zh: list[Word]
    words_en: list[Word]


class MaxShare(Check):
    """Thresholds of a check that has a largest share alone."""

    max_share: Share


class CopiedFirm(Check):
    """Thresholds of ``copied_firm``."""

    min_values: Count
    distinct: Share


class CohortRate(Check):
    """Thresholds of ``cohort_rate``."""

    p_last: Share
    p_year: Share
    min_times: Times
    min_expected: Positive
    min_years: Annotated[int, Field(ge=2)]
    prior_spread: Positive
    prior_years: Annotated[float, Field(ge=0.0)]


class SilentEnd(Check):
    """Thresholds of ``silent_end``."""

    min_recent: Count
    min_expected: Positive


class EventDates(Check):
    """Thresholds of ``event_dates``."""

    max_missing: Share
    max_impossible: Share
    min_bads: Count


class EventDatePile(Check):
    """Thresholds of ``event_date_pile``."""

    min_share: Share
    times_next: Times
    min_dates: Count


class UnlabelledGood(Check):
    """Thresholds of ``unlabelled_good``."""

    p: Share
    min_times: Times
    min_expected: Positive


class FeatureAlone(Check):
    """Thresholds of ``feature_alone``."""

    auc: Area
    above_median: Share
    least_auc: Area
    min_each: Count


class Separation(Check):
    """Thresholds of a check by the AUC of single columns."""

    auc: Area
    min_each: Count


class CodingChange(Check):
    """Thresholds of ``coding_change``."""

    unseen: Annotated[float, Field(gt=0.0, le=2.0)]
    distance: Share
    missing_change: Share
    min_powers: Positive
    min_rows: Count
