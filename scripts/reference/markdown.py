"""Tables, generated parts of pages written by hand, and docstrings as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence

__all__ = ["parameters", "summary", "table", "with_part"]

_PARAMETERS = "\n\nParameters\n----------\n"
_PARAMETER = re.compile(r"^(\w+) : .*\n((?: {4}.*(?:\n|\Z))+)", re.MULTILINE)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def with_part(page: str, name: str, part: str) -> str:
    """Return a page with what stands between ``<!-- NAME:start -->`` and ``<!-- NAME:end -->`` made anew."""
    start, end = f"<!-- {name}:start -->\n", f"\n<!-- {name}:end -->"
    before, _, rest = page.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no part {name}")
    return f"{before}{start}\n{part}\n{end}{after}"


def summary(documented: type) -> str:
    """Return the docstring of a class without its sections."""
    return _markdown(inspect.cleandoc(documented.__doc__ or "").partition(_PARAMETERS)[0])


def parameters(documented: type) -> dict[str, str]:
    """Return what the docstring of a class says of each of its parameters."""
    _, _, section = inspect.cleandoc(documented.__doc__ or "").partition(_PARAMETERS)
    return {name: _markdown(text) for name, text in _PARAMETER.findall(section)}


def _markdown(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")
