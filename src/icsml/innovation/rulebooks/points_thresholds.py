"""The numbers at which a points function changes, for plots."""

from __future__ import annotations

from fractions import Fraction

from icsml.innovation.rulebooks.points_functions import (
    Bands,
    Counts,
    Efficacy,
    Flag,
    Intervals,
    Percentile,
    PointsFunction,
    Ramp,
)

__all__ = ["thresholds"]


def thresholds(function: PointsFunction) -> tuple[Fraction, ...]:
    """Return the numbers at which the points change, rising.

    Parameters
    ----------
    function : PointsFunction
        How a value earns points.

    Returns
    -------
    tuple of Fraction
        Ends of bands and intervals, counts reached, anchors of a ramp, the two values of an efficacy coefficient. None
        for yes and no, and none for ranks among peers, which have no fixed ends.
    """
    return tuple(sorted(set(_written(function))))


def _written(function: PointsFunction) -> list[Fraction]:
    match function:
        case Bands():
            return [step.threshold for step in function.steps]
        case Intervals():
            ends = [end for row in function.rows for end in (row.start, row.stop)]
            return [end[0] for end in ends if end is not None]
        case Counts():
            return [Fraction(number) for number in function.at]
        case Ramp():
            return [anchor for anchor, _ in function.anchors]
        case Efficacy():
            return [function.unacceptable, function.satisfactory]
        case Flag() | Percentile():
            return []
