"""Figures as SVG text: the same bytes for the same input, on any machine and in any process.

Words stay words (``svg.fonttype: none``), so that they can be read aloud, searched and drawn by whatever font of the
reader's machine has the characters; no font is embedded and none is needed. Nothing is placed by how wide a word is:
labels are anchored at one end, line by line, so that the fonts of the machine that draws and of the machine that shows
cannot move them. Clouds of dots become one picture inside the SVG, sharp enough for paper; everything else is lines.
"""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SvgFigure", "label_lines", "style", "svg_figure"]

_DOTS_PER_INCH: Final = 170
_SETTINGS: Final[dict[Any, Any]] = {
    "axes.formatter.limits": (-4, 5),
    "axes.formatter.use_mathtext": False,
    "axes.labelsize": 9.0,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 9.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "icsml",
    "text.parse_math": False,
    "text.usetex": False,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}
_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]")
_PIECE = re.compile(rf"{_WIDE.pattern}|[^\s\u1100-\u11ff\u2e80-\uffe6]+|\s+|.")


@dataclass(frozen=True, slots=True)
class SvgFigure:
    """One figure.

    Parameters
    ----------
    name : str
        Its name: letters, digits and hyphens; unique on a page.
    title : str
        What it shows, for those who cannot see it.
    svg : str
        The figure as a file of its own.
    """

    name: str
    title: str
    svg: str

    @property
    def inline(self) -> Markup:
        """The figure as part of a page: it names no address, and its ids cannot be taken for another's."""
        text = self.svg[self.svg.index("<svg") :]
        view = re.search(r'viewBox="([\d. -]+)"', text)
        assert view is not None  # noqa: S101 - matplotlib always writes one
        body = text[text.index(">") + 1 : text.rindex("</svg>")]
        body = re.sub(r"<defs>\s*<style[^>]*>[^<]*</style>\s*</defs>", "", body)
        body = _own_ids(body, self.name)
        width = f"{float(view[1].split()[2]) / 72:.3f}in"
        head = (
            f'<svg class="drawing" role="img" aria-label="{escape(self.title)}" viewBox="{view[1]}" '
            f'style="width:{width}">'
        )
        return Markup(head + _shortened(body).strip() + "</svg>")  # noqa: S704 - matplotlib escaped every text in it


def _own_ids(body: str, name: str) -> str:
    """Return only the ids that are referred to, each prefixed with the name of its figure."""
    used = set(re.findall(r'(?:href="#|url\(#)([\w-]+)', body))
    body = re.sub(r' id="([\w.-]+)"', lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", body)
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    return body.replace("url(#", f"url(#{name}-").replace("xlink:href=", "href=")


def _shortened(body: str) -> str:
    """Leave out parts without effect: fonts by name, rotations by nothing, blanks between elements."""
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", body)
    body = re.sub(r"\s*\n\s*(?=[LMQCz])", "", body)
    return re.sub(r">\s+<", "><", re.sub(r'\s+"', '"', body))


def label_lines(label: str, width: int = 27, most: int = 2, value: str = "") -> list[str]:
    """Break a label into lines, and end it with a value that is never cut.

    Parameters
    ----------
    label : str
        One text; a Chinese character is as wide as two others.
    width : int
        Most characters a line.
    most : int
        Most lines; what does not fit ends with an ellipsis.
    value : str
        Written after the label, as in ``Share of R&D staff = 12%``.
    """
    lines = _broken(label, width, most)
    if not value:
        return lines
    end = f"= {value}"
    if len(lines) < most and _width(f"{lines[-1]} {end}") > width:
        return [*lines, end]
    return [*lines[:-1], f"{_cut(lines[-1], max(width - _width(end) - 1, 2))} {end}"]


def _broken(label: str, width: int, most: int) -> list[str]:
    lines, line = [], ""
    for piece in _PIECE.findall(label.strip()):
        if line and _width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    lines.append(line.rstrip())
    kept = [_cut(line, width) for line in lines if line][:most] or [""]
    if len(lines) > most:
        kept[-1] = _cut(kept[-1] + "…", width)
    return kept


def _width(text: str) -> int:
    return len(text) + len(_WIDE.findall(text))


def _cut(line: str, width: int) -> str:
    if _width(line) <= width:
        return line
    while _width(line) > width - 1:
        line = line[:-1]
    return line.rstrip("… ") + "…"


@contextmanager
def style() -> Iterator[None]:
    """Draw in one style and without a window; other code that draws is not affected."""
    import matplotlib

    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("agg")
    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # The widths of characters that the measuring font lacks do not matter: nothing is placed by them.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        warnings.filterwarnings("ignore", "The set_(bad|over|under) function", PendingDeprecationWarning)
        yield


def svg_figure(name: str, title: str, figure: Figure) -> SvgFigure:
    """Return a figure of matplotlib as SVG; it is closed."""
    from matplotlib import pyplot

    nothing: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=nothing, dpi=_DOTS_PER_INCH)
    pyplot.close(figure)
    return SvgFigure(name, title, out.getvalue())
