"""Groups of leaves that depend on few conditions, so that their values can be looked up by a bit pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from icsml.explain.treeshap.forest import Forest, Tree
from icsml.explain.treeshap.threshold_ranks import Condition, Ranks

__all__ = ["MOST_CONDITIONS", "Group", "LeafTerm", "cut"]

MOST_CONDITIONS: Final = 12
_SHARED: Final = 8  # conditions of a group of several leaves
_REGISTER: Final = 16  # patterns that one vector permutation looks up
# What a look-up costs by number of conditions, in permutations of one pair of registers; beyond, it is gathered.
_LOOK_UP: Final = (1.0, 1.0, 1.0, 1.0, 1.0, 1.5, 3.0)
_GATHER: Final = 6.0
_TESTS: Final = (4, 5, 6, 8, MOST_CONDITIONS)
_OVERHEAD: Final = 1.5  # finding the pattern, in look-ups


@dataclass(frozen=True, slots=True)
class LeafTerm:
    """A leaf's condition on one feature, as bits of its group's pattern.

    Parameters
    ----------
    feature : int
        The feature.
    ones, zeros : int
        Bits that must be set, and bits that must not be.
    share : float
        Product of the cover fractions along the path's splits on the feature.
    """

    feature: int
    ones: int
    zeros: int
    share: float


@dataclass(frozen=True, slots=True)
class Group:
    """Leaves of one tree and the conditions that determine their values.

    Parameters
    ----------
    conditions : tuple of Condition
        Bit i of the pattern is set where the i-th is true.
    leaves : tuple of (float, tuple of LeafTerm)
        Value and terms of each leaf.
    """

    conditions: tuple[Condition, ...]
    leaves: tuple[tuple[float, tuple[LeafTerm, ...]], ...]

    @property
    def features(self) -> tuple[int, ...]:
        """The features that any leaf depends on, ascending."""
        return tuple(sorted({term.feature for _, terms in self.leaves for term in terms}))

    @property
    def patterns(self) -> int:
        """Rows of its table: a power of two, and at least one register."""
        return max(_REGISTER, 1 << len(self.conditions))

    @property
    def tests(self) -> int:
        """Number of conditions tested, including those that are never true."""
        return next(size for size in _TESTS if size >= len(self.conditions))


@dataclass(frozen=True, slots=True)
class _Cut:
    cost: float
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    """Path to a node: for each feature on it one merged condition and the share of the cover that it keeps."""

    conditions: dict[int, Condition]
    shares: dict[int, float]

    def down(self, condition: Condition, share: float) -> _Path:
        feature = condition.feature
        before = self.conditions.get(feature)
        merged = condition if before is None else before.both(condition)
        return _Path(
            self.conditions | {feature: merged}, self.shares | {feature: self.shares.get(feature, 1.0) * share}
        )


def cut(forest: Forest, ranks: Ranks) -> list[Group]:
    """Cut every tree into the groups that are cheapest to look up.

    A subtree may be a group if its inner splits and one merged condition for each feature above it are at most eight;
    a leaf alone always is one.

    Parameters
    ----------
    forest : Forest
        The trees.
    ranks : Ranks
        Their thresholds.

    Returns
    -------
    list of Group
        In the order of the trees.
    """
    groups: list[Group] = []
    for tree in forest.trees:
        groups.extend(_cut(tree, 0 if len(tree.feature) else ~0, _Path({}, {}), ranks).groups)
    return groups


def _cut(tree: Tree, node: int, path: _Path, ranks: Ranks) -> _Cut:
    """Return the cheaper option: the subtree as one group, or each side cut at its own least cost.

    Sides are independent, so the least cost of the tree is found from the leaves up.
    """
    whole = _whole(tree, node, path, ranks)
    if node < 0:
        assert whole is not None  # noqa: S101 - a leaf alone is always a group
        return whole
    (left, left_path), (right, right_path) = _children(tree, node, path, ranks)
    parts = (_cut(tree, left, left_path, ranks), _cut(tree, right, right_path, ranks))
    cost = sum(part.cost for part in parts)
    if whole is not None and whole.cost <= cost:
        return whole
    return _Cut(cost, tuple(group for part in parts for group in part.groups))


def _children(tree: Tree, node: int, path: _Path, ranks: Ranks) -> tuple[tuple[int, _Path], tuple[int, _Path]]:
    left, right, cover = int(tree.left[node]), int(tree.right[node]), float(tree.cover[node])
    condition = _split(tree, node, ranks)
    return (
        (left, path.down(condition, tree.cover_of(left) / cover)),
        (right, path.down(ranks.otherwise(condition), tree.cover_of(right) / cover)),
    )


def _split(tree: Tree, node: int, ranks: Ranks) -> Condition:
    return ranks.split(int(tree.feature[node]), float(tree.threshold[node]), bool(tree.nan_left[node]))


def _whole(tree: Tree, node: int, path: _Path, ranks: Ranks) -> _Cut | None:
    """Return the subtree as one group, None where it depends on too many conditions."""
    splits = _splits(tree, node)
    if len(splits) + len(path.conditions) > _SHARED and node >= 0:
        return None
    conditions = list(path.conditions.values())
    conditions_of = {split: _split(tree, split, ranks) for split in splits}
    conditions += [condition for condition in dict.fromkeys(conditions_of.values()) if condition not in conditions]
    # Each condition has a bit of the pattern. What the splits above ask of a feature is one merged condition, a bit
    # that must be set; a split within the group is one of its own, set on its left and not set on its right.
    bit = {condition: 1 << i for i, condition in enumerate(conditions)}
    above = {
        feature: LeafTerm(feature, bit[test], 0, path.shares[feature]) for feature, test in path.conditions.items()
    }
    leaves: list[tuple[float, tuple[LeafTerm, ...]]] = []
    _collect(tree, node, above, {split: bit[condition] for split, condition in conditions_of.items()}, leaves)
    group = Group(tuple(conditions), tuple(leaves))
    b = len(conditions)
    look_up = _LOOK_UP[b] if b < len(_LOOK_UP) else _GATHER
    return _Cut((len(group.features) + 1) * look_up + _OVERHEAD, (group,))


def _splits(tree: Tree, node: int) -> list[int]:
    if node < 0:
        return []
    return [node, *_splits(tree, int(tree.left[node])), *_splits(tree, int(tree.right[node]))]


def _collect(
    tree: Tree,
    node: int,
    terms: dict[int, LeafTerm],
    bits: dict[int, int],
    leaves: list[tuple[float, tuple[LeafTerm, ...]]],
) -> None:
    """Walk the subtree and record, for each leaf, the bits that it requires by feature."""
    if node < 0:
        leaves.append((float(tree.leaf_value[~node]), tuple(terms[feature] for feature in sorted(terms))))
        return
    feature, cover, bit = int(tree.feature[node]), float(tree.cover[node]), bits[node]
    before = terms.get(feature, LeafTerm(feature, 0, 0, 1.0))
    for child, ones, zeros in ((int(tree.left[node]), bit, 0), (int(tree.right[node]), 0, bit)):
        share = before.share * (tree.cover_of(child) / cover)
        term = LeafTerm(feature, before.ones | ones, before.zeros | zeros, share)
        _collect(tree, child, terms | {feature: term}, bits, leaves)
