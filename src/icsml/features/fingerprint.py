"""Fingerprint of a feature: its direction, its inputs, and its values on fixed probes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icsml.core.canonical import digest
from icsml.features.feature import CLOCK, POINTS_COLUMN, Feature
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["feature_sha256"]

_DIGITS = 12  # as many as agree between processors


def feature_sha256(feature: Feature) -> str:
    """Return the SHA-256 of a feature's name, direction, inputs, and values on fixed probes.

    Another formula gives another digest; another wording of the same formula does not, so that a bundle outlives it.
    """
    columns = {name: _probe(name) for name in (*feature.inputs, CLOCK, POINTS_COLUMN)}
    values = [None if np.isnan(value) else f"{value:.{_DIGITS}g}" for value in feature.function(columns)]
    return digest([feature.name, str(feature.direction), list(feature.inputs), values])


def _probe(name: str) -> NDArray[Any]:
    """Return five values of a column, unlike those of other columns: two positive, zero, a negative, a missing one."""
    seed = sum((index + 1) * byte for index, byte in enumerate(name.encode()))
    field = FIELD_BY_NAME.get(name)
    if field is not None and field.kind is Kind.DATE:
        since = 15_000 if name == CLOCK else 5_000
        days = since + np.array([seed % 997, seed % 1_999, 0, seed % 89, 0])
        dates = days.astype("datetime64[D]")
        dates[-1] = np.datetime64("NaT")
        return dates
    return np.array([1.0 + seed % 89, 0.25 + seed % 13, 0.0, -1.0 - seed % 7, np.nan])
