"""The wheel that a model carries: the code that runs, the same bytes every time, installable by itself."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from icsml.registry import wheel as made
from icsml.registry.wheel import icsml_wheel, pinned_requirements

ROOT = Path(__file__).parents[2]
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import icsml
from icsml.core.paths import configs_dir
assert icsml.__file__.startswith(sys.argv[1]), icsml.__file__
assert str(configs_dir()).startswith(sys.argv[1]), configs_dir()
print(icsml.load_rulebook("national-2025").id, icsml.load_training_config().name)
"""
INSTALLED = """
import icsml
from icsml.core.paths import configs_dir
from icsml.registry.wheel import icsml_wheel
print(icsml.__file__, configs_dir(), icsml.load_rulebook("national-2025").id, icsml_wheel().sha256, sep="\\n")
"""


@pytest.fixture(scope="module")
def wheel():
    return icsml_wheel()


@pytest.fixture(scope="module")
def archive(wheel):
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_the_same_code_gives_the_same_bytes(wheel):
    assert wheel.sha256 == hashlib.sha256(wheel.content).hexdigest()
    assert f"-0{wheel.sha256[:12]}-" in wheel.name
    icsml_wheel.cache_clear()
    assert icsml_wheel() == wheel
    script = "from icsml.registry.wheel import icsml_wheel; print(icsml_wheel().sha256)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == wheel.sha256


def test_the_wheel_installs_and_runs_by_itself(wheel, tmp_path):
    file = tmp_path / wheel.name
    file.write_bytes(wheel.content)
    target = tmp_path / "target"
    pip = ["uv", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(file)]
    subprocess.run([sys.executable, "-m", *pip], check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(target)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == ["national-2025", "icsml-pd"]


def test_it_installs_and_what_is_installed_makes_the_same_wheel(wheel, tmp_path):
    file, target, elsewhere = tmp_path / wheel.name, tmp_path / "target", tmp_path / "elsewhere"
    file.write_bytes(wheel.content)
    elsewhere.mkdir()
    # uv, as an environment may have been made without pip.
    pip = ["uv", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(file)]
    subprocess.run([sys.executable, "-m", *pip], check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(target), "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED], capture_output=True, text=True, check=True, cwd=elsewhere, env=environment
    )
    package, configs, rulebook, sha256 = done.stdout.split()
    assert Path(package) == target / "icsml" / "__init__.py"
    assert Path(configs) == target / "icsml" / "_configs"
    assert rulebook == "national-2025"
    assert sha256 == wheel.sha256
    command = [sys.executable, str(target / "bin" / "icsml"), "--version"]
    assert (
        version("icsml") in subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    )


def test_what_python_and_numba_keep_beside_the_code_is_left_out(wheel, archive, tmp_path, monkeypatch):
    assert not [name for name in archive if "__pycache__" in name or name.endswith((".pyc", ".nbi", ".nbc"))]
    package = _copy(tmp_path)
    (package / "core" / "__pycache__").mkdir()
    for name in ("core/__pycache__/a.cpython-311.pyc", "core/__pycache__/note.txt", "b.pyc", "explain/c.nbi", "d.nbc"):
        (package / name).write_bytes(b"kept")
    monkeypatch.setattr(made, "_PACKAGE", package)
    assert icsml_wheel.__wrapped__() == wheel


def test_other_code_gives_another_wheel_of_another_name(wheel, tmp_path, monkeypatch):
    package = _copy(tmp_path)
    file = package / "decision" / "frame.py"
    file.write_text(file.read_text() + "\n")
    monkeypatch.setattr(made, "_PACKAGE", package)
    other = icsml_wheel.__wrapped__()
    assert other.sha256 != wheel.sha256
    assert other.name != wheel.name


def test_when_files_were_written_and_who_may_read_them_changes_nothing(wheel, tmp_path, monkeypatch):
    package = _copy(tmp_path)
    for path in package.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (1, 1))
    monkeypatch.setattr(made, "_PACKAGE", package)
    assert icsml_wheel.__wrapped__() == wheel


def test_the_readme_of_the_day_of_installation_changes_nothing(wheel, archive, monkeypatch):
    (metadata,) = (content for name, content in archive.items() if name.endswith("/METADATA"))
    stated = made._stated
    readme = b"\n# Another day's README\n\nName: other\n"
    monkeypatch.setattr(made, "_stated", lambda name: metadata + readme if name == "METADATA" else stated(name))
    assert icsml_wheel.__wrapped__() == wheel


def _copy(folder):
    return shutil.copytree(made._PACKAGE, folder / "icsml", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_record_names_every_file_with_its_hash(archive):
    (record,) = (name for name in archive if name.endswith(".dist-info/RECORD"))
    rows = {name: (digest, size) for name, digest, size in csv.reader(archive[record].decode().splitlines())}
    assert rows.keys() == archive.keys()
    assert rows.pop(record) == ("", "")
    for name, (digest, size) in rows.items():
        expected = base64.urlsafe_b64encode(hashlib.sha256(archive[name]).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={expected}", str(len(archive[name]))), name


def test_it_holds_what_a_build_of_the_checkout_holds(archive, tmp_path):
    build = ["uv", "build", "--wheel", "--quiet", "--no-build-isolation", "--out-dir", str(tmp_path), str(ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as built:
        expected = {name: built.read(name) for name in built.namelist() if ".dist-info/" not in name}
        # Of the others, WHEEL names who built it, METADATA holds the README, and RECORD holds the hashes of both.
        told = {name: built.read(name) for name in built.namelist() if name.endswith(("entry_points.txt", "LICENSE"))}
        metadata = next(built.read(name) for name in built.namelist() if name.endswith("/METADATA"))
        assert {name.partition("/")[2] for name in built.namelist() if ".dist-info/" in name} == {
            name.partition("/")[2] for name in archive if ".dist-info/" in name
        }
    assert {name: content for name, content in archive.items() if ".dist-info/" not in name} == expected
    assert len(told) == 2
    assert told.items() <= archive.items()
    (own,) = (content for name, content in archive.items() if name.endswith("/METADATA"))
    assert own.rstrip() == metadata.partition(b"\n\n")[0]


def test_every_dependency_is_pinned_to_what_runs_here():
    pinned = dict(line.split("==") for line in pinned_requirements())
    assert all(version(name) == number for name, number in pinned.items())
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {canonicalize_name(Requirement(each).name) for each in stated} <= pinned.keys()
    assert "llvmlite" in pinned  # what numba needs in turn
    assert "mlflow" not in pinned


def test_the_pins_hold_together():
    pinned = dict(line.split("==") for line in pinned_requirements())
    assert list(pinned) == sorted(pinned)
    for name in pinned:
        for needed in map(Requirement, requires(name) or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.specifier.contains(pinned[canonicalize_name(needed.name)], prereleases=True), needed
                assert not needed.extras, f"{name} needs {needed}, and what an extra needs is not looked up"
