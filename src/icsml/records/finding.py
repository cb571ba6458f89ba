"""A finding of a check of a data set; :mod:`icsml.reports.report_facts` is the content of the auditor's report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["CheckFinding", "Level", "passed"]

Level = Literal["warn", "block"]


class CheckFinding(BaseModel):
    """A finding of a check; a check that passes makes none.

    Parameters
    ----------
    id : str
        The check.
    level : {'warn', 'block'}
        Whether it is to be looked at, or stops what follows.
    found : str
        What it found, in a sentence with its figures; never a value of a single record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    level: Level
    found: str


def passed(findings: Iterable[CheckFinding]) -> bool:
    """Return whether no finding blocks."""
    return all(finding.level != "block" for finding in findings)
