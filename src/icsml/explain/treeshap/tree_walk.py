"""Path-dependent values of deep trees: path products passed down, leaf sums passed up, by quadrature.

The formula is that of :mod:`icsml.explain.treeshap.shapley_tables`, for independent absent players: at a node t of
quadrature a leaf's integrand is ``value * prod_j (t o_j + (1 - t) z_j)``, where z_j is the share of the cover that its
splits on feature j keep; feature f gets ``(o_f - z_f) / (t o_f + (1 - t) z_f)`` times that. The product is updated edge
by edge on the way down and the leaves are summed on the way up, so a tree costs its edges times half its longest path,
and no table (compare Yu, Zhou and Kwok 2022, Linear TreeSHAP).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Int32s
from icsml.explain.treeshap.forest import Forest, Tree
from icsml.explain.treeshap.threshold_ranks import NEVER, Condition, Ranks

__all__ = [
    "BEFORE",
    "COLUMN",
    "CONSTANTS",
    "DEPTH",
    "DOWN",
    "FEATURE",
    "FIRST",
    "KIND",
    "LEAF",
    "LOW",
    "NODES",
    "UP",
    "WIDTH",
    "Walk",
    "walk",
]


_ROOM: Final = 8
_OVERHEAD: Final = 2.0  # what a step costs beside its nodes of quadrature, in nodes


DOWN, LEAF, UP = 0, 1, 2
KIND, DEPTH, COLUMN, LOW, WIDTH, BEFORE, FEATURE, NODES, CONSTANTS, FIRST = range(10)
"""Columns of :attr:`Walk.steps`, in the order of its description."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Steps through all trees.

    Parameters
    ----------
    steps : ndarray of int32 of shape (s, 10)
        Kind; depth of the edge's upper end; column, low and width of its condition; one more than the depth at which
        the state of its feature was left before (0: nowhere); feature (-1: a tree of one leaf); nodes of quadrature;
        where its constants begin; whether it is the first to come back to its upper end.
    values : ndarray of float64 of shape (s, 2)
        For leaf steps the leaf's value where the edge's condition is true, and where not: two leaves that share a
        split are one step.
    constants : ndarray of float64
        Eight an edge and node, by the state of the feature and one apart: for edges the factor of the product and the
        feature's term, for leaves the product's weight below and in the feature's value.
    depth, nodes : int
        The longest path, and the most nodes of quadrature.
    base : float
        The expected margin.
    """

    steps: Int32s
    values: Floats
    constants: Floats
    depth: int
    nodes: int
    base: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """State of a feature at a node: all conditions above, the share that they keep, the depth of the last edge."""

    condition: Condition
    share: float
    depth: int


class _Writer:
    """Writes the steps of one tree after another."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self.steps: list[tuple[int, ...]] = []
        self.values: list[tuple[float, float]] = []
        self.constants: list[Floats] = []
        self.length = 0
        self.depth = 1
        self.base = 0.0
        self._t = self._w = np.empty(0)

    def tree(self, tree: Tree) -> None:
        if not len(tree.feature):
            value = float(tree.leaf_value[0])
            self.base += value
            self.steps.append((LEAF, 0, 0, NEVER, 0, 0, -1, 0, 0, 1))
            self.values.append((value, value))
            return
        for part in _parts(tree, 0, frozenset(), ()).parts:
            self._t, self._w = _quadrature(part.nodes)
            self._below(tree, 0, 0, {}, 1.0, part.way)

    def _below(
        self, tree: Tree, node: int, depth: int, seen: dict[int, _Seen], product: float, way: tuple[int, ...]
    ) -> None:
        """Write everything below a split, or, for a part with a path from the root, its end."""
        self.depth = max(self.depth, depth + 1)
        left, right = int(tree.left[node]), int(tree.right[node])
        split = self.ranks.split(int(tree.feature[node]), float(tree.threshold[node]), bool(tree.nan_left[node]))
        before = seen.get(split.feature)
        shares = [tree.cover_of(child) / float(tree.cover[node]) for child in (left, right)]
        sides = [
            _Side(side, child, share, _edge(before, share, self._t, self._w), product * share)
            for side, child, share in zip((split, self.ranks.otherwise(split)), (left, right), shares, strict=True)
            if not way or child == way[0]
        ]
        if all(side.child < 0 for side in sides):
            self._leaves(tree, depth, before, sides, fresh=True)
            return
        for side in sides:
            if side.child < 0:
                self._leaves(tree, depth, before, [side], fresh=side is sides[0])
                continue
            start = self._constants(side.constants)
            step = self._write(DOWN, depth, before, side.condition, start, fresh=False)
            merged = side.condition if before is None else before.condition.both(side.condition)
            now = _Seen(merged, side.share * (1.0 if before is None else before.share), depth + 1)
            self._below(tree, side.child, depth + 1, seen | {split.feature: now}, side.product, way[1:])
            self.steps.append((UP, *self.steps[step][1:-1], int(side is sides[0])))
            self.values.append((0.0, 0.0))

    def _leaves(self, tree: Tree, depth: int, before: _Seen | None, sides: list[_Side], *, fresh: bool) -> None:
        """Write one leaf, or the two of a split: right applies if the left condition fails and those above are true."""
        given = [float(tree.leaf_value[~side.child]) for side in sides]
        made = given[0] * _weights(sides[0].constants)
        if len(sides) == 2:  # the right condition is true (state 2) where the left one fails (1), and vice versa
            made = made + given[1] * _weights(sides[1].constants)[:, [0, 2, 1, 3, 4, 6, 5, 7]]
        self.base += sum(value * side.product for value, side in zip(given, sides, strict=True))
        self._write(LEAF, depth, before, sides[0].condition, self._constants(made), fresh=fresh)
        self.values[-1] = (given[0], given[1] if len(given) == 2 else 0.0)

    def _constants(self, made: Floats) -> int:
        start = self.length
        self.constants.append(made.ravel())
        self.length += made.size
        return start

    def _write(self, kind: int, depth: int, before: _Seen | None, split: Condition, start: int, *, fresh: bool) -> int:
        merged = split if before is None else before.condition.both(split)
        last = 0 if before is None else before.depth
        test = self.ranks.test(merged)
        self.steps.append((kind, depth, *test, last, split.feature, len(self._t), start, int(fresh)))
        self.values.append((0.0, 0.0))
        return len(self.steps) - 1


