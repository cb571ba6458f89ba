"""The README shows what the code gives: its decision as JSON, its lines of Python, and a picture that is small."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import icsml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def _block(language):
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return block


def _assert_is_part_of(excerpt, whole):
    """Hold an excerpt against the whole: some keys of an object, the first items of a list, equal values."""
    if isinstance(excerpt, dict):
        for key, value in excerpt.items():
            _assert_is_part_of(value, whole[key])
    elif isinstance(excerpt, list):
        assert 0 < len(excerpt) <= len(whole)
        for value, other in zip(excerpt, whole, strict=False):
            _assert_is_part_of(value, other)
    elif isinstance(excerpt, float):
        assert whole == pytest.approx(excerpt, rel=1e-9)  # another processor may differ in the last digits
    else:
        assert whole == excerpt


def test_its_decision_is_what_decide_gives():
    bundle = icsml.read_bundle(ROOT / "models" / "demo")
    record = icsml.parse_record(icsml.example_record())
    decided = icsml.decide(bundle, record, decision_id="example", decided_at=datetime.now(UTC))
    excerpt = json.loads(_block("json"))
    assert {"pd", "grade", "score", "reasons", "innovation", "warnings"} <= excerpt.keys()
    _assert_is_part_of(excerpt, decided.decision.model_dump(mode="json"))


def test_its_python_runs_and_decides_the_same(monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {}
    exec(_block("python"), names)
    assert names["decision"].pd == pytest.approx(json.loads(_block("json"))["pd"], rel=1e-9)


def test_it_is_short_and_its_picture_small():
    assert len(README.splitlines()) <= 140
    picture = ROOT / "docs" / "images" / "decision.png"
    assert 0 < picture.stat().st_size < 150_000
    assert "](docs/images/decision.png)" in README
