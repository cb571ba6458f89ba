from __future__ import annotations

import importlib
import pkgutil

import pytest

import icsml.validation

METRICS = sorted({m.name for m in pkgutil.iter_modules(icsml.validation.__path__)} - {"inputs", "metric"})


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_says_purpose_method_reading_and_limits(name: str):
    doc = importlib.import_module(f"icsml.validation.{name}").__doc__ or ""
    at = [doc.find(f"\n{heading}\n") for heading in ("Purpose", "Method", "Reading", "Limits")]
    assert at == sorted(at)
    assert at[0] > 0
