"""The page of the command line is the command line, and every command shown in a document can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from icsml.cli.main import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _commands(command, path=("icsml",)):
    if hasattr(command, "commands"):
        for name in command.commands:
            yield from _commands(command.get_command(None, name), (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(_commands(typer.main.get_command(app)))
SECTIONS = dict(re.findall(r"^### `(icsml [^`]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def _typed(document):
    text = document.read_text("utf-8").replace("\\\n", " ")
    for kind, block in re.findall(r"^```(console|bash)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        prompt = "$ " if kind == "console" else ""
        for line in filter(lambda line: line.startswith(prompt), block.splitlines()):
            words = shlex.split(line.removeprefix(prompt), comments=True)
            if words[:1] == ["icsml"]:
                end = next((i for i, word in enumerate(words) if word in (">", "|", "&", "&&")), len(words))
                yield words[1:end]


def test_every_command_is_on_the_page_and_no_other():
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_shows_every_option_and_no_other(name):
    options = {max(option.opts, key=len) for option in COMMANDS[name].params if option.opts[0].startswith("-")}
    assert set(re.findall(r"--[a-z-]+", SECTIONS[name])) == options - {"--help"}


def test_the_documents_show_commands():
    shown = {document.name: len(list(_typed(document))) for document in DOCUMENTS}
    assert shown["README.md"] > 10
    assert sum(shown.values()) > 50


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_shown_can_be_typed(document):
    for words in _typed(document):
        command, path = typer.main.get_command(app), "icsml"
        while hasattr(command, "commands") and words:
            path, command, words = f"{path} {words[0]}", command.get_command(None, words[0]), words[1:]
        command.make_context(path, words)


def test_commands_are_found_in_the_documents():
    assert sum(1 for document in DOCUMENTS for _ in _typed(document)) > 20
