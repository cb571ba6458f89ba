"""The wheel that a model carries: the code that runs, the same bytes every time, installable by itself."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
    assert {name: content for name, content in archive.items() if ".dist-info/" not in name} == expected


def test_every_dependency_is_pinned_to_what_runs_here():
    pinned = dict(line.split("==") for line in pinned_requirements())
    assert all(version(name) == number for name, number in pinned.items())
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {canonicalize_name(Requirement(each).name) for each in stated} <= pinned.keys()
    assert "llvmlite" in pinned  # what numba needs in turn
    assert "mlflow" not in pinned
