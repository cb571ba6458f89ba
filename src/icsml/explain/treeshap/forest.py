"""The trees of a LightGBM booster as arrays; rejects trees that pattern tables cannot explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.errors import ModelError
from icsml.model.trees import TreeText, read_trees

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["Forest", "Tree", "most_features", "read_forest"]


_LONGEST: Final = 500  # splits on a path; trees are walked by recursion
_REMEDY: Final = "train with numeric features and plain trees, or ask for LightGBM's own pred_contrib"


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree with s splits and s + 1 leaves; a child below zero is the leaf ``~child``.

    Parameters
    ----------
    feature : ndarray of int of shape (s,)
        Feature that each split reads.
    threshold : ndarray of shape (s,)
        A value up to it goes left.
    nan_left : ndarray of bool of shape (s,)
        Whether a missing value goes left.
    left, right : ndarray of int of shape (s,)
        Children.
    cover : ndarray of shape (s,)
        Training rows that reached each split.
    leaf_value, leaf_cover : ndarray of shape (s + 1,)
        What each leaf adds to the margin, and the training rows that reached it.
    """

    feature: Ints
    threshold: Floats
    nan_left: Flags
    left: Ints
    right: Ints
    cover: Floats
    leaf_value: Floats
    leaf_cover: Floats

    def cover_of(self, child: int) -> float:
        """Return the training rows that reached a split or a leaf."""
        return float(self.leaf_cover[~child] if child < 0 else self.cover[child])


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees of a booster, in the order in which their leaves are summed."""

    n_features: int
    trees: tuple[Tree, ...]


def read_forest(booster: lgb.Booster) -> Forest:
    """Read the trees that ``Booster.predict`` uses by default (up to the best iteration where there is one).

    Raises
    ------
    ModelError
        ``ICS-EXP-001`` for what cannot be explained here: more than one output, an averaged output, categorical splits,
        ``zero_as_missing``, linear leaves, a branch that no training row took; ``ICS-EXP-003`` for a path of more than
        five hundred splits.
    """
    if booster.num_model_per_iteration() != 1:
        raise _unsupported("it has more than one output a row")
    text = booster.model_to_string()
    if "\naverage_output\n" in text.partition("\nTree=")[0]:
        raise _unsupported("it averages its trees")
    return Forest(booster.num_feature(), tuple(_tree(tree, number) for number, tree in enumerate(read_trees(text))))


def most_features(tree: Tree) -> int:
    """Return the largest number of features that one leaf of the tree depends on."""
    return _most(tree, 0, frozenset()) if len(tree.feature) else 0


def _most(tree: Tree, node: int, above: frozenset[int]) -> int:
    if node < 0:
        return len(above)
    here = above | {int(tree.feature[node])}
    return max(_most(tree, int(tree.left[node]), here), _most(tree, int(tree.right[node]), here))


def _tree(text: TreeText, number: int) -> Tree:
    if text.is_linear:
        raise _unsupported(f"tree {number} has linear leaves")
    if text.is_categorical:
        raise _unsupported(f"tree {number} splits on a categorical feature")
    if text.takes_zero_as_missing:
        raise _unsupported(f"tree {number} takes zero as missing")
    threshold, leaves = text.floats("threshold"), text.floats("leaf_value")
    tree = Tree(
        feature=text.ints("split_feature"),
        threshold=threshold,
        nan_left=text.missing_left(threshold),
        left=text.ints("left_child"),
        right=text.ints("right_child"),
        cover=text.floats("internal_count"),
        leaf_value=leaves,
        leaf_cover=text.floats("leaf_count") if len(leaves) > 1 else np.ones(1),
    )
    if _longest(tree) > _LONGEST:
        raise ModelError(
            "ICS-EXP-003",
            f"tree {number} has a path of more than {_LONGEST} splits",
            field="trees",
            remedy="train shallower trees (max_depth)",
        )
    if len(leaves) > 1 and min(tree.cover.min(), tree.leaf_cover.min()) <= 0.0:
        raise _unsupported(f"tree {number} has a branch that no training row took")
    return tree


def _longest(tree: Tree) -> int:
    """Return the splits on the longest path; a split's children come after it."""
    depth = np.ones(len(tree.feature), dtype=np.int64)
    for node in range(len(depth)):
        for child in (tree.left[node], tree.right[node]):
            if child > 0:
                depth[child] = depth[node] + 1
    return int(depth.max(initial=0))


def _unsupported(why: str) -> ModelError:
    return ModelError("ICS-EXP-001", f"these trees cannot be explained by tables: {why}", field="trees", remedy=_REMEDY)
