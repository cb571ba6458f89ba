"""Atomic file writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from icsml.core.private_files import private_files
from icsml.errors import InputError

__all__ = ["check_target", "check_targets", "whole_file"]


def check_target(path: Path, *, source: Path | None = None) -> None:
    """Refuse a target that must not or cannot become a file, before any work is done for it.

    Parameters
    ----------
    path : Path
        The target.
    source : Path, optional
        The input; the target may not replace it.

    Raises
    ------
    InputError
        If it is a folder, is below something that is none, or is the source.
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


def check_targets(*targets: Path | None, source: Path | None = None) -> None:
    """Refuse targets of one command as :func:`check_target` does, and two that are the same file; None is no target.

    Raises
    ------
    InputError
        If one of them must not or cannot become a file.
    """
    named = [target for target in targets if target is not None]
    for target in named:
        check_target(target, source=source)
        if [path.resolve() for path in named].count(target.resolve()) > 1:
            raise InputError(
                "ICS-CFG-003", "is named for two outputs", field=str(target), remedy="name another file for one"
            )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside the target; it is renamed to the target only if all went well.

    Under ``ICSML_HOME`` the file is its owner's alone, as is all that is written meanwhile.

    Raises
    ------
    InputError
        If the target cannot become a file.
    """
    check_target(path)
    partial = path.with_name(path.name + ".partial")
    with private_files(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
