"""Output folder of a data set; never deletes other files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from icsml.errors import InputError
from icsml.records.dataset import ENTERPRISES, META, OUTCOMES

__all__ = ["TRUTH", "check_target"]

TRUTH = "truth.parquet"
"""What only the simulation knows, beside a synthetic data set."""


def check_target(out: Path, sources: Iterable[Path] = (), *, code: str) -> None:
    """Reject a folder that a data set must not be written to; fast, so that it precedes the long work.

    Parameters
    ----------
    out : Path
        The folder; it may be absent.
    sources : iterable of Path
        Files that are read on the way.
    code : str
        Error code.

    Raises
    ------
    InputError
        If the path is a file or leads through one, if the folder holds something and no data set, or if a file of the
        data set would take the place of a source.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists() or path.is_symlink())
    if not there.is_dir():
        raise InputError(code, f"{there} is not a folder", field="out", remedy="name a folder, which is made if absent")
    targets = {(out / name).resolve() for name in (META, ENTERPRISES, OUTCOMES, TRUTH)}
    taken = next((source for source in sources if source.resolve() in targets), None)
    if taken is not None:
        raise InputError(
            code, f"the data set would take the place of {taken}", field="out", remedy="choose another folder"
        )
    if out.is_dir() and any(out.iterdir()) and not (out / META).is_file():
        raise InputError(code, f"{out} is not empty and holds no data set", field="out", remedy="choose another folder")
