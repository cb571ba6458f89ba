"""The 18-character unified social credit code (统一社会信用代码) and its check character, GB 32100-2015."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["check_character", "is_valid_uscc"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 18


def check_character(body: str) -> str:
    """Return the check character of the first 17 characters of a code.

    Raises
    ------
    KeyError
        If a character is outside the alphabet of the standard (no I, O, S, V, Z).
    """
    total = sum(_VALUE[character] * pow(3, position, 31) for position, character in enumerate(body))
    return _ALPHABET[-total % 31]


@lru_cache(maxsize=256)  # versions of one record are screened together
def is_valid_uscc(code: str) -> bool:
    """Return whether a code has the right length, alphabet and check character."""
    if len(code) != _LENGTH or any(character not in _VALUE for character in code):
        return False
    return check_character(code[:-1]) == code[-1]
