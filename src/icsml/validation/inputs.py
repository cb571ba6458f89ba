"""Inputs of every metric, checked once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from icsml.core.arrays import Floats
from icsml.errors import InputError

__all__ = ["checked"]


def checked(y: npt.ArrayLike, pd: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return outcomes and PDs as float arrays of shape (n,).

    Raises
    ------
    InputError
        ``ICS-VAL-001`` if they differ in length, an outcome is not 0 or 1, a PD is outside [0, 1], or a class is
        absent.
    """
    outcome, probability = np.asarray(y, dtype=np.float64), np.asarray(pd, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != probability.shape:
        raise _refused("pd", "outcomes and PDs must be two arrays of the same length")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise _refused("y", "an outcome must be 0 or 1; leave out rows whose outcome was not seen")
    if not ((probability >= 0.0) & (probability <= 1.0)).all():
        raise _refused("pd", "a PD must lie between 0 and 1")
    if np.unique(outcome).size < 2:
        raise _refused("y", "needs rows with and without the event")
    return outcome, probability


def _refused(field: str, message: str) -> InputError:
    return InputError("ICS-VAL-001", message, field=field, remedy="give test rows with a known outcome and their PDs")
