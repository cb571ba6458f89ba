"""The public API: what is promised is there, what is there is promised, and importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import icsml

HEAVY = ("fastapi", "lightgbm", "mlflow", "numpy", "optuna", "pandas", "shap", "sklearn", "sqlalchemy")


def test_all_is_sorted_and_every_name_is_there():
    assert icsml.__all__ == sorted(icsml.__all__)
    for name in icsml.__all__:
        assert getattr(icsml, name) is not None
        assert name in dir(icsml)


def test_every_public_attribute_is_in_all():
    lazy = {name for names in icsml._MODULES.values() for name in names}
    assert {*lazy, "__version__"} == set(icsml.__all__)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'decyde'"):
        icsml.decyde  # noqa: B018


def test_importing_is_light():
    code = f"import icsml, sys; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"


def test_deciding_needs_neither_register_nor_search_nor_plots():
    asked = "import icsml, sys; icsml.decide, icsml.read_bundle"
    code = f"{asked}; print([name for name in ('mlflow', 'optuna', 'shap') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"
