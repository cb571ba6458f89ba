"""The fence around Optuna names every module but the one that may import it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_fence_names_every_module_of_model_but_tune():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    fenced = {
        name
        for contract in contracts
        if "optuna" in contract.get("forbidden_modules", ()) and contract["source_modules"] != ["icsml.serving.app"]
        for name in contract["source_modules"]
    }
    rooms = {path.stem for path in (ROOT / "src/icsml").iterdir() if path.stem not in {"__init__", "__pycache__", "py"}}
    modules = {path.stem for path in (ROOT / "src/icsml/model").glob("*.py")} - {"__init__", "tune"}
    assert fenced == {f"icsml.{room}" for room in rooms - {"model"}} | {f"icsml.model.{name}" for name in modules}
