"""The notebooks run from top to bottom, and are stored with the outputs that a run gives."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import icsml

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.xdist_group("notebooks")


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["01-points", "02-train", "03-your-table", "04-reasons"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_holds_no_logic_and_no_internals(path):
    for cell in _code_cells(nbformat.read(path, as_version=4)):
        tree = ast.parse(cell.source)
        assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) for node in ast.walk(tree))
        assert not re.search(r"\b(from icsml|import icsml\.)", cell.source)
        assert set(re.findall(r"\bicsml\.(\w+)", cell.source)) <= set(icsml.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_as_it_was_run(path):
    cells = _code_cells(nbformat.read(path, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for output in (output for cell in cells for output in cell.outputs):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
        assert not re.search(r"(?<![\w./])/(home|tmp|work|root|Users)/", str(output))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_gives_the_kinds_of_outputs_that_are_stored(path, tmp_path):
    stored, notebook = nbformat.read(path, as_version=4), nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert [*map(_kinds, _code_cells(notebook))] == [*map(_kinds, _code_cells(stored))]


def _code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _kinds(cell):
    """Return what a cell gives, without the machine's own warnings on stderr."""
    outputs = (output for output in cell.outputs if output.get("name") != "stderr")
    return [(output.output_type, sorted(output.get("data", ()))) for output in outputs]
