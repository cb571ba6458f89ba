"""The notebooks run from top to bottom, quickly, and are stored without outputs."""

from __future__ import annotations

import resource
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MOST_SECONDS = 25  # of processor time: a busy machine is no fault of the notebook

pytestmark = pytest.mark.xdist_group("notebooks")


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["01-points", "02-train", "04-reasons"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs_and_holds_no_logic(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not any(line.startswith(("def ", "class ")) for line in cell.source.splitlines())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    before = _seconds_of_children()
    NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert 0 < _seconds_of_children() - before < MOST_SECONDS


def _seconds_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
