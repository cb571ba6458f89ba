"""Files that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icsml.errors import InputError

__all__ = ["check_target", "whole_file"]


def check_target(path: Path, *, source: Path | None = None) -> None:
    """Refuse a target that must not or cannot become a file, before any work is done for it.

    Parameters
    ----------
    path : Path
        The target.
    source : Path, optional
        What is read; the target may not take its place.

    Raises
    ------
    InputError
        If it is a folder, lies below something that is none, or is the source.
    """
    if source is not None and path.resolve() == source.resolve():
        raise InputError(
            "ICS-CFG-003", "would take the place of the input", field=str(path), remedy="name another file"
        )
    if path.is_dir():
        raise InputError("ICS-CFG-003", "is a folder", field=str(path), remedy="name a file")
    for parent in path.absolute().parents:
        if parent.exists():
            if not parent.is_dir():
                raise InputError("ICS-CFG-003", "lies below a file", field=str(path), remedy="choose another folder")
            return


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside the target to write to; it takes the target's name only when all went well.

    Raises
    ------
    InputError
        If the target cannot become a file.
    """
    check_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
