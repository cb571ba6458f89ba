"""The direction certificate: a proof on the fitted trees that no PD moves against a declared direction.

For each tree, any two leaves that can be reached by rows equal in all features but one, of declared direction, must
have values in the declared order. "Can be reached" is exact: the regions of the two leaves meet on every other feature,
a missing value being one more value, which follows the default side of each split. That is the law on *present*
values; whether a value is missing is another branch and compared with nothing.

The condition is necessary and sufficient for each tree to be monotone, and so sufficient for their sum, the margin; the
calibration has a positive slope. It is not necessary for the sum: a violation in one tree may be made good by the
others, so a certificate that fails does not prove that some PD moves the wrong way. LightGBM's monotone method `basic`
bounds both sides of a split by the middle of their values, which keeps every tree in order; what it grew passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, PlainSerializer, computed_field
from pydantic.dataclasses import dataclass

from icsml.core.arrays import Flags, Ints
from icsml.core.canonical import sha256_hex
from icsml.errors import ModelError
from icsml.model.leaf_regions import LeafRegions, leaf_regions
from icsml.model.trees import booster_text

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["Bound", "Certificate", "DirectionProof", "Violation", "certify"]


_JsonNumber = Annotated[float, PlainSerializer(lambda value: value if isfinite(value) else None)]
"""A number whose JSON is null where it is not finite: an interval without that bound, or a leaf value of NaN."""


@dataclass(frozen=True)
class Bound:
    """Allowed values of one feature: present and above ``above``, up to and with ``up_to``, or missing."""

    feature: str
    above: _JsonNumber
    up_to: _JsonNumber
    missing: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def present(self) -> bool:
        """Whether any present value is allowed."""
        return self.above < self.up_to


@dataclass(frozen=True)
class Violation:
    """Two leaves in the wrong order.

    Parameters
    ----------
    tree : int
        Number of the tree, from 0.
    feature : str
        The feature of declared direction.
    leaves : tuple of int
        Leaf of the lower values of the feature, leaf of the higher ones.
    values : tuple of float
        What they add to the margin.
    low, high : Bound
        Values of the feature that lead to each, other features as in ``box``.
    box : tuple of Bound
        Rows that can be led to either: one bound for each other feature that the tree splits on.
    """

    tree: int
    feature: str
    leaves: tuple[int, int]
    values: tuple[_JsonNumber, _JsonNumber]
    low: Bound
    high: Bound
    box: tuple[Bound, ...]


@dataclass(frozen=True)
class DirectionProof:
    """Proof for one feature: trees that split on it, pairs of leaves compared, pairs in the wrong order."""

    feature: str
    sign: Annotated[int, Field(exclude=True)]
    trees: int
    pairs: int
    violations: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def direction(self) -> str:
        """The declared direction."""
        return "raises_risk" if self.sign > 0 else "lowers_risk"


@dataclass(frozen=True)
class Certificate:
    """The result of the proof.

    Parameters
    ----------
    sha256 : str
        SHA-256 of the trees as text, which is what a bundle's manifest gives for their file.
    trees, leaves : int
        How many were read.
    features : tuple of DirectionProof
        One for each feature of declared direction, in column order.
    violations : tuple of Violation
        The first ones, in tree order; how many there are stands in ``features``.
    """

    sha256: str
    trees: int
    leaves: int
    features: tuple[DirectionProof, ...]
    violations: tuple[Violation, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def holds(self) -> bool:
        """The verdict: every pair is in its declared order."""
        return all(proof.violations == 0 for proof in self.features)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def pairs(self) -> int:
        """Pairs of leaves compared."""
        return sum(proof.pairs for proof in self.features)


def certify(
    booster: lgb.Booster, names: Sequence[str], directions: Sequence[int], *, described: int = 20
) -> Certificate:
    """Prove, or refute tree by tree, that the margin follows the declared directions.

    Parameters
    ----------
    booster : lightgbm.Booster
        The fitted trees.
    names : sequence of str
        Names of its p features.
    directions : sequence of int
        +1, -1 or 0 for each.
    described : int
        Violations described; all are counted.

    Returns
    -------
    Certificate

    Raises
    ------
    ModelError
        ``ICS-MOD-005`` where names or directions are not one a feature, ``ICS-MOD-031`` for trees that cannot be
        proved anything of.
    """
    if not len(names) == len(directions) == booster.num_feature():
        raise ModelError(
            "ICS-MOD-005",
            f"the trees have {booster.num_feature()} features, with {len(names)} names, {len(directions)} directions",
            field="directions",
            remedy="give those of the encoder of the same bundle",
        )
    text = booster_text(booster)
    signs = np.asarray(directions, dtype=np.int64)
    counts = np.zeros((len(signs), 3), dtype=np.int64)
    violations: list[Violation] = []
    trees = leaves = 0
    for tree in leaf_regions(text):
        trees, leaves = trees + 1, leaves + len(tree.values)
        for column, checked, wrong in _compared(tree, signs):
            counts[tree.features[column]] += 1, int(checked.sum()), int(wrong.sum())
            pairs = np.argwhere(wrong)[: described - len(violations)]
            violations += [_violation(tree, column, names, int(low), int(high)) for low, high in pairs]
    proofs = tuple(
        DirectionProof(names[feature], int(signs[feature]), *(int(count) for count in counts[feature]))
        for feature in map(int, np.flatnonzero(signs))
    )
    return Certificate(sha256_hex(text.encode()), trees, leaves, proofs, tuple(violations))


def _compared(tree: LeafRegions, signs: Ints) -> Iterator[tuple[int, Flags, Flags]]:
    """Yield, for each column of declared direction, which pairs (lower, higher leaf) count and which are wrong.

    All arrays are of pairs of leaves: ``meet`` of shape (leaves, leaves, m) shows on which of the m features the
    regions of two leaves have a value in common. A pair counts for a column if that is the only feature on which they
    are apart, and all present values of the first leaf lie below those of the second.
    """
    directed = np.flatnonzero(signs[tree.features])
    if not directed.size:
        return
    meet = np.maximum(tree.above[:, None], tree.above) < np.minimum(tree.up_to[:, None], tree.up_to)
    meet |= tree.missing[:, None] & tree.missing
    apart = (~meet).sum(axis=2)
    has_present = tree.above < tree.up_to
    for column in directed:
        ordered = tree.up_to[:, column, None] <= tree.above[:, column]
        ordered &= has_present[:, column, None] & has_present[:, column]
        checked = (apart == 1) & ~meet[:, :, column] & ordered
        signed = signs[tree.features[column]] * tree.values
        in_order = signed[:, None] <= signed  # false for NaN, which is in no order
        yield int(column), checked, checked & ~in_order


def _violation(tree: LeafRegions, column: int, names: Sequence[str], low: int, high: int) -> Violation:
    name = [names[feature] for feature in tree.features]
    box = tuple(
        Bound(
            name[other],
            float(max(tree.above[low, other], tree.above[high, other])),
            float(min(tree.up_to[low, other], tree.up_to[high, other])),
            bool(tree.missing[low, other] and tree.missing[high, other]),
        )
        for other in range(len(name))
        if other != column
    )
    lower, higher = (
        Bound(name[column], float(tree.above[leaf, column]), float(tree.up_to[leaf, column]), missing=False)
        for leaf in (low, high)
    )
    values = float(tree.values[low]), float(tree.values[high])
    return Violation(tree.tree, name[column], (low, high), values, lower, higher, box)
