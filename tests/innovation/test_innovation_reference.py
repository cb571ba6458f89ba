"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from icsml.innovation import evaluate, list_rulebooks, parse_rulebook

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "rulebooks.md").read_text("utf-8")


def test_the_example_on_the_page_is_a_sound_rulebook(blank):
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rulebook = parse_rulebook(example, "example")
    fields = {"rd_expense_cny": 4, "revenue_cny": 100, "staff_rd": 15, "staff_total": 100}
    scored = evaluate(rulebook, blank(1, fields))
    assert scored.score[0] == pytest.approx(12 + 5)
    assert scored.eligible[0] == 1


def test_every_code_in_the_source_is_on_the_page():
    sources = (ROOT / "src" / "icsml" / "innovation").rglob("*.py")
    used = {code for path in sources for code in re.findall(r"ICS-RUL-\d{3}", path.read_text("utf-8"))}
    assert used == set(re.findall(r"^\| (ICS-RUL-\d{3})", PAGE, re.MULTILINE))


def test_every_shipped_rulebook_is_on_the_page_with_its_provenance():
    for rulebook in list_rulebooks():
        assert re.search(rf"\| \[`{rulebook.id}`\]\([^)]*\) \|[^|]*\| `{rulebook.provenance}`", PAGE), rulebook.id
