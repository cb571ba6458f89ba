"""Explanation stability: differences between two models' reasons for the same enterprises.

Everything here is a function of two matrices of terms, rows by features, old and new: it does not matter which engine
made them, nor why the models differ. Agreement of the top k is the *feature agreement* of Krishna et al., "The
Disagreement Problem in Explainable Machine Learning" (2022, arXiv:2202.01602), made of adverse reasons alone; agreement
of the whole ranking is Webber, Moffat and Zobel, "A Similarity Measure for Indefinite Rankings" (ACM TOIS 28:4, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from icsml.core.arrays import Flags, Floats, Indices, Ints
from icsml.explain.merging import Clusters, by_cluster

__all__ = [
    "TermsComparison",
    "compare",
    "jaccard",
    "movement",
    "rank_biased_overlap",
    "sign_flips",
    "top_adverse",
    "top_overlap",
]


PERSISTENCE: Final = 0.8
"""Of the rank-biased overlap: the first three ranks then carry 73 % of the weight."""


@dataclass(frozen=True, slots=True)
class TermsComparison:
    """Reasons of two models for the same n rows.

    Parameters
    ----------
    rows : int
        Rows compared.
    compared : int
        Rows with an adverse reason in at least one model: those that ``overlap`` and ``jaccard`` are means of.
    overlap : float or None
        Mean share of the top k adverse reasons that both models give (:func:`top_overlap`); None without a row.
    jaccard : float or None
        The same over the union (:func:`jaccard`).
    rank_biased_overlap : float or None
        Mean agreement of the whole rankings, from most adverse to most favourable.
    sign_flips : float or None
        Share of the old model's k largest reasons, of either sign, that have the opposite sign in the new one.
    size_log_odds : float or None
        Mean over rows of Σ|old term|.
    moved_log_odds : float or None
        Mean over rows of Σ|new term − old term|.
    """

    rows: int
    compared: int
    overlap: float | None
    jaccard: float | None
    rank_biased_overlap: float | None
    sign_flips: float | None
    size_log_odds: float | None
    moved_log_odds: float | None


def compare(old: Floats, new: Floats, *, top: int = 3, clusters: Clusters = ()) -> TermsComparison:
    """Compare two matrices of terms.

    Parameters
    ----------
    old, new : ndarray of shape (n, p)
        Terms in log-odds of the same rows and features; above zero is adverse.
    top : int
        Adverse reasons that are given of a row.
    clusters : Clusters
        Features whose reasons are merged where they have the same sign; it has flipped where the new model has none of
        this sign left and one of the other.
    """
    (old, _), (new, else_opposite) = by_cluster(old, clusters), by_cluster(new, clusters)
    shared = top_overlap(old, new, top)
    return TermsComparison(
        rows=len(old),
        compared=int((~np.isnan(shared)).sum()),
        overlap=_mean(shared),
        jaccard=_mean(jaccard(old, new, top)),
        rank_biased_overlap=_mean(rank_biased_overlap(old, new)),
        sign_flips=sign_flips(old, else_opposite, top),
        size_log_odds=_mean(np.abs(old).sum(axis=1)),
        moved_log_odds=_mean(np.abs(new - old).sum(axis=1)),
    )


def top_adverse(terms: Floats, top: int) -> Flags:
    """Return which terms are among the ``top`` largest of their row and above zero, ties by feature order; (n, p)."""
    return (_ranks(terms) < top) & (terms > 0.0)


def top_overlap(old: Floats, new: Floats, top: int) -> Floats:
    """Return, for each row, the top adverse reasons that both models have, over the length of the longer list.

    Where both have ``top`` adverse reasons this is the share in common; a reason that one model has and the other has
    none for counts against it. NaN where neither model has an adverse reason. Shape (n,).
    """
    a, b = top_adverse(old, top), top_adverse(new, top)
    return _over((a & b).sum(axis=1), np.maximum(a.sum(axis=1), b.sum(axis=1)))


def jaccard(old: Floats, new: Floats, top: int) -> Floats:
    """Return the same over the union of both lists, shape (n,): of three reasons two in common give 2/4, not 2/3."""
    a, b = top_adverse(old, top), top_adverse(new, top)
    return _over((a & b).sum(axis=1), (a | b).sum(axis=1))


def rank_biased_overlap(old: Floats, new: Floats, persistence: float = PERSISTENCE) -> Floats:
    """Return the rank-biased overlap of all features, ranked from most adverse to most favourable.

    The extrapolated form (Webber et al. 2010, eq. 32) at full depth: with A_d the share of the first d features that
    both rankings have, (1 − q)/q · Σ_d q^d·A_d + q^p. Shape (n,), 1 for equal rankings.
    """
    rows, features = old.shape
    deeper = np.maximum(_ranks(old), _ranks(new))  # the depth below which both rankings have the feature
    # One count over all rows: a cell of the flattened matrix (row, depth) for each feature.
    cell = (np.arange(rows)[:, None] * features + deeper).ravel()
    common = np.bincount(cell, minlength=rows * features).reshape(rows, features).cumsum(axis=1)
    depth = np.arange(1, features + 1)
    weight = persistence**depth
    agreed = ((common / depth) * weight).sum(axis=1)
    extrapolated: Floats = (1.0 - persistence) / persistence * agreed + persistence**features
    return extrapolated


def sign_flips(old: Floats, new: Floats, top: int) -> float | None:
    """Return the share of the old model's ``top`` largest terms, of either sign, whose sign is opposite in the new one.

    A term that became zero has not flipped. None where no term is other than zero.
    """
    largest = (_ranks(np.abs(old)) < top) & (old != 0.0)
    flipped = largest & (np.sign(new) == -np.sign(old))
    return float(flipped.sum() / largest.sum()) if largest.any() else None


def movement(old: Floats, new: Floats) -> Floats:
    """Return the mean |new term − old term| of each feature in log-odds, shape (p,)."""
    moved: Floats = np.abs(new - old).mean(axis=0)
    return moved


def _ranks(values: Floats) -> Indices:
    """Rank the terms of each row from the largest, 0 first, ties by feature order."""
    order = np.argsort(-values, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(values.shape[1])[None, :].repeat(len(values), axis=0), axis=1)
    return ranks


def _over(part: Ints, whole: Ints) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