@dataclass(frozen=True, slots=True)
class _Side:
    """One edge below a split."""

    condition: Condition
    child: int
    share: float
    constants: Floats
    product: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A subtree walked separately: the children on the way from the root, and its number of quadrature nodes."""

    way: tuple[int, ...]
    nodes: int


@dataclass(frozen=True, slots=True)
class _Partition:
    """The cheapest partition of a subtree, and its parts."""

    cost: float
    parts: tuple[_Part, ...]
    steps: int
    features: int


def _parts(tree: Tree, node: int, above: frozenset[int], way: tuple[int, ...]) -> _Partition:
    """Cut a subtree where a deep side would require needless quadrature nodes on the shallow one.

    Each part is walked from the root, so the edges on its way are walked once more.
    """
    if node < 0:
        return _whole(1, len(above), way)
    here = above | {int(tree.feature[node])}
    children = (int(tree.left[node]), int(tree.right[node]))
    left, right = (_parts(tree, child, here, (*way, child)) for child in children)
    inner = sum(2 for child in children if child >= 0)
    twins = int(children[0] < 0 and children[1] < 0)  # two leaves of one split are one step
    whole = _whole(left.steps + right.steps + inner - twins, max(left.features, right.features), way)
    if whole.cost <= left.cost + right.cost:
        return whole
    return _Partition(left.cost + right.cost, left.parts + right.parts, whole.steps, whole.features)


def _whole(steps: int, features: int, way: tuple[int, ...]) -> _Partition:
    nodes = (features + 1) // 2
    return _Partition((steps + 2 * len(way)) * (_OVERHEAD + nodes), (_Part(way, nodes),), steps, features)


def walk(forest: Forest, ranks: Ranks) -> Walk:
    """Return the steps through all trees, and the constants at each of them."""
    writer = _Writer(ranks)
    for tree in forest.trees:
        writer.tree(tree)
    steps = np.array(writer.steps, dtype=np.int32).reshape(-1, 10)
    order = ranks.order()
    steps[:, COLUMN] = order[steps[:, COLUMN]] if len(order) else 0
    return Walk(
        steps=steps,
        values=np.array(writer.values).reshape(-1, 2),
        constants=np.concatenate([*writer.constants, np.zeros(_ROOM)]),  # a vector begins in the middle of the last
        depth=writer.depth,
        nodes=int(steps[:, NODES].max(initial=0)),
        base=writer.base,
    )


def _quadrature(nodes: int) -> tuple[Floats, Floats]:
    """Return nodes in (0, 1) and weights that integrate polynomials of degree 2 nodes - 1 exactly."""
    t, w = np.polynomial.legendre.leggauss(nodes)
    return (t + 1.0) / 2.0, w / 2.0


def _edge(seen: _Seen | None, share: float, t: Floats, w: Floats) -> Floats:
    """Return the constants of an edge, shape (nodes, 8): factor of the product and term of the feature, by state.

    States: 0 if the feature's conditions above were false, 1 if they were true and this one is not, 2 if all are true.
    """
    before = None if seen is None else seen.share
    now = share if before is None else share * before
    made = np.zeros((len(t), _ROOM))
    factor_before = 1.0 if before is None else t + (1.0 - t) * before
    term = 0.0 if before is None else (1.0 - before) / factor_before
    holds = t + (1.0 - t) * now
    made[:, 0] = share
    made[:, 1] = (1.0 - t) * now / factor_before
    made[:, 2] = holds / factor_before
    made[:, 5] = w * (-1.0 / (1.0 - t) - term)
    made[:, 6] = w * ((1.0 - now) / holds - term)
    return made


def _weights(edge: Floats) -> Floats:
    """Return the weights of a product above a leaf: below, and in the feature's value."""
    return np.concatenate([edge[:, :4], edge[:, :4] * edge[:, 4:]], axis=1)
