"""Commands run in this process."""

from __future__ import annotations

import json

import pytest

from icsml.cli import main


@pytest.fixture
def icsml(capsys):
    """Run a command in this process; returns its exit code, stdout and stderr."""

    def run(*argv):
        code = main._run([str(argument) for argument in argv])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def icsml_json(icsml):
    """Run a command with --json that must succeed; returns the object."""

    def run(*argv):
        code, out, err = icsml(*argv, "--json")
        assert code == 0, err
        assert out.count("\n") == 1
        return json.loads(out)

    return run
