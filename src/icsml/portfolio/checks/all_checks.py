"""All checks of a data set, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from icsml.core.arrays import Objects
from icsml.portfolio.checks.amounts import group_scale, row_scale, source_scale, table_scale
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.coding import coding_change
from icsml.portfolio.checks.cohorts import cohort_rate, silent_end
from icsml.portfolio.checks.column_values import consequence_column, constant_column, sentinel
from icsml.portfolio.checks.copies import copied_firm, split_overlap
from icsml.portfolio.checks.identities import accounting_identity, part_above_whole, prior_year
from icsml.portfolio.checks.leaks import feature_alone, feature_leak, missingness_leak, missingness_outcome
from icsml.portfolio.checks.outcome_checks import event_date_pile, event_dates, unlabelled_good
from icsml.records.dataset import Dataset
from icsml.records.finding import CheckFinding

__all__ = ["CHECKS", "check_dataset"]

Check = Callable[[CheckData, CheckConfig], Iterator[str]]

CHECKS: dict[str, Check] = {
    "group_scale": group_scale,
    "source_scale": source_scale,
    "row_scale": row_scale,
    "table_scale": table_scale,
    "accounting_identity": accounting_identity,
    "part_above_whole": part_above_whole,
    "prior_year": prior_year,
    "constant_column": constant_column,
    "sentinel": sentinel,
    "consequence_column": consequence_column,
    "copied_firm": copied_firm,
    "split_overlap": split_overlap,
    "cohort_rate": cohort_rate,
    "silent_end": silent_end,
    "event_dates": event_dates,
    "event_date_pile": event_date_pile,
    "unlabelled_good": unlabelled_good,
    "feature_alone": feature_alone,
    "feature_leak": feature_leak,
    "missingness_outcome": missingness_outcome,
    "missingness_leak": missingness_leak,
    "coding_change": coding_change,
}
"""Each check by its id; the order is that of the findings."""


def check_dataset(dataset: Dataset, config: CheckConfig, parts: Objects | None = None) -> list[CheckFinding]:
    """Look for faults of a data set that no single row shows.

    Parameters
    ----------
    dataset : Dataset
        Records and outcomes; nothing in it is changed.
    config : CheckConfig
        Which checks are made, and their thresholds.
    parts : ndarray of str of shape (n,), optional
        The source file of each row, where an import read several.

    Returns
    -------
    list of CheckFinding
        In the order of :data:`CHECKS`; empty where nothing was found.
    """
    if dataset.enterprises.empty:
        return []
    data = CheckData(dataset, config.copied_firm.distinct, parts)
    findings = []
    for name, check in CHECKS.items():
        level = config.level_of(name)
        if level is not None:
            findings += [CheckFinding(id=name, level=level, found=sentence) for sentence in check(data, config)]
    return findings
