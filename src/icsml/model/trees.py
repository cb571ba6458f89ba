"""Trees as text: LightGBM's own format, without parts that may differ between machines."""

from __future__ import annotations

import re

import lightgbm as lgb

from icsml.errors import ModelError

__all__ = ["booster_from_text", "booster_text"]

_THREADS = re.compile(r"^\[num_threads: -?\d+\]\n", re.MULTILINE)


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
