"""Choice of the event among two class labels."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence

import numpy as np

from icsml.model.monotone import plain
from icsml.model.rounds import FitError

__all__ = ["UnnamedEventWarning", "named_event", "unnamed_event"]


class UnnamedEventWarning(UserWarning):
    """The labels are text and ``event`` does not name one of them: no PD can be given."""


def named_event(event: object, labels: Sequence[object], *, given_directions: bool) -> object:
    """Return the label that is the event, None where the labels are text and it is not named.

    Parameters
    ----------
    event : object
        The name given; None takes the greater of two numbers or booleans.
    labels : sequence
        Both labels as in ``classes_``, sorted.
    given_directions : bool
        Whether features have directions, which mean nothing without an event.

    Raises
    ------
    FitError
        ``ICS-MOD-001`` if the event is none of the labels, or has directions and no name.

    Warns
    -----
    UnnamedEventWarning
        If the event has no name; it points at whoever called ``fit``.
    """
    if event is None:
        if all(isinstance(label, numbers.Real | np.bool_) for label in labels):
            return labels[1]
        unnamed = unnamed_event(labels)
        if given_directions:
            raise unnamed
        warnings.warn(f"{unnamed.message}: {unnamed.remedy}, or no PD is given", UnnamedEventWarning, stacklevel=5)
        return None
    for label in labels:
        if _same(event, label):
            return label
    raise FitError(
        "ICS-MOD-001",
        f"{event!r} is not one of the labels {plain(labels[0])!r} and {plain(labels[1])!r}",
        field="event",
        remedy="name one of them, of the same type",
    )


def unnamed_event(labels: Sequence[object]) -> FitError:
    """Return the error for labels that are text without an event."""
    first, second = map(plain, labels)
    return FitError(
        "ICS-MOD-001",
        f"the labels {first!r} and {second!r} are text, which does not say which one is the event",
        field="event",
        remedy=f"name it, such as PDClassifier(event={first!r}), and fit again",
    )


def _same(event: object, label: object) -> bool:
    """Whether they are equal, never so for a number and its text, for NA or for an array."""
    equal = plain(event) == plain(label)
    return isinstance(equal, bool) and equal
