"""Every error code of the source is in the catalogue, and no other; the page is the catalogue."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path

from icsml import errors
from icsml.texts.error_texts import error_codes
from reference.errors import page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
SOURCES = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")]
CODE = re.compile(r'"(ICS-[A-Z]{3}-[0-9]{3})"')
CODES = {code: entry for section in error_codes().values() for code, entry in section.items()}


def test_catalogue_and_source_have_the_same_codes():
    raised = {code for source in SOURCES for code in CODE.findall(source)}
    assert len(raised) > 50
    assert set(CODES) == raised


def test_the_page_is_the_catalogue():
    assert page() == PAGE


def test_every_code_stands_once_with_titles_meaning_and_remedy():
    rows = re.findall(r"^\| (ICS-\S+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    codes = [code for code, *_ in rows]
    assert codes == sorted(set(codes)) == sorted(CODES)
    assert len(rows) == len(re.findall(r"^\| ICS-", PAGE, re.MULTILINE))


def test_a_code_of_the_service_has_the_status_that_it_is_raised_with():
    status = re.compile(r"HTTPStatus\.(\w+)(?:,\s*|: \()" + CODE.pattern)
    raised = {(code, int(HTTPStatus[name])) for source in SOURCES for name, code in status.findall(source)}
    assert len(raised) > 8
    assert raised - {("ICS-SRV-011", 422)} <= {(code, entry.status) for code, entry in CODES.items()}


def test_every_kind_of_error_has_its_exit_code_on_the_page():
    for name in errors.__all__:
        assert f"| `{name}` | {getattr(errors, name).exit_code} |" in PAGE
