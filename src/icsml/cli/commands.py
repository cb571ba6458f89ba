"""The commands of ``icsml`` and their functions, whose modules are imported when a command is used."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

__all__ = ["COMMANDS", "GROUPS", "LazyGroup", "group"]

COMMANDS: Final = {
    "points": "point_scores:points",
    "coverage": "point_scores:coverage_",
    "select": "lists:select_",
    "train": "training:train_",
    "stability": "stability_command:stability",
    "decide": "decisions:decide_",
    "score": "decisions:score",
    "report": "auditors_report:report",
    "serve": "serve:serve_",
    "replay": "replay_command:replay_",
    "demo": "demo_command:demo_",
}
GROUPS: Final = {
    "records": (
        "What a record is.",
        {"schema": "records:schema", "example": "records:example", "template": "records:template_"},
    ),
    "portfolio": ("Synthetic books of business.", {"synth": "portfolio:synth"}),
    "data": (
        "Data sets from anybody's tables.",
        {"draft": "draft:draft", "import": "datasets:import_", "check": "datasets:check"},
    ),
    "rulebook": (
        "Rulebooks: how innovation becomes points.",
        {
            "list": "rulebooks:list_",
            "show": "rulebooks:show",
            "lint": "rulebooks:lint",
            "schema": "rulebooks:schema",
            "fit": "rulebook_effects:fit",
            "diff": "rulebook_effects:diff",
            "robustness": "rulebook_effects:robustness_",
        },
    ),
    "selection": (
        "Recommended lists: who stands on them, appeals, withdrawals.",
        {
            "show": "lists:show",
            "appeal": "lists:appeal_",
            "withdraw": "lists:withdraw_",
            "letter": "lists:letter",
        },
    ),
    "model": (
        "Registered models.",
        {
            "list": "models:list_",
            "show": "models:show",
            "register": "models:register_",
            "relocate": "models:relocate_",
        },
    ),
    "ledger": (
        "Recorded decisions.",
        {
            "show": "ledger_command:show",
            "list": "ledger_lists:list_",
            "export": "ledger_lists:export",
            "dataset": "ledger_dataset_command:dataset",
            "changes": "changes_command:changes",
            "verify": "ledger_command:verify",
            "checkpoint": "ledger_command:checkpoint",
            "reindex": "ledger_command:reindex",
            "erase": "ledger_command:erase",
            "overwrite": "ledger_command:overwrite",
            "pack": "pack_command:pack",
        },
    ),
    "keys": (
        "Keys of the service.",
        {
            "create": "api_keys:create",
            "list": "api_keys:list_",
            "revoke": "api_keys:revoke",
            "rotate": "api_keys:rotate",
        },
    ),
}


class LazyGroup(TyperGroup):
    """Commands by name, imported one by one; their list reads the docstrings and imports none."""

    functions: Mapping[str, str] = {}

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**options)
        self.commands = {name: TyperCommand(name=name) for name in self.functions} | dict(self.commands)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Import the module of a command, and return the command."""
        if cmd_name not in self.functions:
            return super().get_command(ctx, cmd_name)
        module, function = self.functions[cmd_name].split(":")
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command(cmd_name)(getattr(import_module(f"icsml.cli.{module}"), function))
        return typer.main.get_command(app)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the list of commands."""
        explained = {name: TyperCommand(name=name, help=_docstring(target)) for name, target in self.functions.items()}
        TyperGroup(commands=dict(self.commands) | explained).format_commands(ctx, formatter)


def group(functions: Mapping[str, str]) -> type[LazyGroup]:
    """Return the class of a group of these commands."""
    return type("Group", (LazyGroup,), {"functions": functions})


def _docstring(target: str) -> str | None:
    module, function = target.split(":")
    tree = ast.parse(Path(__file__).with_name(f"{module}.py").read_text("utf-8"))
    nodes = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return ast.get_docstring(nodes[function])
