"""A clean simulated book to be spoilt, data sets made by hand, and one check at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsml.core.progress import silent
from icsml.portfolio.checks import CheckConfig, load_check_config
from icsml.portfolio.checks.all_checks import CHECKS
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import Dataset, DatasetMeta, read_dataset
from icsml.records.outcome import OutcomeMeaning

Look = Callable[..., list[str]]
Spoil = Callable[[Callable[[pd.DataFrame, pd.DataFrame], None]], Dataset]
Make = Callable[..., Dataset]


@pytest.fixture(scope="session")
def config() -> CheckConfig:
    return load_check_config()


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A clean book of about 4,700 rows and 45 defaults."""
    folder = tmp_path_factory.mktemp("clean")
    synthesize(1200, 3, "small", folder, progress=silent)
    return read_dataset(folder)


@pytest.fixture
def spoil(clean: Dataset) -> Spoil:
    """Return the clean book after a change of its frames in place."""

    def spoilt(change: Callable[[pd.DataFrame, pd.DataFrame], None]) -> Dataset:
        enterprises, outcomes = clean.enterprises.copy(), clean.outcomes.copy()
        change(enterprises, outcomes)
        return replace(clean, enterprises=enterprises, outcomes=outcomes)

    return spoilt


@pytest.fixture
def look(config: CheckConfig) -> Look:
    """Make one check; thresholds may be changed by name."""

    def looked(dataset: Dataset, check: str, **thresholds: Any) -> list[str]:
        changed = getattr(config, check).model_copy(update=thresholds)
        own = config.model_copy(update={check: changed})
        return list(CHECKS[check](CheckData(dataset, own.copied_firm.distinct), own))

    return looked


@pytest.fixture
def make() -> Make:
    """Make a data set from columns and outcomes; every row is a firm of its own unless told otherwise."""

    def made(columns: dict[str, Any], outcomes: dict[str, Any] | None = None, **meta: Any) -> Dataset:
        n = len(next(iter(columns.values())))
        enterprises = pd.DataFrame({"enterprise_id": [f"E{row}" for row in range(n)]} | columns)
        empty = {"enterprise_id": enterprises["enterprise_id"], "bad": pd.array([pd.NA] * n, dtype="Int8")}
        days = {"as_of": columns.get("as_of", pd.NaT), "event": None, "event_date": np.datetime64("NaT", "us")}
        table = pd.DataFrame(empty | days | (outcomes or {}))
        said = {
            "name": "made by hand",
            "source": "test",
            "licence": "none",
            "outcome": OutcomeMeaning(event="default", horizon_months=12),
            "timing": "stated",
            "dated": "as_of" in columns,
            "grouped": True,
            "fields": [name for name in columns if not name.startswith("extra.")],
            "extra_features": [],
            "rows": n,
            "defaults": 0,
        }
        return Dataset(DatasetMeta(**(said | meta)), enterprises, table, "0" * 64)

    return made
