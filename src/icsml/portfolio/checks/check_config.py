"""The configuration of the checks: their levels and thresholds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from icsml.core.paths import configs_dir
from icsml.core.yaml import compose, construct, file_text, load_model, validate
from icsml.portfolio.checks.check_thresholds import (
    Check,
    CodingChange,
    CohortRate,
    ConsequenceColumn,
    ConstantColumn,
    CopiedFirm,
    EventDatePile,
    EventDates,
    FeatureAlone,
    GroupScale,
    Identity,
    MaxShare,
    PartAboveWhole,
    PriorYear,
    RowScale,
    Sentinel,
    Separation,
    SilentEnd,
    TableScale,
    UnlabelledGood,
)
from icsml.records.finding import Level

__all__ = ["CheckConfig", "load_check_config"]

_CODE = "ICS-DAT-030"


class CheckConfig(BaseModel):
    """Every check by its id, with its level and thresholds; ``configs/data_checks.yaml`` explains each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group_scale: GroupScale
    source_scale: GroupScale
    row_scale: RowScale
    table_scale: TableScale
    mixed_units: Check
    accounting_identity: Identity
    part_above_whole: PartAboveWhole
    prior_year: PriorYear
    constant_column: ConstantColumn
    sentinel: Sentinel
    consequence_column: ConsequenceColumn
    unreadable_values: MaxShare
    copied_firm: CopiedFirm
    split_overlap: MaxShare
    refused_rows: Check
    total_row: Check
    identifier_words: Check
    table_rows: MaxShare
    date_order: Check
    no_defaults: Check
    mostly_bad: MaxShare
    label_words: Check
    good_with_event: Check
    open_horizon: MaxShare
    cohort_rate: CohortRate
    silent_end: SilentEnd
    event_dates: EventDates
    event_date_pile: EventDatePile
    unlabelled_good: UnlabelledGood
    feature_alone: FeatureAlone
    feature_leak: Separation
    missingness_outcome: Separation
    missingness_leak: Separation
    coding_change: CodingChange

    def level_of(self, check_id: str) -> Level | None:
        """Return the level of a check, None where it is switched off.

        Raises
        ------
        KeyError
            If there is no such check.
        """
        if check_id not in type(self).model_fields:
            raise KeyError(check_id)
        check: Check = getattr(self, check_id)
        return None if check.level == "off" else check.level


def load_check_config(path: Path | None = None) -> CheckConfig:
    """Read the configuration of the checks.

    Parameters
    ----------
    path : Path, optional
        A file that contains only what differs from the shipped ``data_checks.yaml``, by check and threshold.

    Raises
    ------
    MissingError
        If there is no such file (``ICS-DAT-030``).
    ConfigError
        If the file is not YAML, or names an unknown check or threshold, or a value does not fit (``ICS-DAT-030``).
    """
    shipped = _shipped()
    if path is None:
        return shipped
    text = file_text(path, code=_CODE)
    node = compose(text, str(path), code=_CODE)
    given = construct(node, str(path), code=_CODE)
    merged = _merged(shipped.model_dump(), {} if given is None else given)
    return validate(node, merged, str(path), CheckConfig, code=_CODE)


@lru_cache(maxsize=1)
def _shipped() -> CheckConfig:
    return load_model(configs_dir() / "data_checks.yaml", CheckConfig, code=_CODE)


def _merged(base: Any, given: Any) -> Any:  # noqa: ANN401 - whatever YAML holds; the model judges it
    """Return the base with the given values replaced; a list is replaced as a whole."""
    if not isinstance(base, dict) or not isinstance(given, dict):
        return given
    return base | {key: _merged(base.get(key), value) for key, value in given.items()}
