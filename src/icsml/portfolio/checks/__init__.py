"""Checks of a data set as a whole, such as another unit, copies, leaks and unripe outcomes."""

from __future__ import annotations

from icsml.portfolio.checks.all_checks import check_dataset
from icsml.portfolio.checks.check_config import CheckConfig, load_check_config

__all__ = ["CheckConfig", "check_dataset", "load_check_config"]
