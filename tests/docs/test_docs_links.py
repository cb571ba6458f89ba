"""Documents lead where they say: files exist, tests named as proof exist, and no path of a machine is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "serving").glob("*.md")])
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_every_link_leads_somewhere(document):
    for _, target in LINK.findall(document.read_text("utf-8")):
        if not target.startswith(("http:", "https:", "#")):
            assert (document.parent / target.split("#")[0]).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_every_test_named_as_proof_exists(document):
    for label, target in LINK.findall(document.read_text("utf-8")):
        name = label.strip("`")
        if name.startswith("test_"):
            assert f"def {name}(" in (document.parent / target).read_text("utf-8"), (name, target)


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_no_path_of_a_machine(document):
    assert not re.search(r"(?<![\w./])/(home|tmp|work|root|Users)/", document.read_text("utf-8"))


def test_every_claim_names_a_test():
    rows = _claims(ROOT / "docs" / "claims.md")
    assert len(rows) > 10
    for row in rows:
        assert "](../tests/" in row, row


def test_the_claims_of_the_readme_are_five_of_all():
    rows = [row.replace("](tests/", "](../tests/") for row in _claims(ROOT / "README.md")]
    assert len(rows) == 5
    assert set(rows) < set(_claims(ROOT / "docs" / "claims.md"))


def _claims(document):
    table = document.read_text("utf-8").split("| Claim | Proof |\n| --- | --- |\n")[1].split("\n\n")[0]
    return table.splitlines()


def test_every_page_is_reached_from_the_index():
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert {target for _, target in LINK.findall(index) if not target.startswith("..")} == pages
