"""Identity of an enterprise: code, region, industry, founding date, and decision dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Dates, Floats, Ints, Texts
from icsml.portfolio.synthetic.industries import (
    GIVEN,
    INDUSTRY_SHARES,
    REGION_SHARES,
    REGIONS,
    SURNAMES,
)
from icsml.portfolio.synthetic.parameters import LAST_YEAR, Timeline
from icsml.portfolio.synthetic.rng import BLOCK

__all__ = ["Firms", "draw_firms", "unified_codes"]

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
_VALUE = np.full(128, -1, dtype=np.int64)
_VALUE[_ALPHABET] = np.arange(31)
_WEIGHTS = np.array([pow(3, position, 31) for position in range(17)], dtype=np.int64)
_BODY_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_BODY_CHECK = np.frombuffer(b"0123456789X", dtype=np.uint8)
_SERIALS = 31**6
_STRIDE = 238_328_603


@dataclass(frozen=True, slots=True)
class Firms:
    """One block of enterprises, n of them.

    Parameters
    ----------
    number : Ints
        Running number over the whole portfolio.
    industry, region : Ints
        Index into the tables of :mod:`icsml.portfolio.synthetic.industries`.
    founded : Dates
        Date of founding.
    founded_year : Ints
        Its calendar year.
    entry_year : Ints
        First calendar year in which the bank looks at the firm.
    day : Ints
        Day of the year of every decision, 0 to 364; decisions are a year apart, so outcome windows never overlap.
    lag : Ints
        Days from the end of a period to the publication of its statements.
    code, name : Texts
        Unified social credit code, and legal representative (invented).
    """

    number: Ints
    industry: Ints
    region: Ints
    founded: Dates
    founded_year: Ints
    entry_year: Ints
    day: Ints
    lag: Ints
    code: Texts
    name: Texts


def _body(number: Ints, seed: int) -> NDArray[np.uint8]:
    """Return the organisation code, nine bytes with the GB 11714 check character, unique by number."""
    serial = (number * _STRIDE + seed * 7_919 + 104_729) % _SERIALS
    digits = serial[:, None] // 31 ** np.arange(5, -1, -1) % 31
    body = np.empty((len(number), 9), dtype=np.uint8)
    body[:, :2] = np.frombuffer(b"MA", dtype=np.uint8)
    body[:, 2:8] = _ALPHABET[digits]
    values = np.where(body[:, :8] >= ord("A"), body[:, :8].astype(np.int64) - 55, body[:, :8].astype(np.int64) - 48)
    check = (11 - (values * _BODY_WEIGHTS).sum(axis=1) % 11) % 11
    body[:, 8] = _BODY_CHECK[check]
    return body


def unified_codes(number: Ints, region: Texts, seed: int) -> Texts:
    """Return unified social credit codes by GB 32100-2015, check character included.

    Parameters
    ----------
    number : Ints
        Running numbers; distinct numbers below 31**6 get distinct codes.
    region : Texts, shape (n,)
        Six-digit regions, as bytes.
    seed : int
        Shifts the serial numbers.

    Returns
    -------
    Texts, shape (n,)
        Eighteen characters each.
    """
    codes = np.empty((len(number), 18), dtype=np.uint8)
    codes[:, :2] = np.frombuffer(b"91", dtype=np.uint8)
    codes[:, 2:8] = np.ascontiguousarray(region.astype("S6")).view(np.uint8).reshape(-1, 6)
    codes[:, 8:17] = _body(number, seed)
    total = (_VALUE[codes[:, :17]] * _WEIGHTS).sum(axis=1)
    codes[:, 17] = _ALPHABET[(31 - total % 31) % 31]
    return codes.view("S18").ravel().astype("U18")


def _pick(rng: np.random.Generator, shares: Floats, size: int) -> Ints:
    edges = np.cumsum(shares) / shares.sum()
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(shares) - 1).astype(np.int64)


def _founding(rng: np.random.Generator, n: int) -> tuple[Dates, Ints]:
    # A year old at least when the last decisions are taken, so that every firm is seen once.
    age = np.minimum(1.0 + rng.gamma(2.1, 5.0, n), 45.0)
    day = (np.datetime64(f"{LAST_YEAR}-12-31") - (age * 365.25).astype("timedelta64[D]")).astype("datetime64[D]")
    return day, day.astype("datetime64[Y]").astype(np.int64) + 1970


def _entry(rng: np.random.Generator, founded_year: Ints, line: Timeline) -> Ints:
    # A decision falls after the founding, so a firm can be seen in the year after it at the earliest.
    earliest = np.maximum(founded_year + 1, line.first)
    room = np.maximum(LAST_YEAR - earliest + 1, 1)
    late = (rng.random(len(room)) * room).astype(np.int64)
    return earliest + np.where(rng.random(len(room)) < 0.5, 0, late)


def draw_firms(rng: np.random.Generator, block: int, seed: int, line: Timeline) -> Firms:
    """Draw the firms of one block."""
    number = block * BLOCK + np.arange(BLOCK, dtype=np.int64)
    region = _pick(rng, REGION_SHARES, BLOCK)
    industry = _pick(rng, INDUSTRY_SHARES, BLOCK)
    founded, founded_year = _founding(rng, BLOCK)
    names = np.char.add(SURNAMES[rng.integers(len(SURNAMES), size=BLOCK)], GIVEN[rng.integers(len(GIVEN), size=BLOCK)])
    return Firms(
        number=number,
        industry=industry,
        region=region,
        founded=founded,
        founded_year=founded_year,
        entry_year=_entry(rng, founded_year, line),
        day=rng.integers(365, size=BLOCK),
        lag=(75 + 105 * rng.beta(2.0, 2.0, BLOCK)).astype(np.int64),
        code=unified_codes(number, REGIONS[region].astype("S6"), seed),
        name=names,
    )
