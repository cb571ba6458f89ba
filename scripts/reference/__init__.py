"""The pages under ``docs/reference`` that are made from code or data; ``scripts/write_reference.py`` writes them."""

from __future__ import annotations

import json

from icsml.innovation.rulebooks.json_schema import rulebook_schema
from reference import errors, features, record, rulebooks

__all__ = ["files"]


def files() -> dict[str, str]:
    """Return each generated file: its path in the repository, and what it holds."""
    return {
        "docs/reference/errors.md": errors.page(),
        "docs/reference/record.md": record.page(),
        "docs/reference/features.md": features.page(),
        **{f"docs/reference/rulebooks/{name}.md": page for name, page in rulebooks.pages().items()},
        "configs/rulebooks/rulebook.schema.json": json.dumps(rulebook_schema(), ensure_ascii=False, indent=1) + "\n",
    }
