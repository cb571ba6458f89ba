#!/usr/bin/env python3
"""Run the notebooks from top to bottom and store their outputs: scripts/notebooks.py [NAME …]."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def main() -> None:
    """Run those named, such as `02-train`, or all, each in an empty folder."""
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # tqdm, of an editor that is not there
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if path.stem in (sys.argv[1:] or [path.stem]):
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            with tempfile.TemporaryDirectory() as folder:
                resources = {"metadata": {"path": folder}}
                NotebookClient(notebook, kernel_name="python3", resources=resources, record_timing=False).execute()
            nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
