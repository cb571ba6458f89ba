"""The 18-character unified social credit code (统一社会信用代码) and its check character, GB 32100-2015."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from icsml.core.arrays import Flags
from icsml.records.arrow_texts import letters_of

__all__ = ["check_character", "is_valid_uscc", "wrong_usccs"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 18
_WEIGHTS = [pow(3, position, 31) for position in range(_LENGTH - 1)]
_VALUE_OF_BYTE = np.full(256, len(_ALPHABET), dtype=np.uint8)
_VALUE_OF_BYTE[np.frombuffer(_ALPHABET.encode(), np.uint8)] = np.arange(len(_ALPHABET))


def check_character(body: str) -> str:
    """Return the check character of the first 17 characters of a code.

    Raises
    ------
    KeyError
        If a character is outside the alphabet of the standard (no I, O, S, V, Z).
    """
    total = sum([_VALUE[character] * weight for character, weight in zip(body, _WEIGHTS, strict=False)])
    return _ALPHABET[-total % 31]


@lru_cache(maxsize=256)  # versions of one record are screened together
def is_valid_uscc(code: str) -> bool:
    """Return whether a code has the right length, alphabet and check character."""
    if len(code) != _LENGTH or not _VALUE.keys() >= set(code):
        return False
    return check_character(code[:-1]) == code[-1]


def wrong_usccs(codes: pa.Array) -> Flags:
    """Return which of n texts are not valid codes, shape (n,); a missing one is no wrong one."""
    from icsml.records.arrow_kernel import check_codes  # numba: not before the first row

    if codes.null_count == len(codes):
        return np.zeros(len(codes), dtype=np.bool_)
    if pa.types.is_dictionary(codes.type):
        codes = codes.cast(codes.type.value_type)
    letters, starts = letters_of(codes)
    wrong = np.empty(len(codes), dtype=np.bool_)
    check_codes(letters, starts, _VALUE_OF_BYTE, wrong)
    known: Flags = codes.is_valid().to_numpy(zero_copy_only=False)
    return wrong & known
