"""Figures of terms, in the language of the page.

Nothing here knows of credit: arrays and labels in, figures out. Positive values are red in every figure, and so are
high values of a feature; low ones are blue and missing ones grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from icsml.core.arrays import Floats, Indices
from icsml.reports.figure_parts import (
    FEW,
    GRID,
    INK,
    NEGATIVE,
    NEUTRAL,
    PLAIN,
    POSITIVE,
    SOFT,
    are_whole,
    axis_span,
    colours_of,
    dots,
    draw_thresholds,
    few_ticks,
    finish_rows,
    in_percent,
    inches,
    rows_figure,
    set_limits,
    square_figure,
    write_rows,
)
from icsml.reports.svg_figure import SvgFigure, label_lines, style, svg_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Axis", "beeswarm", "dependence", "importance", "waterfall"]


_SPREAD: Final = 0.2
"""Part of the distance of two values over which the dots of one are spread."""
_SEED: Final = 20_240_806
_BINS: Final = 100
"""Parts of the axis in which dots that would cover each other are stacked."""
_SWARM: Final = 0.36
"""Largest distance of a dot from its row, of a distance of 1 between rows."""
_TICK: Final = 0.015
"""Part of the axis over which a row without a value is drawn."""
_HEAD: Final = 0.08
"""Inches of the head of an arrow."""
_DIGIT: Final = 0.075
"""Inches of a digit beside or in an arrow, at most."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One measured variable: its values of shape (n,), its name, and whether it reads best in per cent."""

    values: Floats
    label: str
    percent: bool = False


def importance(name: str, title: str, labels: Sequence[str], sizes: Floats, xlabel: str) -> SvgFigure:
    """Draw mean absolute values, the first one on top.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.svg_figure.SvgFigure`.
    labels : sequence of str
        One for each feature, from the largest.
    sizes : ndarray of shape (k,)
        Mean |value|.
    xlabel : str
        What they are, with the unit.
    """
    with style():
        figure, axes = rows_figure(len(labels), 0.32)
        rows = np.arange(len(labels))[::-1]
        axes.axvline(0.0, color="#999999", zorder=-1)
        axes.barh(rows, sizes, height=0.7, color=NEUTRAL)
        for row, size in zip(rows, sizes, strict=True):
            _beside(axes, float(size), float(row), f"{size:.3f}", INK)
        axes.set_xlim(0.0, 1.15 * float(sizes.max()) or 1.0)
        write_rows(axes, [label_lines(label) for label in labels])
        finish_rows(axes, xlabel)
        return svg_figure(name, title, figure)


def beeswarm(name: str, title: str, labels: Sequence[str], values: Floats, data: Floats, xlabel: str) -> SvgFigure:
    """Draw every value of every feature, coloured from a low (blue) to a high (red) value of the feature.

    Parameters
    ----------
    name, title, labels, xlabel
        As for :func:`importance`.
    values, data : ndarray of shape (n, k)
        Values and what they are of; NaN is missing and grey.
    """
    rng = np.random.default_rng(_SEED)
    with style():
        figure, axes = rows_figure(len(labels), 0.32)
        axes.axvline(0.0, color="#999999", zorder=-1)
        for column, row in enumerate(reversed(range(len(labels)))):
            axes.axhline(row, color=GRID, lw=0.5, dashes=(1, 5), zorder=-1)
            order = _shuffled(data[:, column], rng)
            x = values[order, column]
            dots(axes, x, row + _stacked(x), colours_of(data[order, column]), size=7)
        write_rows(axes, [label_lines(label) for label in labels])
        finish_rows(axes, xlabel)
        return svg_figure(name, title, figure)


def dependence(
    name: str,
    title: str,
    x: Axis,
    values: Floats,
    ylabel: str,
    *,
    colour: Axis | None = None,
    thresholds: Sequence[tuple[float, str]] = (),
) -> SvgFigure:
    """Draw values against the feature they are of.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.svg_figure.SvgFigure`.
    x : Axis
        The feature; NaN is missing and stands at the left edge.
    values : ndarray of shape (n,)
        Its values.
    ylabel : str
        What they are.
    colour : Axis, optional
        Another feature, low blue and high red.
    thresholds : sequence of (float, str)
        Thresholds on the feature's scale and how they read; drawn as upright lines.
    """
    rng = np.random.default_rng(_SEED)
    with style():
        from matplotlib.colors import to_rgba

        figure, axes = square_figure()
        order = _shuffled(x.values if colour is None else colour.values, rng)
        low, high = axis_span(x.values, [threshold for threshold, _ in thresholds])
        data, y = x.values[order], values[order]
        known = np.isfinite(data)
        colours = np.tile(to_rgba(PLAIN), (len(y), 1)) if colour is None else colours_of(colour.values[order])
        dots(axes, data[known] + _spread(data, rng)[known], y[known], colours[known], size=9)
        axes.hlines(
            y[~known],
            low,
            low + _TICK * (high - low),
            colors=colours[~known].tolist(),
            lw=2,
            alpha=0.8,
            zorder=3,  # as that of the dots, so that both are one picture
            rasterized=True,
        )
        axes.set_xlim(low, high)
        axes.axhline(0, color="#bbbbbb", lw=0.6, zorder=-2)
        draw_thresholds(axes, thresholds)
        axes.set_xlabel(label_lines(x.label, 62, 1)[0], fontsize=9, color=INK)
        axes.set_ylabel(ylabel, fontsize=9, color=SOFT)
        axes.tick_params(labelsize=8.5, color=SOFT, labelcolor=INK)
        few_ticks(axes, whole=are_whole(x.values))
        if x.percent:
            in_percent(axes)
        return svg_figure(name, title, figure)


