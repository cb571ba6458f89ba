#!/usr/bin/env python3
"""Measure the structure of one or more checkouts, one column each: scripts/structure.py [CHECKOUT …]."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from pathlib import Path
from statistics import median

LONG_MODULE, LONG_FUNCTION = 400, 50
# Chinese that belongs to data and stays with it: labels of fields, features, departments and places, the headings of
# the template, and the words that the drafting of a mapping and the reading of numerals look for in a table. Catalogues
# are src/icsml/texts and, outside the package, configs/ with the rulebooks.
CATALOGUES = ("texts/*",)
DOMAIN_DATA = (
    "records/fields.py",
    "records/departments.py",
    "records/template.py",
    "features/*.py",
    "innovation/rulebooks/*.py",
    "portfolio/draft/vocabulary.py",
    "portfolio/draft/synonyms.py",
    "portfolio/cells/numerals.py",
    "portfolio/synthetic/industries.py",
    "portfolio/synthetic/places.py",  # its name before
)
_CHINESE = re.compile("[\u3400-\u9fff]")
_UNTYPED = "dict[str, Any]"
_UNTYPED_NAMES = ("JsonObject", "Entry", "Mapping[str, Any]")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def belongs(path: Path) -> bool:
    """Tell whether Chinese belongs in a module, given by its path within the package."""
    return any(fnmatch(path.as_posix(), pattern) for pattern in CATALOGUES + DOMAIN_DATA)


def functions(tree: ast.Module) -> Iterator[_Function]:
    """Yield every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS))


def docstrings(tree: ast.Module) -> set[int]:
    """Return the identities of string expressions: they are read by programmers, not shown."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(node.value) for node in statements if isinstance(node.value, ast.Constant)}


def untyped(tree: ast.Module, names: Collection[str]) -> int:
    """Count the uses of untyped dictionaries by these names, in quotes too."""
    skipped = docstrings(tree)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript | ast.Name)]
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]
    quoted = sum(str(string.value).count(name) for string in strings for name in names if "[" in name)
    return quoted + sum(ast.unparse(node) in names for node in nodes)


def inner_imports(tree: ast.Module) -> int:
    """Count the import statements in bodies of functions."""
    inside = (node for function in functions(tree) for node in ast.walk(function))
    return len({id(node) for node in inside if isinstance(node, ast.Import | ast.ImportFrom)})


def chinese(tree: ast.Module) -> int:
    """Count the string literals with a Chinese character, docstrings aside; an f-string is one."""
    formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    skipped = docstrings(tree) | {id(part) for node in formatted for part in node.values}
    plain = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped]
    texts = [str(node.value) for node in plain] + ["".join(map(ast.unparse, node.values)) for node in formatted]
    return sum(_CHINESE.search(text) is not None for text in texts)


def body_lines(function: _Function) -> int:
    """Return the lines of a body, its docstring aside."""
    start = 1 if ast.get_docstring(function) is not None else 0
    body = function.body[start:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def contract_lines(text: str) -> int:
    """Count the lines of the section of import-linter in pyproject.toml."""
    section = re.split(r"^\[tool\.importlinter\]$", text, flags=re.MULTILINE)[1]
    return len(re.split(r"^\[+tool\.(?!importlinter)", section, flags=re.MULTILINE)[0].strip().splitlines())


def measure(checkout: Path) -> dict[str, float]:
    """Return the measures of one checkout by name."""
    package = checkout / "src" / "icsml"
    texts = {path.relative_to(package): path.read_text("utf-8") for path in sorted(package.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lengths = {path: len(text.splitlines()) for path, text in texts.items()}
    bodies = [body_lines(function) for tree in trees.values() for function in functions(tree)]
    names = Counter(path.name for path in texts if path.name != "__init__.py")
    labelled = [tree for path, tree in trees.items() if not belongs(path)]
    return {
        "Lines of `src/icsml`": sum(lengths.values()),
        "Modules": len(texts),
        f"`{_UNTYPED}`": sum(untyped(tree, [_UNTYPED]) for tree in trees.values()),
        "Other names of it, and mappings like it": sum(untyped(tree, _UNTYPED_NAMES) for tree in trees.values()),
        "Imports inside functions": sum(map(inner_imports, trees.values())),
        "Sites of Chinese text outside catalogues and domain data": sum(map(chinese, labelled)),
        "Modules with such sites": sum(chinese(tree) > 0 for tree in labelled),
        "Lines of import contracts": contract_lines((checkout / "pyproject.toml").read_text("utf-8")),
        "Lines of README": len((checkout / "README.md").read_text("utf-8").splitlines()),
        "File names that several modules have": sum(count > 1 for count in names.values()),
        "Modules with such a name": sum(count for count in names.values() if count > 1),
        f"Modules over {LONG_MODULE} lines": sum(length > LONG_MODULE for length in lengths.values()),
        f"Functions with a body over {LONG_FUNCTION} lines": sum(lines > LONG_FUNCTION for lines in bodies),
        "Functions": len(bodies),
        "Median lines of a function's body": median(bodies),
    }


def table(columns: dict[str, dict[str, float]]) -> str:
    """Return the measures as a Markdown table, one column for each checkout."""
    rows = [("Measure", *columns), ("---", *("---:" for _ in columns))]
    names = next(iter(columns.values()))
    rows += [(name, *(f"{column[name]:,g}" for column in columns.values())) for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Print the table of the checkouts named, or of this one."""
    checkouts = [Path(name).resolve() for name in sys.argv[1:]] or [Path(__file__).resolve().parents[1]]
    print(table({checkout.name: measure(checkout) for checkout in checkouts}))


if __name__ == "__main__":
    main()
