"""shap's plots of values that were computed before, in the words of the page.

Nothing here knows of credit: arrays and labels in, drawings out. Positive values are red in every plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from icsml.core.arrays import Floats
from icsml.reports.drawing import Drawing, drawing, label_lines, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Axis", "beeswarm", "dependence", "importance", "waterfall"]


_WIDTH = 5.4
_LABELS = 2.05  # inches left of the axis
_FEW = 12
"""Up to so many different values, dots are spread around each."""
_SHOWN = (0.01, 0.1, 0.25, 0.75, 0.9, 0.99)
_LONG_TAIL = 25.0
_TICKS = 5
_INK, _SOFT, _MARK, _NEUTRAL = "#1d2733", "#5b6875", "#b36b00", "#0b6e8f"


@dataclass(frozen=True, slots=True)
class Axis:
    """One measured thing: its values of shape (n,), its name, and whether it reads best in per cent."""

    values: Floats
    label: str
    percent: bool = False


def importance(name: str, title: str, labels: Sequence[str], sizes: Floats, xlabel: str) -> Drawing:
    """Draw mean absolute values, the first one on top.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.drawing.Drawing`.
    labels : sequence of str
        One for each feature, from the largest.
    sizes : ndarray of shape (k,)
        Mean |value|.
    xlabel : str
        What they are, with the unit.
    """
    with style():
        import shap

        figure, axes = _rows(len(labels))
        explanation = shap.Explanation(sizes[None, :], feature_names=_placeholders(labels))
        shap.plots.bar(explanation, max_display=len(labels), show=False, ax=axes)
        _without_signs(axes, sizes)
        _label_rows(axes, labels, len(labels))
        axes.set_xlabel(xlabel, fontsize=9, color=_SOFT)
        axes.tick_params("x", labelsize=8.5)
        axes.set_xlim(right=1.15 * float(sizes.max()) or 1.0)
        _few_ticks(axes)
        return drawing(name, title, figure)


def beeswarm(name: str, title: str, labels: Sequence[str], values: Floats, data: Floats, xlabel: str) -> Drawing:
    """Draw every value of every feature, coloured from a low (blue) to a high (red) value of the feature.

    Parameters
    ----------
    name, title, labels, xlabel
        As for :func:`importance`.
    values, data : ndarray of shape (n, k)
        Values and what they are of; NaN is missing and grey.
    """
    with style():
        import shap

        figure, axes = _rows(len(labels))
        explanation = shap.Explanation(values, data=_drawable(data), feature_names=_placeholders(labels))
        shap.plots.beeswarm(
            explanation,
            max_display=len(labels),
            order=np.arange(len(labels)),
            show=False,
            ax=axes,
            color_bar=False,
            plot_size=None,
            s=7,
        )
        axes.tick_params("y", length=0)
        axes.tick_params("x", labelsize=8.5)
        _label_rows(axes, labels, len(labels) - 1)
        axes.set_xlabel(xlabel, fontsize=9, color=_SOFT)
        _few_ticks(axes)
        return drawing(name, title, figure)


def dependence(
    name: str,
    title: str,
    x: Axis,
    values: Floats,
    ylabel: str,
    *,
    colour: Axis | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> Drawing:
    """Draw values against the feature they are of.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.drawing.Drawing`.
    x : Axis
        The feature; NaN is missing and stands at the left edge.
    values : ndarray of shape (n,)
        Its values.
    ylabel : str
        What they are.
    colour : Axis, optional
        Another feature, low blue and high red.
    marks : sequence of (float, str)
        Thresholds on the feature's scale and how they read; drawn as upright lines.
    """
    with style():
        import shap

        figure, axes = _square()
        beside = np.zeros(len(values)) if colour is None else _drawable(colour.values)
        explanation = shap.Explanation(
            np.column_stack([values, np.zeros(len(values))]),
            data=np.column_stack([_drawable(x.values), beside]),
            feature_names=["x", "colour"],
        )
        shown: dict[str, Any] = {"color": explanation[:, 1]} if colour is not None else {"color": "#1e88e5"}
        low, high = _span(x.values, [mark for mark, _ in marks])
        shap.plots.scatter(explanation[:, 0], **shown, show=False, ax=axes, dot_size=9, alpha=0.8, xmin=low, xmax=high)
        _only(figure, axes)
        for dots in axes.collections:
            dots.set_rasterized(True)
        axes.axhline(0, color="#bbbbbb", lw=0.6, zorder=-2)
        _draw_marks(axes, marks)
        axes.set_xlabel(label_lines(x.label, 62, 1)[0], fontsize=9, color=_INK)
        axes.set_ylabel(ylabel, fontsize=9, color=_SOFT)
        axes.tick_params(labelsize=8.5, color=_SOFT, labelcolor=_INK)
        _few_ticks(axes, whole=_whole(x.values))
        if x.percent:
            _in_percent(axes)
        return drawing(name, title, figure)


def waterfall(
    name: str,
    title: str,
    labels: Sequence[tuple[str, str]],
    values: Floats,
    base: float,
    *,
    shown: int,
    others: str,
    xlabel: str,
) -> Drawing:
    """Draw one row from its base to its result.

    Parameters
    ----------
    name, title : str
        See :class:`icsml.reports.drawing.Drawing`.
    labels : sequence of (str, str)
        One for each feature, and its value.
    values : ndarray of shape (p,)
        Terms that sum with ``base`` to the result.
    base : float
        Where it starts.
    shown : int
        Largest terms shown one by one.
    others : str
        How the rest together is called.
    xlabel : str
        What the axis is.
    """
    with style():
        import shap
        from matplotlib import pyplot

        figure = pyplot.figure()
        explanation = shap.Explanation(values, base_values=base, feature_names=[f"f{i}" for i in range(len(values))])
        shap.plots.waterfall(explanation, max_display=shown + 1, show=False)
        axes, *twins = figure.axes
        for twin in twins:
            twin.remove()
        order = [int(place) for place in np.argsort(-np.abs(values))]
        rest = len(values) > shown + 1
        named = [labels[place] for place in (order[:shown] if rest else order)] + ([(others, "")] if rest else [])
        figure.set_size_inches(_WIDTH, 0.36 * len(named) + 0.75)
        _place(figure, axes)
        _resize_texts(axes, 8.5)
        _move_out(figure, axes)
        _write_rows(axes, [label_lines(label, value=value) for label, value in named], len(named) - 1)
        axes.tick_params("x", labelsize=8.5)
        axes.set_xlabel(xlabel, fontsize=9, color=_SOFT)
        _few_ticks(axes)
        return drawing(name, title, figure)


def _rows(count: int) -> tuple[Figure, Axes]:
    """Return a figure with room for so many labelled rows."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(_WIDTH, 0.32 * count + 0.75))
    _place(figure, axes)
    return figure, axes


