"""``icsml``: exit codes 0 done, 1 a check failed, 2 bad use or bad input, 3 something required is missing."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from typer.exceptions import Abort, TyperException

from icsml.cli.commands import COMMANDS, GROUPS, group
from icsml.core.pydantic_errors import message_of
from icsml.errors import IcsmlError

__all__ = ["app", "run"]

app = typer.Typer(
    name="icsml",
    cls=group(COMMANDS),
    help="Credit-risk assessment of technology SMEs with Innovation Credit System points as features.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for name, (about, functions) in GROUPS.items():
    app.add_typer(typer.Typer(cls=group(functions), help=about, no_args_is_help=True), name=name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("icsml"))
        raise typer.Exit


@app.callback()
def _common(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Credit-risk assessment of technology SMEs with Innovation Credit System points as features."""


_EXTRA_OF = {
    "mlflow": "train",
    "optuna": "train",
    "sklearn": "train",
    "alembic": "serve",
    "fastapi": "serve",
    "httptools": "serve",
    "jinja2": "report",
    "markupsafe": "report",
    "matplotlib": "report",
    "prometheus_client": "serve",
    "pydantic_settings": "serve",
    "shap": "report",
    "sqlalchemy": "serve",
    "uvicorn": "serve",
}


_STOPPED = 130


def run(argv: list[str] | None = None) -> None:
    """Run the command line and exit the process with its code."""
    sys.exit(_run(sys.argv[1:] if argv is None else argv))


def _run(argv: list[str]) -> int:
    try:
        code = int(app(argv, prog_name="icsml", standalone_mode=False) or 0)
        return _fail("stopped", code) if code == _STOPPED else code  # typer turns Ctrl-C into a code
    except IcsmlError as error:
        return _fail(str(error), error.exit_code)
    except TyperException as error:
        return _misused(error)
    except (Abort, KeyboardInterrupt):
        return _fail("stopped", _STOPPED)
    except (FileNotFoundError, PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        return _fail(f"{error.filename}: {error.strerror} — check the path and its rights", 2)
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        return _fail(f"{error.name} is not installed — run `pip install 'icsml[{extra}]'`", 3)


def _misused(error: TyperException) -> int:
    """Report wrong arguments; a group without a command prints its help instead."""
    cause = error.__cause__
    if isinstance(error, typer.BadParameter) and isinstance(cause, ValidationError):
        error.message = message_of(cause.errors()[0])
    message = str(getattr(error, "format_message", error.__str__)())
    if "\n" in message.strip():
        sys.stderr.write(message + "\n")
        return 2
    context = getattr(error, "ctx", None)
    return _fail(f"{message.rstrip('.')} — see `{context.command_path if context else 'icsml'} --help`", 2)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    sys.stderr.write(f"icsml: {line}\n")
    return code
