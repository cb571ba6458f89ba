"""Shapley values of leaf games for every pattern of a group.

A leaf is a product game: it gives its value where every feature it depends on is satisfied, by the row for the features
in the coalition and by the absent player for the others. With the absent player's pattern r distributed as w, the
Shapley value of feature f for a row's pattern o is (Owen 1972, the multilinear extension)

    value * sum_r w(r) (o_f - r_f) * integral over t in (0, 1) of prod_{j != f} (t o_j + (1 - t) r_j) dt .

The integrand is a polynomial of degree m - 1 in t, so Gauss-Legendre quadrature with (m + 1) // 2 nodes is exact. At
each node the sum over r is a product of two-by-two maps, one a feature, applied to w. Path-dependent values are the
case of independent r_j with the probabilities that the training cover gives; against a reference population w counts
its rows.
"""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.core.compilation import compiled, inlined
from icsml.explain.treeshap.leaf_groups import MOST_CONDITIONS, Group

__all__ = ["group_tables"]


_NODES, _WEIGHTS = np.zeros((MOST_CONDITIONS + 1, MOST_CONDITIONS)), np.zeros((MOST_CONDITIONS + 1, MOST_CONDITIONS))
for _m in range(1, MOST_CONDITIONS + 1):
    _t, _w = np.polynomial.legendre.leggauss((_m + 1) // 2)
    _NODES[_m, : len(_t)], _WEIGHTS[_m, : len(_t)] = (_t + 1.0) / 2.0, _w / 2.0


def group_tables(group: Group, counts: Floats | None) -> tuple[Floats, float]:
    """Return the table of a group and its part of the base.

    Parameters
    ----------
    group : Group
        The leaves.
    counts : ndarray of shape (patterns,), optional
        Share of the reference rows that show each pattern; without it the training cover is meant.

    Returns
    -------
    table : ndarray of shape (patterns, features + 1)
        Value of the leaf reached, and the Shapley value of each feature of the group.
    base : float
        What the group gives on average.
    """
    column = {feature: i + 1 for i, feature in enumerate(group.features)}
    table = np.zeros((group.patterns, len(column) + 1))
    base = 0.0
    for value, terms in group.leaves:
        slots = np.array([column[term.feature] for term in terms], dtype=np.int64)
        asked = np.array([(term.ones, term.zeros) for term in terms], dtype=np.int64).reshape(-1, 2)
        shares = np.array([term.share for term in terms])
        base += _add_leaf(
            value, slots, asked, shares, table, np.empty(0) if counts is None else counts, _NODES, _WEIGHTS
        )
    return table, base


@compiled
def _add_leaf(
    value: float,
    slots: Ints,
    asked: Ints,
    shares: Floats,
    table: Floats,
    counts: Floats,
    nodes: Floats,
    weights: Floats,
) -> float:
    """Add one leaf to the table and return its mean contribution."""
    # A pattern of the group is which conditions are true; what the leaf sees of it is one bit a feature, set if the
    # feature meets all its conditions on it. Values are computed by what the leaf sees, and spread over patterns.
    m = slots.shape[0]
    full = (1 << m) - 1
    seen = np.empty(table.shape[0], np.int64)
    for pattern in range(table.shape[0]):
        leaf_pattern = 0
        for j in range(m):
            leaf_pattern |= ((pattern & asked[j, 0]) == asked[j, 0] and (pattern & asked[j, 1]) == 0) << j
        seen[pattern] = leaf_pattern
        if leaf_pattern == full:
            table[pattern, 0] += value
    absent = _absent(m, shares, seen, counts)
    values = np.zeros((m, full + 1))
    work = np.empty(full + 1)
    for k in range((m + 1) // 2):
        for f in range(m):
            work[:] = absent
            _apply(work, m, f, nodes[m, k])
            for pattern in range(full + 1):
                values[f, pattern] += weights[m, k] * work[pattern]
    for pattern in range(table.shape[0]):
        for f in range(m):
            table[pattern, slots[f]] += value * values[f, seen[pattern]]
    return value * float(absent[full])


@inlined
def _absent(m: int, shares: Floats, seen: Ints, counts: Floats) -> Floats:
    """Return the distribution of the absent player's pattern."""
    absent = np.zeros(1 << m)
    if counts.shape[0] > 0:
        for pattern in range(seen.shape[0]):
            absent[seen[pattern]] += counts[pattern]
        return absent
    for pattern in range(1 << m):
        product = 1.0
        for j in range(m):
            product *= shares[j] if pattern >> j & 1 else 1.0 - shares[j]
        absent[pattern] = product
    return absent


@inlined
def _apply(work: Floats, m: int, f: int, t: float) -> None:
    """Map each axis from the absent player's bit to the row's: o - r on axis f, t o + (1 - t) r on the others.

    In place, axis by axis, on pairs of entries that differ in one bit: m 2^m steps in place of 4^m.
    """
    for j in range(m):
        step = 1 << j
        for start in range(0, 1 << m, 2 * step):
            for i in range(start, start + step):
                without, having = work[i], work[i + step]
                if j == f:
                    work[i], work[i + step] = -having, without
                else:
                    work[i], work[i + step] = (1.0 - t) * having, t * without + having
