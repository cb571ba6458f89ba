"""Random generators keyed by their purpose, so that rows do not depend on how they are cut into chunks.

Enterprises come in fixed blocks. Each part of a block (latents, statements, …) has a generator of its own, whose key is
(block, part); the macro path has another, shared by all blocks.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from scipy.special import ndtri

from icsml.core.arrays import Floats

__all__ = ["BLOCK", "Part", "block_rng", "macro_path"]


BLOCK = 2048


class Part(IntEnum):
    """Purpose of a generator; the numbers are part of the seed and never change."""

    IDENTITY = 0
    LATENTS = 1
    EVENTS = 2
    STATEMENTS = 3
    INNOVATION = 4
    CREDIT = 5
    BANK = 6
    MISSINGNESS = 7
    SIZE = 8
    FLOWS = 9
    PEOPLE = 10
    FRAMES = 11


_MACRO_KEY = 2**31


def block_rng(seed: int, block: int, part: Part) -> np.random.Generator:
    """Return the generator of one part of one block of enterprises."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(block, int(part)))))


def macro_path(seed: int, columns: int) -> Floats:
    """Return the systematic factor of each year, shape (columns,).

    Each year's factor is standard normal; the years are stratified, so that a portfolio of some years sees both
    good and bad ones and its average default rate does not depend on the luck of a few draws.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(_MACRO_KEY,))))
    strata = rng.permutation(columns)
    factor: Floats = ndtri((strata + rng.random(columns)) / columns)
    return factor
