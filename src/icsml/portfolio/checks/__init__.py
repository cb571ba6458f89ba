"""The checks of a data set: what no single row shows, such as another unit, copies, leaks and unripe outcomes."""

from __future__ import annotations

from icsml.portfolio.checks.config import CheckConfig, load_check_config
from icsml.portfolio.checks.run import check_dataset

__all__ = ["CheckConfig", "check_dataset", "load_check_config"]
