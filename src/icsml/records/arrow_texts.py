"""Texts of a table of records as Arrow arrays, turned into Python's only where they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from icsml.core.arrays import Array, Flags, Ints, Objects

__all__ = ["ArrowTexts", "letters_of"]


class ArrowTexts(Mapping[str, Array]):
    """Columns of texts, shape (n,) each, as object arrays in which None is missing.

    Parameters
    ----------
    arrays : mapping of str to pyarrow.Array
        Texts, plain or by dictionary.
    """

    def __init__(self, arrays: Mapping[str, pa.Array]) -> None:
        self.arrays = arrays
        self._read: dict[str, Objects] = {}

    def __getitem__(self, name: str) -> Objects:
        if name not in self._read:
            self._read[name] = _objects(self.arrays[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def count_known(self) -> Ints:
        """Return how many texts each row has, shape (n,)."""
        complete = sum(array.null_count == 0 for array in self.arrays.values())
        counts = np.full(len(next(iter(self.arrays.values()))), complete, dtype=np.int64)
        for array in self.arrays.values():
            if array.null_count not in (0, len(array)):
                counts += _known(array)
        return counts


def letters_of(texts: pa.Array) -> tuple[Array, Ints]:
    """Return the bytes of plain texts, and where each begins, shape (n + 1,); a missing one may have any length."""
    _, offsets, letters = texts.buffers()
    starts = np.frombuffer(offsets, np.int64 if pa.types.is_large_string(texts.type) else np.int32)
    here = starts[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return np.frombuffer(b"" if letters is None else letters, np.uint8), here


def _known(array: pa.Array) -> Flags:
    known: Flags = array.is_valid().to_numpy(zero_copy_only=False)
    return known


def _objects(array: pa.Array) -> Objects:
    if pa.types.is_null(array.type):
        return np.full(len(array), None)
    texts: Objects
    if not pa.types.is_dictionary(array.type):
        texts = array.to_numpy(zero_copy_only=False)
        return texts
    known = np.full(len(array.dictionary) + 1, None)
    known[:-1] = array.dictionary.to_numpy(zero_copy_only=False)
    codes: Ints = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    texts = known[codes]
    return texts
