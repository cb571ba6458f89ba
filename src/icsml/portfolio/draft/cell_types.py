"""Type of a column's cells: flags, dates, numbers or texts, and words for "not known" among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Floats, Ints
from icsml.errors import InputError
from icsml.portfolio.cells import Missing, numbers, tokens
from icsml.portfolio.draft.column_guess import Type
from icsml.portfolio.draft.column_profile import Profile
from icsml.portfolio.draft.date_formats import DayGuess, Words, is_dated, written_days
from icsml.portfolio.draft.headings import Heading, canonical_name
from icsml.portfolio.draft.vocabulary import FLAGS, MISSING, SENTINELS, SENTINELS_ABOVE
from icsml.portfolio.reading.table import Column, is_text

__all__ = ["profile"]

_LOST = 0.05
_KEPT = 50
_CODE = re.compile(r"0[0-9]+|[0-9]{16,}")
_SURE_FLAGS = {"true", "false", "是", "否", "yes", "no"}  # alone, 1, n or 无 may be anything


def profile(column: Column) -> Profile:
    """Return the profile of a column; numbers that count days are recognised later, when all columns are known."""
    heading = Heading.of(column.name)
    kind = column.values.type
    try:
        if arrow.types.is_temporal(kind):
            return _of_words(column, heading, temporal=True)
        if is_text(kind) or arrow.types.is_boolean(kind) or arrow.types.is_null(kind):
            return _of_words(column, heading)
        return _of_numbers(column, heading)
    except InputError:
        filled = compute.is_valid(column.values).to_numpy()
        return Profile(column, heading, Type.OTHER, filled)


def _of_words(column: Column, heading: Heading, *, temporal: bool = False) -> Profile:
    cells = tokens(column, column.name, decimals=True)
    coded = compute.dictionary_encode(cells.values.combine_chunks())
    texts: list[str] = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts)).astype(np.int64)
    absent = {text: int(count) for text, count in zip(texts, counts, strict=True) if text.lower() in MISSING}
    base = Profile(column, heading, Type.TEXT, codes >= 0, lost=int(cells.broken.sum()))
    base = _with_words(base, texts, counts, codes)
    if temporal:
        return replace(base, type=Type.DATE, days=_temporal(texts)) if texts else replace(base, type=Type.EMPTY)
    paired = {text.lower() for text in texts} <= _pair(texts) and bool(texts)
    return _typed(base if paired else _without(base, absent)) or base


def _typed(bare: Profile) -> Profile | None:
    """Return the column where its words, those for "not known" left out, are flags, dates or numbers."""
    texts = bare.words.texts
    if not texts:
        return replace(bare, type=Type.EMPTY)
    if {text.lower() for text in texts} <= _pair(texts) and not bare.lost:
        return replace(bare, type=Type.FLAG, values=_flag_values(bare))
    named = canonical_name(bare.heading)
    days = written_days(bare.words, bare.heading, dated=is_dated(bare.heading, named[0] if named else None))
    if days is not None:
        yearly = days.keys == {"format": "%Y"}
        values = numbers(bare.column, bare.name, missing=Missing.of(bare.missing)).values if yearly else None
        return replace(bare, type=Type.DATE, days=days, values=values, lost=bare.lost + days.lost)
    if any(_CODE.fullmatch(text) for text in texts):
        return None
    return _as_numbers(bare)


def _pair(texts: Sequence[str]) -> set[str]:
    low = {text.lower() for text in texts}
    return next((set(pair) for pair in FLAGS if low <= set(pair) and (len(low) > 1 or low <= _SURE_FLAGS)), set())


def _flag_values(bare: Profile) -> Floats | None:
    """Return the numbers of flags that are read without ``values``."""
    if {text.lower() for text in bare.words.texts} <= {"0", "1", "true", "false"}:
        return numbers(bare.column, bare.name, missing=Missing.of(bare.missing)).values
    return None


def _as_numbers(bare: Profile) -> Profile | None:
    try:
        converted = numbers(bare.column, bare.name, missing=Missing.of(bare.missing))
    except InputError:
        return None
    present = converted.cells.values + converted.cells.unreadable
    if not converted.cells.values or converted.cells.unreadable > _LOST * present:
        return None
    percent = sum(text.rstrip().endswith(("%", "％")) for text in bare.words.texts)
    kind = Type.PERCENT if 2 * percent > len(bare.words.texts) else _whole(converted.values)
    return _with_sentinels(replace(bare, type=kind, values=converted.values, lost=converted.cells.unreadable))


def _of_numbers(column: Column, heading: Heading) -> Profile:
    values = numbers(column, column.name).values
    filled = ~np.isnan(values)
    distinct, inverse, counts = np.unique(values[filled], return_inverse=True, return_counts=True)
    base = Profile(column, heading, _whole(values), filled, len(distinct), values=values)
    whole = base.type is Type.WHOLE
    if not len(distinct):
        return replace(base, type=Type.EMPTY)
    if whole or len(distinct) <= _KEPT:
        texts = [str(int(value)) if value == np.floor(value) else repr(float(value)) for value in distinct.tolist()]
        codes = np.full(len(values), -1, dtype=np.int64)
        codes[filled] = inverse
        base = _with_words(base, texts, counts.astype(np.int64), codes)
    if set(base.words.texts) == {"0", "1"}:
        return replace(base, type=Type.FLAG)
    named = canonical_name(heading)
    if whole and (days := written_days(base.words, heading, dated=is_dated(heading, named[0] if named else None))):
        return replace(base, type=Type.DATE, days=days, lost=days.lost)
    return _with_sentinels(base)


def _whole(values: Floats) -> Type:
    known = values[np.isfinite(values)]
    return Type.WHOLE if bool((known == np.floor(known)).all()) and bool((np.abs(known) < 2**53).all()) else Type.NUMBER


def _with_words(base: Profile, texts: list[str], counts: Ints, codes: Ints) -> Profile:
    """Return the profile with its values, the most frequent first."""
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    words = Words([texts[index] for index in order], counts[order])
    return replace(base, words=words, distinct=len(texts), codes=rank[codes] if len(texts) <= _KEPT else None)


def _without(base: Profile, absent: dict[str, int]) -> Profile:
    """Return the profile as if the cells with words for "not known" were empty."""
    if not absent:
        return base
    kept = [index for index, text in enumerate(base.words.texts) if text not in absent]
    words = Words([base.words.texts[index] for index in kept], base.words.counts[kept])
    coded = tokens(base.column, base.name, decimals=True)
    filled = base.filled & ~Missing.of(absent).among(coded)
    codes: Any = None
    if base.codes is not None:
        moved = np.full(len(base.words.texts) + 1, -1, dtype=np.int64)
        moved[kept] = np.arange(len(kept))
        codes = moved[base.codes]
    return replace(base, words=words, distinct=len(kept), filled=filled, codes=codes, missing=absent)


def _with_sentinels(base: Profile) -> Profile:
    """Take -999 and the like for "not known" where they are far outside all other values."""
    values = base.values
    assert values is not None  # noqa: S101 - called for numbers alone
    sentinels: dict[str, int] = {}
    known = values[np.isfinite(values)]
    for sign, candidates in ((-1.0, SENTINELS), (1.0, SENTINELS_ABOVE)):
        listed = np.isin(known, candidates)
        rest = known[~listed]
        reach = max(float((sign * rest).max()), 0.0) if len(rest) else np.inf
        for candidate in candidates:
            count = int((known == candidate).sum())
            if count and abs(candidate) > 10 * reach and (count > 1 or sign < 0):
                sentinels[str(int(candidate))] = count
    if not sentinels:
        return base
    declared = np.isin(values, [float(word) for word in sentinels])
    cleared = np.where(declared, np.nan, values)
    kept = [index for index, text in enumerate(base.words.texts) if text not in sentinels]
    words = Words([base.words.texts[index] for index in kept], base.words.counts[kept])
    return replace(
        base,
        values=cleared,
        filled=base.filled & ~declared,
        distinct=base.distinct - len(sentinels),
        words=words,
        codes=None,
        missing=base.missing | sentinels,
        type=base.type if base.type is Type.PERCENT else _whole(cleared),
    )


def _temporal(texts: Sequence[str]) -> DayGuess:
    days = np.array([text[:10] for text in texts], dtype="datetime64[D]")
    return DayGuess({}, "the file holds them as dates", None, days.min().item(), days.max().item())
