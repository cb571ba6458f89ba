"""Trees as text: LightGBM's own format, without parts that may differ between machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import lightgbm as lgb
import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.errors import ModelError

__all__ = ["READ_AS_ZERO", "TreeText", "booster_from_text", "booster_text", "read_trees"]

READ_AS_ZERO: Final = float(np.float32(1e-35))
"""LightGBM reads values up to this size as zero."""

_CATEGORICAL: Final = 1
_DEFAULT_LEFT: Final = 2
_MISSING: Final = 12  # two bits of decision_type: 0 none, 4 zero, 8 NaN
_MISSING_IS_ZERO: Final = 4
_MISSING_IS_NAN: Final = 8
_THREADS = re.compile(r"^\[num_threads: -?\d+\]\n", re.MULTILINE)


class TreeText:
    """What LightGBM's model text states of one tree of s splits.

    Parameters
    ----------
    stated : dict of str to str
        By key, as written.
    """

    def __init__(self, stated: dict[str, str]) -> None:
        self._stated = stated
        self._kinds = self.ints("decision_type")

    def ints(self, key: str) -> Ints:
        """Return a list of whole numbers, empty where it is not stated."""
        return np.array(self._stated.get(key, "").split(), dtype=np.int64)

    def floats(self, key: str) -> Floats:
        """Return a list of numbers, empty where it is not stated."""
        return np.array(self._stated.get(key, "").split(), dtype=np.float64)

    @property
    def is_categorical(self) -> bool:
        """Whether a split reads a feature as categories."""
        return bool((self._kinds & _CATEGORICAL).any()) or self._stated.get("num_cat", "0") != "0"

    @property
    def is_linear(self) -> bool:
        """Whether a leaf adds a linear function and no constant."""
        return self._stated.get("is_linear", "0") != "0"

    @property
    def takes_zero_as_missing(self) -> bool:
        """Whether a split does so."""
        return bool((self._kinds & _MISSING == _MISSING_IS_ZERO).any())

    def missing_left(self, threshold: Floats) -> Flags:
        """Return at which splits a missing value goes left, shape (s,), given their thresholds.

        Without a missing type it is read as zero, and goes where zero goes.
        """
        default_left = self._kinds & _DEFAULT_LEFT != 0
        return np.where(self._kinds & _MISSING == _MISSING_IS_NAN, default_left, threshold >= 0.0)


def read_trees(text: str) -> Iterator[TreeText]:
    """Yield what LightGBM's model text states of each tree."""
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        yield TreeText(dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line))


def booster_text(booster: lgb.Booster) -> str:
    """Return all trees as text without the number of threads, so that equal trees have equal bytes."""
    return _THREADS.sub("", booster.model_to_string(num_iteration=-1))


def booster_from_text(text: str, name: str) -> lgb.Booster:
    """Read trees; errors name the file ``name``.

    Raises
    ------
    ModelError
        ``ICS-MOD-016`` if LightGBM cannot read them.
    """
    try:
        return lgb.Booster(model_str=text)
    except lgb.basic.LightGBMError as error:
        raise ModelError(
            "ICS-MOD-016", "LightGBM cannot read the trees", field=name, remedy="fetch the bundle again, or train again"
        ) from error
