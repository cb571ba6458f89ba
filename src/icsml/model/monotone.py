"""Monotone directions: -1, 0 or +1 per feature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from icsml.core.names import nearest
from icsml.model.rounds import FitError

__all__ = ["monotone_signs", "plain"]


def monotone_signs(monotone: object, features: int, names: list[str]) -> list[int]:
    """Return one sign a feature, in the order of the columns.

    Parameters
    ----------
    monotone : sequence or mapping
        One of -1, 0 and +1 for each column; or by name, where a feature that is not named is free.
    features : int
        How many columns there are.
    names : list of str
        Their names; empty where X has none.

    Raises
    ------
    FitError
        ``ICS-MOD-001``, naming the feature, if a value is none of the three, or the values do not fit the columns.
    """
    signs = _listed(monotone, names)
    if len(signs) != features:
        named = f" ({', '.join(names)})" if names else ""
        raise _fault(f"has {len(signs)} values for {features} features{named}")
    for column, sign in enumerate(signs):
        if not _is_sign(sign):
            name = names[column] if names else f"feature {column} (counted from 0)"
            raise _fault(f"{name} has {sign!r}, which is none of -1, 0 and +1")
    return [int(cast(float, sign)) for sign in signs]


def _is_sign(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value in (-1, 0, 1)


_REMEDY = "give -1, 0 or +1 for each feature in the order of the columns, or by name where X is a DataFrame"


def _listed(monotone: object, names: list[str]) -> list[object]:
    """Return one value a column, as given; a mapping by the names of the columns."""
    if isinstance(monotone, pd.Series) and monotone.index.inferred_type == "string":
        if not monotone.index.is_unique:
            twice = monotone.index[monotone.index.duplicated()][0]
            raise _fault(f"names {twice!r} twice")
        return _by_name(monotone.to_dict(), names)
    if isinstance(monotone, Mapping):
        return _by_name(monotone, names)
    if isinstance(monotone, np.ndarray) and monotone.ndim != 1:
        raise _fault(f"has the shape {monotone.shape}, not one value a feature")
    if isinstance(monotone, str | bytes | set | frozenset) or not isinstance(monotone, Iterable):
        raise _fault(f"{monotone!r} does not give one value a feature")
    return [plain(sign) for sign in monotone]


def _by_name(monotone: Mapping[Any, object], names: list[str]) -> list[object]:
    if not names:
        raise _fault("names features, and X has no names of columns")
    for name in monotone:
        if name not in names:
            meant = nearest(str(name), names) or f"the features are {', '.join(names)}"
            raise _fault(f"there is no feature {name!r}", meant)
    return [plain(monotone.get(name, 0)) for name in names]


def plain(value: Any) -> Any:  # noqa: ANN401 - any scalar
    """Return a NumPy scalar as one of Python, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _fault(message: str, remedy: str = _REMEDY) -> FitError:
    return FitError("ICS-MOD-001", message, field="monotone", remedy=remedy)
