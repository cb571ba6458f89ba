"""Formulas over columns, recorded once as operations, to be computed by compiled code for one row or a million.

The functions of :mod:`icsml.core.arithmetic` are the definition. Given symbols instead of arrays, they record
themselves; so a feature or an indicator is written once, as a function of arrays, and traced from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NoReturn

import numpy as np

from icsml.core.arrays import Floats, Ints

__all__ = ["Formulas", "Operation", "Symbol", "Trace"]


class Operation(IntEnum):
    """An operation of :mod:`icsml.core.arithmetic`; scaling is a product with a constant."""

    KNOWN = 0
    ADD = 1
    SUBTRACT = 2
    PRODUCT = 3
    RATIO = 4
    AGE = 5
    """days from the first to the second date; NaN where the order is reversed"""


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A column, a constant or the result of a step, in formulas that are being recorded.

    Only functions of :mod:`icsml.core.arithmetic` accept it. Whatever else is done with it, such as a comparison or
    another function of NumPy, raises TypeError: no formula is recorded as less than it is.
    """

    trace: Trace = field(repr=False)
    kind: type
    number: int

    __array_ufunc__ = None

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("only functions of icsml.core.arithmetic can be recorded")

    __array__ = __bool__ = __eq__ = __ne__ = _refuse


@dataclass(frozen=True, slots=True, eq=False)
class Formulas:
    """Recorded formulas, ready to be computed.

    Their numbers lie in registers: first the columns, then the constants, then the result of each step.

    Parameters
    ----------
    columns : tuple of str
        The c columns that they read.
    constants : ndarray of shape (k,)
        Constants.
    steps : ndarray of int of shape (s, 3)
        Operation, and the registers of its operands.
    results : ndarray of int of shape (m,)
        The register of each formula's result.
    """

    columns: tuple[str, ...]
    constants: Floats
    steps: Ints
    results: Ints


_Place = tuple[type, int]
"""Kind and number of a symbol."""


class Trace:
    """Records formulas; a step that occurs in several is recorded once."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._constants: dict[str, int] = {}  # by their digits: 0.0 and -0.0 are two
        self._steps: dict[tuple[Operation, _Place, _Place], int] = {}

    def __getitem__(self, name: str) -> Symbol:
        """Return the symbol of a column; so a trace stands for the columns of records."""
        return Symbol(self, str, self._columns.setdefault(name, len(self._columns)))

    def apply(self, operation: Operation, first: Symbol | float, second: Symbol | float | None = None) -> Symbol:
        """Record an operation and return the symbol of its result; a number is a constant."""
        if (second is None) != (operation is Operation.KNOWN):
            raise TypeError(f"wrong number of operands of {operation.name}")
        a = self._place(first)
        step = (operation, a, a if second is None else self._place(second))
        return Symbol(self, Operation, self._steps.setdefault(step, len(self._steps)))

    def formulas(self, results: Sequence[Symbol]) -> Formulas:
        """Return what was recorded, with the results that are asked for."""
        steps = [(operation, self._register(a), self._register(b)) for operation, a, b in self._steps]
        return Formulas(
            tuple(self._columns),
            np.array([float.fromhex(digits) for digits in self._constants], dtype=np.float64),
            np.array(steps, dtype=np.int64).reshape(-1, 3),
            np.array([self._register(self._place(result)) for result in results], dtype=np.int64),
        )

    def _place(self, operand: Symbol | float) -> _Place:
        if not isinstance(operand, Symbol):
            return float, self._constants.setdefault(float(operand).hex(), len(self._constants))
        if operand.trace is not self:  # its number means another column or step here
            raise TypeError("a symbol of another trace")
        return operand.kind, operand.number

    def _register(self, place: _Place) -> int:
        kind, number = place
        first = {str: 0, float: len(self._columns), Operation: len(self._columns) + len(self._constants)}
        return first[kind] + number
