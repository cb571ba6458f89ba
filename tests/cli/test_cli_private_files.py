"""Real commands under the usual umask: what lies under ICSML_HOME is its owner's alone, what the user names is not."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from icsml.core.private_files import exposed

QUICK = ("--set", "model.max_rounds=30", "--set", "model.patience=20", "--set", "model.inner_folds=3")
RUN = "import os, sys; os.umask(0o022); from icsml.cli.main import run; run(sys.argv[1:])"


@pytest.fixture
def icsml():
    def run(*argv):
        command = [sys.executable, "-c", RUN, *map(str, argv)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done

    return run


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_home_is_private_and_a_file_that_the_user_names_is_as_the_user_s_umask_says(icsml, book_folder, tmp_path):
    home, bundle = tmp_path / "home", tmp_path / "shared" / "bundle"
    icsml("keys", "create", "--tenant", "bank-a", "--role", "score")
    icsml("train", "--data", book_folder, *QUICK, "--seed", 3, "--out", bundle, "--json")
    record = icsml("records", "example", "--model", "models:/icsml-pd@champion").stdout
    (tmp_path / "record.json").write_text(record)
    page = tmp_path / "page.html"
    icsml("decide", "--model", "models:/icsml-pd@champion", "--in", tmp_path / "record.json", "--html", page)
    made = {path.relative_to(home).parts[0] for path in home.rglob("*")}
    assert made >= {"audit.log", "cache", "keys.json", "mlartifacts", "mlflow.db"}
    assert list(home.rglob("model.txt"))
    assert exposed(home) is None
    named = [bundle / "model.txt", bundle / "bundle.json", page]
    assert ([_mode(path) for path in named], _mode(bundle)) == ([0o644] * 3, 0o755)


def test_keys_tell_of_what_others_can_reach_and_how_to_close_it(icsml, tmp_path):
    icsml("keys", "create", "--tenant", "bank-a", "--role", "score")
    (tmp_path / "home" / "mlflow.db").touch(0o644)
    (tmp_path / "home" / "keys.json").chmod(0o644)
    done = icsml("keys", "list", "--json")
    assert len(json.loads(done.stdout)["keys"]) == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"icsml: warning: {tmp_path / 'home' / 'keys.json'} and 1 more: ")
    assert os.system(line.split("`")[1]) == 0
    assert icsml("keys", "list").stderr == ""
