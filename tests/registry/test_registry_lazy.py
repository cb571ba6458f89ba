from __future__ import annotations

import subprocess
import sys

import pytest

from icsml.errors import MissingError
from icsml.registry import MlflowProgress, fetch_bundle, list_versions, tracking_uri

LAZY = """
import sys
from icsml.registry import fetch_bundle, list_versions
assert fetch_bundle(sys.argv[1]).version is None
assert list_versions() == []
try:
    fetch_bundle("models:/icsml-pd@champion")
except Exception as error:
    assert error.code == "ICS-REG-002", error
print([name for name in ("mlflow", "pandas", "sqlalchemy", "lightgbm", "sklearn") if name in sys.modules])
"""


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ICSML_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


def test_a_folder_or_an_empty_registry_needs_no_mlflow(empty_home, tmp_path):
    command = [sys.executable, "-c", LAZY, str(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"
    assert not empty_home.exists()


def test_a_folder_is_taken_where_it_lies(tmp_path):
    fetched = fetch_bundle(str(tmp_path))
    assert (fetched.folder, fetched.name, fetched.version) == (tmp_path, tmp_path.name, None)


@pytest.mark.parametrize("ref", ["no/such/folder", "modelsX:/icsml-pd/1", "\x00"])
def test_a_folder_that_is_not_there_names_the_remedy(ref):
    with pytest.raises(MissingError, match="icsml train") as caught:
        fetch_bundle(ref)
    assert (caught.value.code, caught.value.field) == ("ICS-REG-002", ref)


def test_the_registry_lies_under_icsml_home_unless_told_otherwise(empty_home, monkeypatch):
    assert tracking_uri() == f"sqlite:///{empty_home}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.internal")
    assert tracking_uri() == "http://mlflow.internal"


def test_looking_into_an_empty_registry_does_not_make_one(empty_home):
    assert list_versions() == []
    for ref in ("models:/icsml-pd@champion", "runs:/abc"):
        with pytest.raises(MissingError, match="icsml train"):
            fetch_bundle(ref)
    assert not empty_home.exists()


def test_progress_passes_lines_on_and_keeps_them_with_their_time():
    seen = []
    progress = MlflowProgress(seen.append, stopwatch=iter([10.0, 10.5, 72.25]).__next__)
    progress("reading")
    progress("trial 1/20: loss 0.1")
    assert seen == ["reading", "trial 1/20: loss 0.1"]
    assert progress.text == "     0.5 s  reading\n    62.2 s  trial 1/20: loss 0.1\n"
