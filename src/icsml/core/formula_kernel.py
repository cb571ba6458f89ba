"""Compiled computation of recorded formulas: the arithmetic of :mod:`icsml.core.arithmetic`, bit for bit."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.core.compilation import compiled, inlined
from icsml.core.formulas import Operation

__all__ = ["compute", "count_known"]

_ROWS = 256  # at a time, so that the registers stay in the processor's cache
_KNOWN, _ADD, _SUBTRACT = int(Operation.KNOWN), int(Operation.ADD), int(Operation.SUBTRACT)
_PRODUCT, _RATIO = int(Operation.PRODUCT), int(Operation.RATIO)


@inlined
def _value(operation: int, a: float, b: float) -> float:
    if operation == _KNOWN:
        return a
    if operation == _ADD:
        return a + b
    if operation == _SUBTRACT:
        return a - b
    if operation == _PRODUCT:
        return a * b
    if operation == _RATIO:
        return a / b if b > 0.0 and np.isfinite(b) else np.nan
    return b - a if b >= a else np.nan


@compiled
def compute(table: Floats, read: Ints, constants: Floats, steps: Ints, results: Ints, computed: Floats) -> None:
    """Compute formulas of every row.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Columns; dates are in days.
    read : ndarray of int of shape (c,)
        Which of them the formulas read, in their order.
    constants, steps, results : ndarray
        As in :class:`icsml.core.formulas.Formulas`.
    computed : ndarray of shape (m, n)
        The results are written into it.
    """
    n = table.shape[1]
    columns, first = len(read), len(read) + len(constants)
    registers = np.empty((first + len(steps), min(n, _ROWS)))
    for constant in range(len(constants)):
        registers[columns + constant, :] = constants[constant]
    for start in range(0, n, _ROWS):
        rows = min(_ROWS, n - start)
        for column in range(columns):
            for row in range(rows):
                registers[column, row] = table[read[column], start + row]
        for step in range(len(steps)):
            operation, a, b = steps[step, 0], registers[steps[step, 1]], registers[steps[step, 2]]
            result = registers[first + step]
            for row in range(rows):
                value = _value(operation, a[row], b[row])
                result[row] = value if np.isfinite(value) else np.nan
        for formula in range(len(results)):
            for row in range(rows):
                computed[formula, start + row] = registers[results[formula], row]


@compiled
def count_known(table: Floats, read: Ints, counts: Ints) -> None:
    """Count the known numbers of every row.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Columns.
    read : ndarray of int of shape (c,)
        Which of them are counted.
    counts : ndarray of int of shape (n,)
        The numbers known are added to it.
    """
    for column in read:
        for row in range(table.shape[1]):
            counts[row] += not np.isnan(table[column, row])
