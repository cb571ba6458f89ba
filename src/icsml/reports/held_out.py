"""Figures of held-out PDs: how they rank, and how they compare with the observed rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from icsml.core.arrays import Floats
from icsml.reports.svg_figure import SvgFigure, style, svg_figure

__all__ = ["calibration_curve", "grouped_rates", "roc_curve"]


_SIZE = (4.6, 4.3)
_GROUPS = 10
_COLOURS = ("#0b6e8f", "#b36b00")
_SOFT = "#5b6875"


def roc_curve(name: str, title: str, y: Floats, pds: Mapping[str, Floats]) -> SvgFigure:
    """Draw the ROC curve: the share of events at or above a PD against that of the others, for every PD.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.svg_figure.SvgFigure`.
    y : ndarray of shape (n,)
        1 where the event happened, else 0; both are there.
    pds : mapping of str to ndarray of shape (n,)
        PDs of one or two models, by what each is called.
    """
    with style():
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=_SIZE)
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=0.8, linestyle=":")
        for (label, pd), colour in zip(pds.items(), _COLOURS, strict=False):
            false_positive, true_positive = _rates(y, pd)
            area = float(np.trapezoid(true_positive, false_positive))
            axes.plot(false_positive, true_positive, color=colour, linewidth=1.4, label=f"{label}: AUC {area:.4f}")
        axes.set_xlabel("False positive rate", color=_SOFT)
        axes.set_ylabel("True positive rate", color=_SOFT)
        axes.set_aspect("equal")
        axes.legend(loc="lower right", frameon=False)
        figure.tight_layout()
        return svg_figure(name, title, figure)


def calibration_curve(name: str, title: str, y: Floats, pds: Mapping[str, Floats]) -> SvgFigure:
    """Draw the default rate against the mean PD of ten groups of rows with like PDs, each with its 95 % interval.

    The interval is Wilson's. Rows with the same PD stay in one group. Parameters as for :func:`roc_curve`.
    """
    with style():
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=_SIZE)
        top = 0.0
        for (label, pd), colour in zip(pds.items(), _COLOURS, strict=False):
            mean, rate, low, high = grouped_rates(y, pd)
            axes.errorbar(
                mean, rate, yerr=np.stack([rate - low, high - rate]), color=colour, linewidth=1.2, marker="o",
                markersize=3.5, elinewidth=0.8, label=label,
            )  # fmt: skip
            top = max(top, float(high.max()), float(mean.max()))
        axes.plot([0, top], [0, top], color=_SOFT, linewidth=0.8, linestyle=":")
        axes.set_xlabel("Mean PD of the group", color=_SOFT)
        axes.set_ylabel("Default rate of the group", color=_SOFT)
        axes.legend(loc="upper left", frameon=False)
        figure.tight_layout()
        return svg_figure(name, title, figure)


def grouped_rates(y: Floats, pd: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return mean PD, default rate, and low and high end of its 95 % interval, of at most ten groups of like PDs."""
    edges = np.unique(np.quantile(pd, np.linspace(0, 1, _GROUPS + 1)[1:-1]))
    group = np.searchsorted(edges, pd, side="left")
    used = np.unique(group)
    rows = np.array([(group == index).sum() for index in used], dtype=np.float64)
    mean = np.array([pd[group == index].mean() for index in used])
    rate = np.array([y[group == index].mean() for index in used])
    low, high = _wilson(rate, rows)
    return mean, rate, low, high


def _wilson(rate: Floats, rows: Floats) -> tuple[Floats, Floats]:
    z2 = 1.959963984540054**2
    centre = (rate + z2 / (2 * rows)) / (1 + z2 / rows)
    half = np.sqrt(z2 * (rate * (1 - rate) / rows + z2 / (4 * rows**2))) / (1 + z2 / rows)
    return np.minimum(centre - half, rate).clip(0.0), np.maximum(centre + half, rate).clip(max=1.0)


def _rates(y: Floats, pd: Floats) -> tuple[Floats, Floats]:
    """Return false and true positive rates at every distinct PD, from (0, 0) to (1, 1)."""
    order = np.argsort(-pd, kind="stable")
    last = np.append(np.flatnonzero(np.diff(pd[order])), pd.size - 1)
    events = np.cumsum(y[order])[last]
    others = last + 1 - events
    return np.append(0.0, others / others[-1]), np.append(0.0, events / events[-1])