def _square() -> tuple[Figure, Axes]:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4.5, 3.0))
    return figure, axes


def _place(figure: Figure, axes: Axes) -> None:
    width, height = figure.get_size_inches()
    axes.set_position((_LABELS / width, 0.55 / height, 1 - (_LABELS + 0.15) / width, 1 - 0.6 / height))


def _only(figure: Figure, axes: Axes) -> None:
    """Take away everything beside the axes: the page says what the colours mean."""
    for other in figure.axes:
        if other is not axes:
            other.remove()
    width, height = figure.get_size_inches()
    axes.set_position((0.75 / width, 0.5 / height, 1 - 1.0 / width, 1 - 0.88 / height))
    axes.yaxis.set_label_coords(-0.6 / (width - 1.0), 0.5)


def _placeholders(labels: Sequence[str]) -> list[str]:
    """Return names for shap, which tells features apart by them; the real ones are written afterwards."""
    return [f"f{place}" for place in range(len(labels))]


def _label_rows(axes: Axes, labels: Sequence[str], top: int) -> None:
    _write_rows(axes, [label_lines(label) for label in labels], top)


def _write_rows(axes: Axes, labels: Sequence[Sequence[str]], top: int) -> None:
    """Write labels of one or more lines left of the rows, the first one at ``top`` and the others below it."""
    axes.set_yticks([])
    for place, lines in enumerate(labels):
        for number, line in enumerate(lines):
            axes.annotate(
                line,
                (0, top - place),
                (-6, 5.5 * (len(lines) - 1 - 2 * number)),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=9,
                color=_INK,
                annotation_clip=False,
            )


