"""The parts of figures: axes with labelled rows, dots, thresholds, and few names of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from icsml.core.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FEW",
    "GRID",
    "INK",
    "MISSING",
    "NEGATIVE",
    "NEUTRAL",
    "PLAIN",
    "POSITIVE",
    "SOFT",
    "are_whole",
    "axis_span",
    "colours_of",
    "dots",
    "draw_thresholds",
    "few_ticks",
    "finish_rows",
    "in_percent",
    "inches",
    "rows_figure",
    "set_limits",
    "square_figure",
    "write_rows",
]


INK, SOFT, MARK, NEUTRAL = "#1d2733", "#5b6875", "#b36b00", "#0b6e8f"
POSITIVE, NEGATIVE, MISSING, PLAIN, GRID = "#ff0051", "#008bfb", "#777777", "#1e88e5", "#cccccc"
_LOW: Final = ("#008bfb", "#0078f3", "#4b63e3", "#7d48cb")
_HIGH: Final = ("#9c23ad", "#c2009b", "#e00085", "#f6006c", "#ff0051")
_WIDTH: Final = 5.4
_LABELS: Final = 2.05
"""Inches left of the axis."""
FEW: Final = 12
"""Up to so many different values, dots are spread around each."""
_SHOWN: Final = (0.01, 0.1, 0.25, 0.75, 0.9, 0.99)
_LONG_TAIL: Final = 25.0
_TICKS: Final = 5


def dots(axes: Axes, x: Floats, y: Floats, colours: Floats | str, size: float) -> None:
    """Draw dots as one picture."""
    axes.scatter(x, y, c=colours, s=size, alpha=0.8, linewidth=0, zorder=3, rasterized=True)


def colours_of(values: Floats) -> Floats:
    """Return the colour of each value, shape (n, 4): from low (blue) to high (red), grey where it is missing.

    The ends are the 5th and the 95th percentile, or where these are the same the lowest and the highest value.
    """
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    known = np.isfinite(values)
    colours = np.tile(to_rgba(MISSING), (len(values), 1))
    if known.any():
        low, high = np.percentile(values[known], (5.0, 95.0))
        if low == high:
            low, high = values[known].min(), values[known].max()
        share = np.clip((values[known] - low) / (high - low or 1.0), 0.0, 1.0)
        colours[known] = LinearSegmentedColormap.from_list("low_to_high", (*_LOW, *_HIGH))(share)
    return colours


def set_limits(axes: Axes, ends: Floats) -> None:
    """Display all ends with space for the text beside an arrow."""
    low, high = float(ends.min()), float(ends.max())
    margin = 0.15 * (high - low) or 0.1
    axes.set_xlim(low - margin, high + margin)


def inches(figure: Figure, axes: Axes) -> float:
    """Return how many inches one unit of the axis is."""
    low, high = axes.get_xlim()
    return float(axes.get_position().width * figure.get_size_inches()[0] / (high - low))


def rows_figure(count: int, height: float) -> tuple[Figure, Axes]:
    """Return a figure with space for so many labelled rows of a height in inches."""
    from matplotlib import pyplot

    whole = height * count + 0.75
    figure, axes = pyplot.subplots(figsize=(_WIDTH, whole))
    axes.set_position((_LABELS / _WIDTH, 0.55 / whole, 1 - (_LABELS + 0.15) / _WIDTH, 1 - 0.6 / whole))
    axes.set_ylim(-0.6, count - 0.4)
    _without_frame(axes, "left", "right", "top")
    return figure, axes


def square_figure() -> tuple[Figure, Axes]:
    """Return a figure of values against each other."""
    from matplotlib import pyplot

    width, height = 4.5, 3.0
    figure, axes = pyplot.subplots(figsize=(width, height))
    axes.set_position((0.75 / width, 0.5 / height, 1 - 1.0 / width, 1 - 0.88 / height))
    axes.yaxis.set_label_coords(-0.6 / (width - 1.0), 0.5)
    _without_frame(axes, "right", "top")
    return figure, axes


def _without_frame(axes: Axes, *sides: str) -> None:
    for side in sides:
        axes.spines[side].set_visible(False)


def finish_rows(axes: Axes, xlabel: str) -> None:
    """Name the axis of a figure of rows."""
    axes.tick_params("x", labelsize=8.5)
    axes.set_xlabel(xlabel, fontsize=9, color=SOFT)
    few_ticks(axes)


def write_rows(axes: Axes, labels: Sequence[Sequence[str]]) -> None:
    """Write labels of one or more lines left of the rows, the first one on top."""
    axes.set_yticks([])
    for index, lines in enumerate(labels):
        for number, line in enumerate(lines):
            axes.annotate(
                line,
                (0, len(labels) - 1 - index),
                (-6, 5.5 * (len(lines) - 1 - 2 * number)),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=9,
                color=INK,
                annotation_clip=False,
            )


def axis_span(values: Floats, thresholds: Sequence[float]) -> tuple[float, float]:
    """Return the displayed part of the axis: most values, and thresholds near them."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, tenth, quarter, third, ninth, high = (float(value) for value in np.quantile(known, _SHOWN))
    if high - low > _LONG_TAIL * (third - quarter):  # or all dots would be on one spot
        low, high = tenth, ninth
    reach = high - low or abs(high) or 1.0
    near = [threshold for threshold in thresholds if low - reach <= threshold <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    different = np.unique(known)
    steps = 0.6 * float(np.diff(different).min()) if 1 < len(different) <= FEW else 0.0
    margin = max(0.03 * (high - low or abs(high) or 1.0), steps)
    return low - margin, high + margin


def draw_thresholds(axes: Axes, thresholds: Sequence[tuple[float, str]]) -> None:
    """Draw thresholds as upright lines, each named above the figure."""
    low, high = axes.get_xlim()
    heights = _heights([value for value, _ in thresholds], 0.16 * (high - low))
    for (value, text), height in zip(thresholds, heights, strict=True):
        if low <= value <= high:
            axes.axvline(value, color=MARK, lw=1.0, ls="--", zorder=2)
            axes.annotate(
                text,
                (value, 1.0),
                (0, 3 + 10 * height),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=MARK,
                annotation_clip=False,
            )


def _heights(thresholds: Sequence[float], room: float) -> list[int]:
    """Return the line, 0 or 1, on which each rising threshold is named: neighbours take turns where they are close."""
    heights: list[int] = []
    for index, value in enumerate(thresholds):
        close = index > 0 and value - thresholds[index - 1] < room
        heights.append(1 - heights[-1] if close else 0)
    return heights


def few_ticks(axes: Axes, *, whole: bool = False) -> None:
    """Name so few values on the axis that no two names touch; of counts whole ones only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(_TICKS, steps=[1, 2, 5, 10], integer=whole))


def are_whole(values: Floats) -> bool:
    """Return whether all known values are whole numbers."""
    known = values[np.isfinite(values)]
    return bool(len(known)) and bool((known == np.round(known)).all())


def in_percent(axes: Axes) -> None:
    """Name the values of the axis in per cent."""
    from matplotlib.ticker import PercentFormatter

    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol="%"))
