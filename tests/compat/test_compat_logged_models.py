"""MLflow keeps a copy of ``registry/pyfunc_model.py`` beside each logged model and runs it to load one.

The copies that earlier versions logged import these names; a module that moves leaves them where they were.
"""

from __future__ import annotations

from importlib import import_module

import pytest

IMPORTED = [
    ("icsml.core.canonical", "sha256_file"),
    ("icsml.decision.frame", "input_scores"),
    ("icsml.errors", "ModelError"),
    ("icsml.model.bundle", "Bundle"),
    ("icsml.model.bundle", "read_bundle"),
    ("icsml.registry.logged_model", "BUNDLE_ARTIFACT"),
    ("icsml.registry.logged_model", "WHEEL_ARTIFACT"),
    ("icsml.registry.logged_model", "WHEEL_SHA256"),
    ("icsml.registry.wheel", "icsml_wheel"),
]


@pytest.mark.parametrize(("module", "name"), IMPORTED)
def test_what_models_logged_before_import_is_still_there(module, name):
    assert hasattr(import_module(module), name)
