"""Every error code of the source is on the page, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from icsml import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
CODE = re.compile(r'"(ICS-[A-Z]{3}-[0-9]{3})"')


def test_page_and_source_have_the_same_codes():
    raised = {code for path in (ROOT / "src").rglob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    assert len(raised) > 50
    assert set(re.findall(r"^\| (ICS-[A-Z]{3}-[0-9]{3}) \|", PAGE, re.MULTILINE)) == raised


def test_every_code_stands_once_with_meaning_and_remedy():
    rows = re.findall(r"^\| (ICS-\S+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    assert codes == sorted(set(codes))
    assert len(rows) == len(re.findall(r"^\| ICS-", PAGE, re.MULTILINE))


def test_every_kind_of_error_has_its_exit_code_on_the_page():
    for name in errors.__all__:
        assert f"| `{name}` | {getattr(errors, name).exit_code} |" in PAGE
