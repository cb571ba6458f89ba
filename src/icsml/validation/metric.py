"""Declaration of a metric: its names, and its computation.

A new metric is one module of this package with a :class:`Metric`, listed in
:data:`icsml.validation.summary.METRICS`: training, the model card, MLflow and ``icsml train`` then state it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy.typing as npt

from icsml.core.arrays import Floats
from icsml.texts.label import Label

__all__ = ["Metric"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure, or a few that are computed together, of PDs against outcomes.

    Parameters
    ----------
    labels : mapping of str to Label
        The key of each figure in JSON, in order, and its name on a page.
    compute : callable
        Gives the figures in the same order, of outcomes (n,), PDs (n,) and the clusters of the rows if any; None where
        one cannot be known.
    listed : bool
        Whether ``icsml train`` lists it where it prints text.
    """

    labels: Mapping[str, Label]
    compute: Callable[[Floats, Floats, npt.ArrayLike | None], tuple[float | None, ...]]
    listed: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        """Name of each figure in JSON, in order."""
        return tuple(self.labels)

    def figures(self, y: Floats, pd: Floats, groups: npt.ArrayLike | None) -> dict[str, float | None]:
        """Return its figures by key."""
        return dict(zip(self.keys, self.compute(y, pd, groups), strict=True))
