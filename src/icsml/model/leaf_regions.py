"""Leaf regions: the values of each feature that lead to a leaf, missing values included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.errors import ModelError
from icsml.model.trees import READ_AS_ZERO, TreeText, read_trees

__all__ = ["LeafRegions", "leaf_regions"]


@dataclass(frozen=True, slots=True, eq=False)
class LeafRegions:
    """The leaves of one tree over the m features that it splits on.

    Parameters
    ----------
    tree : int
        Number of the tree, from 0.
    features : ndarray of int of shape (m,)
        Columns it splits on, ascending.
    above, up_to : ndarray of shape (leaves, m)
        Present values that lead to the leaf: above the one, up to and with the other; minus infinity itself lies below
        every threshold. No present value leads there where ``above`` is not below ``up_to``.
    missing : ndarray of bool of shape (leaves, m)
        Whether a missing value leads there.
    values : ndarray of shape (leaves,)
        What the leaf adds to the margin.
    """

    tree: int
    features: Ints
    above: Floats
    up_to: Floats
    missing: Flags
    values: Floats


def leaf_regions(text: str) -> Iterator[LeafRegions]:
    """Read the leaves of every tree from LightGBM's model text.

    Where a split has ``missing_type`` none, LightGBM reads NaN as 0, and so is NaN led here. It reads values up to
    1e-35 in size as 0 too: thresholds between are moved to that distance, on the side that leads 0 where it was led.

    Parameters
    ----------
    text : str
        As :func:`icsml.model.trees.booster_text` gives it.

    Raises
    ------
    ModelError
        ``ICS-MOD-031`` for trees that this cannot describe: categorical splits, zero as missing, linear leaves, a
        threshold of NaN or minus infinity, or nodes that form no tree.
    """
    for number, tree in enumerate(read_trees(text)):
        yield _regions(number, tree)


def _regions(number: int, tree: TreeText) -> LeafRegions:
    values = tree.floats("leaf_value")
    if tree.is_categorical or tree.is_linear:
        raise _unsupported(number, "categorical splits or linear leaves")
    if len(values) == 1:
        none = np.empty((1, 0))
        return LeafRegions(number, np.empty(0, np.int64), none, none, none.astype(np.bool_), values)
    threshold = tree.floats("threshold")
    split, kind, left, right = map(tree.ints, ("split_feature", "decision_type", "left_child", "right_child"))
    if {len(split), len(threshold), len(kind), len(left), len(right)} != {len(values) - 1}:
        raise _unsupported(number, "lists of nodes that differ in length")
    # A threshold of plus infinity is LightGBM's way to part present values from missing ones.
    if tree.takes_zero_as_missing or not (threshold > -np.inf).all():
        raise _unsupported(number, "zero as missing, or a threshold of NaN or minus infinity")
    to_left = tree.missing_left(threshold)
    tiny = np.abs(threshold) <= READ_AS_ZERO
    threshold = np.where(tiny, np.where(threshold >= 0.0, READ_AS_ZERO, -READ_AS_ZERO), threshold)
    features, column = np.unique(split, return_inverse=True)
    above, up_to, missing = _walk(number, column, threshold, to_left, left, right, len(features))
    return LeafRegions(number, features, above, up_to, missing, values)


def _walk(
    number: int, column: Ints, threshold: Floats, to_left: Flags, left: Ints, right: Ints, m: int
) -> tuple[Floats, Floats, Flags]:
    """Carry the region of each node down to its children, until every leaf has one.

    LightGBM numbers a leaf as a child by the complement of its number: -1 is leaf 0, -2 leaf 1.
    """
    leaves = len(column) + 1
    above, up_to = np.empty((leaves, m)), np.empty((leaves, m))
    missing = np.empty((leaves, m), dtype=np.bool_)
    waiting = [(0, np.full(m, -np.inf), np.full(m, np.inf), np.ones(m, dtype=np.bool_))]
    seen: set[int] = set()
    while waiting:
        node, low, high, lost = waiting.pop()
        if node in seen or not -leaves <= node < leaves - 1:
            raise _unsupported(number, "nodes that form no tree")
        seen.add(node)
        if node < 0:
            above[~node], up_to[~node], missing[~node] = low, high, lost
            continue
        split = column[node]
        left_high, right_low, left_lost, right_lost = high.copy(), low.copy(), lost.copy(), lost.copy()
        left_high[split] = min(high[split], threshold[node])
        right_low[split] = max(low[split], threshold[node])
        left_lost[split] &= to_left[node]
        right_lost[split] &= not to_left[node]
        waiting.append((int(left[node]), low, left_high, left_lost))
        waiting.append((int(right[node]), right_low, high, right_lost))
    if len(seen) != 2 * leaves - 1:
        raise _unsupported(number, "nodes that form no tree")
    return above, up_to, missing


def _unsupported(number: int, what: str) -> ModelError:
    return ModelError(
        "ICS-MOD-031",
        f"its leaves cannot be described as boxes: it has {what}",
        field=f"tree {number}",
        remedy="train with icsml, which grows none of these",
    )
