"""The pages under ``docs/reference`` that are made from code or data; ``scripts/write_reference.py`` writes them."""

from __future__ import annotations

import json
from pathlib import Path

from icsml.innovation.rulebooks.json_schema import rulebook_schema
from reference import bundle, errors, features, record, rulebooks

__all__ = ["files"]

_ROOT = Path(__file__).parents[2]
_BUNDLE = "docs/reference/bundle.md"
_RULEBOOKS = "docs/reference/rulebooks.md"


def files() -> dict[str, str]:
    """Return each generated file: its path in the repository, and what it holds.

    Of two pages only a table is generated, between two comments; the rest is as it stands.
    """
    return {
        "docs/reference/errors.md": errors.page(),
        "docs/reference/record.md": record.page(),
        "docs/reference/features.md": features.page(),
        _BUNDLE: bundle.page((_ROOT / _BUNDLE).read_text("utf-8")),
        _RULEBOOKS: rulebooks.overview((_ROOT / _RULEBOOKS).read_text("utf-8")),
        **{f"docs/reference/rulebooks/{name}.md": page for name, page in rulebooks.pages().items()},
        "configs/rulebooks/rulebook.schema.json": json.dumps(rulebook_schema(), ensure_ascii=False, indent=1) + "\n",
    }
