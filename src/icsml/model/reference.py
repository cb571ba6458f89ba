"""The reference population: the comparison rows of reasons, as a plain array in the bundle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from math import isfinite
from typing import Final, Self

import numpy as np

from icsml.core.arrays import Floats
from icsml.core.canonical import sha256_hex
from icsml.errors import ModelError
from icsml.records.decision import ReferenceId

__all__ = ["ReferencePopulation"]


_KIND: Final = np.dtype("<f8")
_NAME: Final = "reference.npy"
_HEAD: Final = re.compile(
    rb"\x93NUMPY.{4}\{'descr': '<f8', 'fortran_order': False, 'shape': \((\d{1,9}), (\d{1,9})\)", re.DOTALL
)
_HEAD_BYTES: Final = 128


@dataclass(frozen=True, eq=False)
class ReferencePopulation:
    """Rows that reasons are relative to.

    Parameters
    ----------
    id : {'training-applicants', 'approval-margin'}
        The population that they represent.
    rows : ndarray of shape (n, p)
        Features in the order of the model's encoder; NaN is missing.
    points : mapping of str to float
        Mean points of each innovation-domain indicator of the rulebook over the rows that have innovation points;
        empty where there are none.

    Raises
    ------
    ModelError
        ``ICS-MOD-021`` if there is no row, or a value is infinite.
    """

    id: ReferenceId
    rows: Floats
    points: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = np.array(self.rows, dtype=np.float64, order="C")
        rows[np.isnan(rows)] = np.nan  # one bit pattern
        if rows.ndim != 2 or 0 in rows.shape or np.isinf(rows).any():
            raise _unsound("is not a table of finite or missing values")
        if self.id == "training-cover" or not all(isfinite(mean) for mean in self.points.values()):
            raise _unsound("stands for nobody, or has mean points that are no numbers")
        rows.flags.writeable = False
        object.__setattr__(self, "rows", rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReferencePopulation):
            return NotImplemented
        return (self.id, self.sha256, self.points) == (other.id, other.sha256, other.points)

    def __hash__(self) -> int:
        return hash((self.id, self.sha256))

    @classmethod
    def parse(cls, content: bytes, id_: ReferenceId, sha256: str, points: Mapping[str, float]) -> Self:
        """Parse the bytes of :attr:`content`.

        Raises
        ------
        ModelError
            ``ICS-MOD-021`` if the bytes are no such array, or not the ones of this SHA-256.
        """
        if sha256_hex(content) != sha256:
            raise _unsound("is not the one that bundle.json describes")
        head = _HEAD.match(content)
        if head is None:
            raise _unsound("is not a NumPy array of two dimensions, float64 in C order")
        shape, body = (int(head[1]), int(head[2])), content[_HEAD_BYTES:]
        if len(body) != shape[0] * shape[1] * _KIND.itemsize:
            raise _unsound("does not hold the table that its head announces")
        population = cls(id_, np.frombuffer(body, _KIND).reshape(shape), points)
        if population.content != content:
            raise _unsound("is not in canonical form")
        return population

    @property
    def content(self) -> bytes:
        """The canonical ``.npy`` bytes: version 1.0, little-endian float64, C order; the same rows, the same bytes."""
        stream = BytesIO()
        np.lib.format.write_array(stream, self.rows.astype(_KIND), version=(1, 0), allow_pickle=False)
        return stream.getvalue()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of :attr:`content`."""
        return sha256_hex(self.content)

    @cached_property
    def medians(self) -> Floats:
        """Median of each feature over the rows that have it, shape (p,); NaN where none has."""
        columns = (column[~np.isnan(column)] for column in self.rows.T)
        return np.array([np.median(column) if column.size else np.nan for column in columns])


def _unsound(message: str) -> ModelError:
    return ModelError("ICS-MOD-021", message, field=_NAME, remedy="fetch the bundle again, or train again")