def waterfall(
    name: str,
    title: str,
    labels: Sequence[tuple[str, str]],
    values: Floats,
    base: float,
    *,
    most: int,
    others: str,
    xlabel: str,
) -> SvgFigure:
    """Draw one row from its base to its result.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.svg_figure.SvgFigure`.
    labels : sequence of (str, str)
        One for each feature, and its value.
    values : ndarray of shape (p,)
        Terms that sum with ``base`` to the result.
    base : float
        Where it starts.
    most : int
        Largest terms that have a row of their own.
    others : str
        How the rest together is called.
    xlabel : str
        What the axis is.
    """
    order = np.argsort(-np.abs(values), kind="stable")
    single = order if len(order) <= most + 1 else order[:most]
    steps, named = values[single], [labels[index] for index in single]
    if len(single) < len(order):
        steps, named = np.append(steps, values[order[most:]].sum()), [*named, (others, "")]
    ends = base + np.cumsum(steps[::-1])[::-1]  # read from the bottom up
    with style():
        figure, axes = rows_figure(len(steps), 0.36)
        set_limits(axes, np.append(ends, base))
        for row, (end, step) in enumerate(zip(ends[::-1], steps[::-1], strict=True)):
            axes.axhline(row, color=GRID, lw=0.5, dashes=(1, 5), zorder=-1)
            _arrow(figure, axes, float(end - step), float(end), row)
            axes.plot([end, end], [row - 0.4, row + 1.4], color="#bbbbbb", ls="--", lw=0.5, zorder=-1)
        axes.axvline(float(ends[0]), color="#bbbbbb", ls="--", lw=0.5, zorder=-1)
        axes.plot([base, base], [-0.6, 0.4], color="#bbbbbb", ls="--", lw=0.5, zorder=-1)
        axes.set_ylim(-0.6, len(steps) - 0.4)
        write_rows(axes, [label_lines(label, value=value) for label, value in named])
        finish_rows(axes, xlabel)
        return svg_figure(name, title, figure)


def _shuffled(colour: Floats, rng: np.random.Generator) -> Indices:
    """Return rows in the order in which they are drawn: first those of unknown colour, and else by chance."""
    order = rng.permutation(len(colour))
    return order[np.argsort(np.isfinite(colour[order]), kind="stable")]


def _stacked(values: Floats) -> Floats:
    """Return each dot's distance from the row, so that dots of equal value are side by side.

    Within a bin of the axis dots go up and down in turns: 0, 1, -1, 2, -2 and so on, scaled so that the largest bin
    of a row fits.
    """
    width = float(np.ptp(values)) + 1e-8
    bins = np.round(_BINS * (values - values.min()) / width)
    order = np.argsort(bins, kind="stable")
    _, first, counts = np.unique(bins[order], return_index=True, return_counts=True)
    layer = np.empty(len(values))
    layer[order] = np.arange(len(values)) - np.repeat(first, counts)
    side = np.ceil(layer / 2) * ((layer % 2) * 2 - 1)
    offsets: Floats = side * _SWARM / (side.max() + 1.0)
    return offsets


def _spread(values: Floats, rng: np.random.Generator) -> Floats:
    """Return each dot's distance from its value: zero where values are many."""
    different = np.unique(values[np.isfinite(values)])
    if not 1 < len(different) <= FEW:
        return np.zeros(len(values))
    offsets: Floats = _SPREAD * float(np.diff(different).min()) * (rng.random(len(values)) - 0.5)
    return offsets


def _arrow(figure: Figure, axes: Axes, start: float, end: float, row: int) -> None:
    """Draw a step as an arrow, and write it in the arrow, or beside it where it does not fit."""
    per_unit = inches(figure, axes)
    sign = 1.0 if end >= start else -1.0
    size, head = abs(end - start), min(abs(end - start), _HEAD / per_unit)
    neck, colour = end - sign * head, POSITIVE if sign > 0 else NEGATIVE
    axes.fill(
        [start, neck, end, neck, start],
        [row - 0.4, row - 0.4, row, row + 0.4, row + 0.4],
        facecolor=colour,
        edgecolor="none",
    )
    text = f"{sign * size:+.2f}".replace("-", "\N{MINUS SIGN}")
    if per_unit * size < _DIGIT * len(text) + 0.06:
        _beside(axes, end, row, text, colour, left=sign < 0)
    else:
        axes.text((start + end) / 2, row, text, ha="center", va="center", fontsize=8.5, color="white")


def _beside(axes: Axes, x: float, y: float, text: str, colour: str, *, left: bool = False) -> None:
    axes.annotate(
        text,
        (x, y),
        (-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=8.5,
        color=colour,
    )
