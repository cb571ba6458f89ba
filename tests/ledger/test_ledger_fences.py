"""SQLAlchemy and Alembic live in the ledger's store, and the fence around it names everything else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "icsml"


def test_only_the_store_imports_them():
    importing = re.compile(r"^\s*(?:from|import) (?:sqlalchemy|alembic)\b", re.MULTILINE)
    found = {path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if importing.search(path.read_text("utf-8"))}
    assert found
    assert {path.parts[:2] for path in found} == {("ledger", "store")}


def test_the_fence_names_every_module_but_the_store():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    fenced = {
        name
        for contract in contracts
        if "sqlalchemy" in contract.get("forbidden_modules", ())
        for name in contract["source_modules"]
    }
    rooms = {path.stem for path in SOURCE.iterdir() if path.stem not in {"__init__", "__pycache__", "py"}}
    modules = {path.stem for path in (SOURCE / "ledger").iterdir()} - {"__init__", "__pycache__", "store"}
    assert fenced == {f"icsml.{room}" for room in rooms - {"ledger"}} | {f"icsml.ledger.{name}" for name in modules}
