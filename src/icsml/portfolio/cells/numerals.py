"""Numbers as people write them in tables: 1,234.5; (1,234); 12 %; 3.5万; １２３."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["GROUPED", "PLAIN", "Numeral", "grouped", "numeral", "plain"]

PLAIN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""A number as programs write it."""
GROUPED = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?"
"""A number whose thousands are parted by commas: 0,125 and 1,23 are none."""

_UNITS = {"%": 0.01, "‰": 0.001, "元": 1.0} | {f"{unit}{yuan}": 1e4 for unit in "万萬" for yuan in ("", "元")}
_UNITS |= {f"{unit}{yuan}": 1e8 for unit in "亿億" for yuan in ("", "元")}
_SUFFIX = re.compile(r"(?P<number>.*?[0-9.])\s*(?P<unit>%|‰|[万萬亿億]元?|元)")
_BRACKETS = re.compile(r"\((?P<number>[^-+()]*)\)")
_MARK = re.compile(r"¥\s*(?P<number>.*)")
_SWAPPED = str.maketrans(",.", ".,")
_PLAIN, _GROUPED = re.compile(PLAIN), re.compile(GROUPED)
_SPECIAL = {"inf": float("inf"), "-inf": float("-inf"), "infinity": float("inf"), "-infinity": float("-inf")}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that was read, and whether its cell names the unit, so that the column's scale is not for it."""

    value: float
    own_unit: bool = False


def plain(decimal: str) -> str:
    """Return the pattern of a plain number with that decimal mark."""
    return PLAIN if decimal == "." else PLAIN.replace(r"\.", ",")


def grouped(decimal: str) -> str:
    """Return the pattern of a number with parted thousands, the marks swapped where the decimal mark is a comma."""
    return (
        GROUPED
        if decimal == "."
        else GROUPED.replace(",[0-9]{3}", r"\.[0-9]{3}").replace(r"(?:\.[0-9]*)", "(?:,[0-9]*)")
    )


def numeral(text: str, decimal: str = ".") -> Numeral | None:
    """Read a number.

    Parameters
    ----------
    text : str
        A cell.
    decimal : {'.', ','}
        The decimal mark; the other one parts thousands.

    Returns
    -------
    Numeral or None
        None if it is no number, or contains the sign of a footnote such as ¹ or ①. Brackets make it negative; percent,
        per mille, 万 and 亿 are applied.
    """
    if not text.isascii() and any(_is_note(letter) for letter in text):
        return None
    digits = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if decimal == ",":
        digits = digits.translate(_SWAPPED)
    if digits.lower() in _SPECIAL:
        return Numeral(_SPECIAL[digits.lower()])
    factor, sign, unit = 1.0, 1.0, None
    if match := _BRACKETS.fullmatch(digits):
        digits, sign = match["number"].strip(), -1.0
    if match := _MARK.fullmatch(digits):
        digits = match["number"]
    if match := _SUFFIX.fullmatch(digits):
        digits, unit = match["number"], match["unit"]
        factor = _UNITS[unit]
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    if not _PLAIN.fullmatch(digits):
        return None
    # 12.5 % is 0.125 exactly as 12.5 / 100 rounds it; a factor of 0.01 would round twice.
    value = float(digits) / round(1.0 / factor) if factor < 1.0 else float(digits) * factor
    return Numeral(sign * value, unit is not None)


def _is_note(letter: str) -> bool:
    """Return whether a letter is a raised, lowered or circled one: the sign of a note, and no digit of the number."""
    return unicodedata.decomposition(letter).partition(">")[0] in ("<super", "<sub", "<circle")
