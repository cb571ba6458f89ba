"""Figures for a validator: sample, grades against outcomes, variables, the model's make-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from icsml.validation.rate_interval import rate_interval

__all__ = [
    "EMBARGO",
    "OTHER",
    "TESTED",
    "TRAINED",
    "UNLABELLED",
    "Band",
    "Bands",
    "Evidence",
    "Firms",
    "Gain",
    "Make",
    "Outcomes",
    "Part",
    "SampleFigures",
    "Variable",
]

OTHER: Final = 0
"""Whether the model was trained on the row is not known: another data set, or the bundle does not state it."""
TRAINED: Final = 1
TESTED: Final = 2
EMBARGO: Final = 3
UNLABELLED: Final = 4


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of the data set that training used in one way: ``train``, ``embargo``, ``test``, ``unlabelled``, ``other``.

    ``first`` and ``last`` are decision dates, None where rows have none; ``events`` is None without outcomes.
    """

    name: str
    rows: int
    events: int | None
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """The development sample, and how the rows assessed relate to it.

    Parameters
    ----------
    relation : {'same', 'other', 'unknown', 'unrecorded'}
        Whether the data set assessed is the one that the model was trained on.
    split : str or None
        ``out_of_time``, ``folds``; None where the bundle does not state it and the data set is another.
    test_from, embargo_months, folds, seed
        How the split was made, as far as it is known.
    trained : (str, int, int) or None
        Data set, rows and events that the bundle states it was trained on.
    parts : tuple of Part
        All rows of the data set, by how training used them.
    meaning : str or None
        The definition of the outcome, in the words of the data set.
    labelled : bool
        Whether the data set contains outcomes.
    exclusions : mapping of str to int
        Rows and values that were left out or need care, by kind.
    """

    relation: Literal["same", "other", "unknown", "unrecorded"]
    split: str | None
    test_from: str | None
    embargo_months: int | None
    folds: int | None
    seed: int | None
    trained: tuple[str, int, int] | None
    trained_sha256: str | None
    parts: tuple[Part, ...]
    meaning: str | None
    labelled: bool
    exclusions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows with a known outcome, events among them, and their mean PD; None without a row."""

    rows: int
    events: int
    pd_mean: float | None

    @property
    def rate(self) -> float | None:
        """Observed rate."""
        return self.events / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its interval at 95 %."""
        return rate_interval(self.events, self.rows)

    @property
    def outside(self) -> bool:
        """Whether the mean PD is outside that interval."""
        return self.interval is not None and not self.interval[0] <= (self.pd_mean or 0.0) <= self.interval[1]


@dataclass(frozen=True, slots=True)
class Band:
    """One grade, or one band of PDs where there are no grades; ``trained`` and ``held_out`` as far as outcomes are."""

    name: str
    lower: float
    upper: float
    rows: int
    trained: Outcomes
    held_out: Outcomes


@dataclass(frozen=True, slots=True)
class Bands:
    """Outcomes by grade.

    Parameters
    ----------
    graded : bool
        Whether the master scale applies; else bands of PD.
    provenance : {'assumed', 'declared'}
        Whether the scale is the one that icsml ships as an assumption, or another.
    scale_event, scale_months
        What the scale is of.
    bands : tuple of Band
        From the best.
    trained, held_out : Outcomes
        All rows.
    """

    graded: bool
    provenance: Literal["assumed", "declared"]
    scale_event: str
    scale_months: int
    bands: tuple[Band, ...]
    trained: Outcomes
    held_out: Outcomes


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable by itself: information value, and the index of its most correlated other variable."""

    iv: float | None
    correlation: float | None
    partner: int | None


@dataclass(frozen=True, slots=True)
class Make:
    """The trees of one file: how many, how deep, and the calibration a (slope) and b (intercept)."""

    file: str
    trees: int
    depth: int
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Gain:
    """Addition of innovation to the AUC.

    Parameters
    ----------
    auc, low, high : float or None
        Difference with its interval at 95 %; None where it is not known.
    source : str
        ``test`` or ``folds``: measured in training; ``rows``: measured here, on rows not trained on. Else why it is not
        known: ``no_innovation``, ``no_companion``, ``not_recorded``.
    rows, events : int or None
        On how many rows.
    """

    auc: float | None
    low: float | None
    high: float | None
    source: str
    rows: int | None = None
    events: int | None = None


@dataclass(frozen=True, slots=True)
class Firms:
    """Rows that can be looked up.

    Parameters
    ----------
    ids, as_of : tuple of str
        Enterprise and decision date; an empty text where there is none.
    pd, score : ndarray of shape (n,)
        PD and score.
    without : ndarray of shape (n,), optional
        PD of the companion; None where there is none.
    grade : ndarray of object of shape (n,)
        Grade or None.
    usage : ndarray of int of shape (n,)
        How training used the row, ``OTHER`` to ``UNLABELLED``.
    bad : ndarray of shape (n,)
        Outcome; NaN where it is not known.
    fallback : ndarray of bool of shape (n,)
        Whether the companion gave the PD.
    adverse : ndarray of int of shape (n, k)
        Places of the features that are adverse reasons, the largest first; -1 is none.
    """

    ids: tuple[str, ...]
    as_of: tuple[str, ...]
    pd: NDArray[np.float64]
    score: NDArray[np.int64]
    without: NDArray[np.float64] | None
    grade: NDArray[np.object_]
    usage: NDArray[np.int8]
    bad: NDArray[np.float64]
    fallback: NDArray[np.bool_]
    adverse: NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Figures for a validator.

    Parameters
    ----------
    gain : Gain
        What innovation adds to the AUC.
    sample : SampleFigures
        The development sample.
    bands : Bands
        Outcomes by grade.
    variables : tuple of Variable
        In the order of the features.
    iv_rows, correlation_rows : int
        On how many rows these were computed.
    makes : tuple of Make
        The trees, by file.
    figures : mapping of str to float
        What training measured on rows it had not seen; empty where the bundle does not state it.
    seed : int or None
        Of training.
    run_id : str or None
        Of the register.
    fallback, trained_rows : int
        Rows assessed whose PD the companion gave, and those that the model was trained on.
    firms : Firms
        Rows that can be looked up.
    """

    gain: Gain
    sample: SampleFigures
    bands: Bands
    variables: tuple[Variable, ...]
    iv_rows: int
    correlation_rows: int
    makes: tuple[Make, ...]
    figures: Mapping[str, float]
    seed: int | None
    run_id: str | None
    fallback: int
    trained_rows: int
    firms: Firms
