"""Thresholds are where the points of a rulebook change, and nowhere else."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from pydantic import TypeAdapter

from icsml.innovation.rulebooks.load import list_rulebooks
from icsml.innovation.rulebooks.points_functions import PointsFunction

FULL = Fraction(20)


def _function(**parts):
    return TypeAdapter(PointsFunction).validate_python(parts)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            _function(kind="bands", steps=[{"at_least": "0.06", "points": 20}, {"above": "0.03", "points": 5}]),
            [0.03, 0.06],
        ),
        (
            _function(kind="intervals", rows=[{"below": 1, "points": 0}, {"at_least": 1, "points": 9}]),
            [1],
        ),
        (_function(kind="counts", at={1: 6, 3: 12}), [1, 3]),
        (_function(kind="ramp", anchors=[[0, 0], ["0.15", "100%"]]), [0, 0.15]),
        (_function(kind="efficacy", unacceptable="0.1", satisfactory="0.3"), [0.1, 0.3]),
        (_function(kind="flag", points=5), []),
        (_function(kind="percentile"), []),
    ],
    ids=lambda each: getattr(each, "kind", None),
)
def test_the_ends_that_are_written(function, expected):
    assert [float(end) for end in function.thresholds] == expected


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(option, id=f"{rulebook.id}-{option.id}")
        for rulebook in list_rulebooks()
        for indicator in rulebook.indicators
        for option in indicator.options
        if option.points.kind in ("bands", "intervals", "counts")
    ],
)
def test_between_two_neighbours_the_points_of_a_shipped_rule_do_not_change(option, points_at):
    ends = [float(end) for end in option.points.thresholds]
    assert ends == sorted(set(ends)) != []
    sides = [ends[0] - 1.0, *ends, ends[-1] + 1.0]
    between = np.array([[low + (high - low) * share for share in (0.1, 0.5, 0.9)] for low, high in pairwise(sides)])
    points, _ = points_at(option.points, between.ravel(), full=FULL)
    assert (np.ptp(points.reshape(between.shape), axis=1) == 0).all()