def _without_signs(axes: Axes, sizes: Floats) -> None:
    """Take signs and their colours away: a mean size is neither good nor bad."""
    for text, size in zip(axes.texts, sizes, strict=True):
        text.set_text(f"{size:.3f}")
        text.set_color(_INK)
    for bar in axes.patches:
        bar.set_facecolor(_NEUTRAL)
    _resize_texts(axes, 8.5)


def _resize_texts(axes: Axes, size: float) -> None:
    for text in axes.texts:
        text.set_fontsize(size)


def _move_out(figure: Figure, axes: Axes) -> None:
    """Write beside its arrow what does not fit into it; shap looked at a wider plot when it chose."""
    from matplotlib.patches import FancyArrow

    low, high = axes.get_xlim()
    inches = axes.get_position().width * figure.get_size_inches()[0] / (high - low)
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrow)]
    for arrow, text in zip(arrows, axes.texts, strict=True):
        ends = arrow.get_xy()[:, 0]
        text.set_text(f"{text.get_text()[0]}{float(np.ptp(ends)):.2f}")  # shap drops zeros at the end
        if (
            text.get_horizontalalignment() == "center"
            and inches * float(np.ptp(ends)) < 0.075 * len(text.get_text()) + 0.06
        ):
            up = text.get_text().startswith("+")
            text.set_x(float(ends.max() if up else ends.min()) + (0.05 if up else -0.05) / inches)
            text.set_horizontalalignment("left" if up else "right")
            text.set_color(arrow.get_facecolor())


def _drawable(data: Floats) -> Floats:
    """Return data with every value that cannot be drawn as missing."""
    return np.where(np.isfinite(data), data, np.nan)


def _span(values: Floats, marks: Sequence[float]) -> tuple[float, float]:
    """Return what of the axis is shown: where most values lie, and the marks that are not far away."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, tenth, quarter, third, ninth, high = (float(each) for each in np.quantile(known, _SHOWN))
    if high - low > _LONG_TAIL * (third - quarter):  # or all dots would stand on one spot
        low, high = tenth, ninth
    reach = high - low or abs(high) or 1.0
    near = [mark for mark in marks if low - reach <= mark <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    different = np.unique(known)
    steps = 0.6 * float(np.diff(different).min()) if 1 < len(different) <= _FEW else 0.0
    margin = max(0.03 * (high - low or abs(high) or 1.0), steps)
    return low - margin, high + margin


def _draw_marks(axes: Axes, marks: Sequence[tuple[float, str]]) -> None:
    low, high = axes.get_xlim()
    heights = _heights([value for value, _ in marks], 0.16 * (high - low))
    for (value, text), height in zip(marks, heights, strict=True):
        if low <= value <= high:
            axes.axvline(value, color=_MARK, lw=1.0, ls="--", zorder=2)
            axes.annotate(
                text,
                (value, 1.0),
                (0, 3 + 10 * height),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=8.5,
                color=_MARK,
                annotation_clip=False,
            )


def _heights(places: Sequence[float], room: float) -> list[int]:
    """Return the line, 0 or 1, on which each rising mark is named: neighbours take turns where they are close."""
    found: list[int] = []
    for place, value in enumerate(places):
        close = place > 0 and value - places[place - 1] < room
        found.append(1 - found[-1] if close else 0)
    return found


def _few_ticks(axes: Axes, *, whole: bool = False) -> None:
    """Name so few values on the axis that no two names touch; of counts whole ones only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(_TICKS, steps=[1, 2, 5, 10], integer=whole))


def _whole(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known)) and bool((known == np.round(known)).all())


def _in_percent(axes: Axes) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol="%"))
