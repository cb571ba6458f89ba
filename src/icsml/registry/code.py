"""Code and environment of a run."""

from __future__ import annotations

import getpass
import platform
import shlex
import sys
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Final

__all__ = ["code_facts", "environment_text"]

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def code_facts() -> dict[str, str]:
    """Return tags of a run: icsml's version, the commit of its checkout where it is run from one, user and command."""
    return {
        "icsml": version("icsml"),
        "mlflow.source.name": Path(sys.argv[0]).name or "icsml",
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:5_000],
        "mlflow.source.type": "LOCAL",
        "mlflow.user": _user(),
    } | _commit()


def environment_text() -> str:
    """Return Python's version, the platform and every installed package, as a file of requirements."""
    installed = sorted({f"{package.metadata['Name']}=={package.version}" for package in distributions()}, key=str.lower)
    return "\n".join([f"# Python {platform.python_version()} on {platform.platform()}", *installed]) + "\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "unknown"


def _commit() -> dict[str, str]:
    """Return the commit of the checkout of this package, and whether it was changed since; mostly nothing.

    An environment inside somebody's own checkout is none of this package's: only files that git knows count.
    """
    try:
        import git

        repository = git.Repo(_PACKAGE, search_parent_directories=True)
        repository.git.ls_files("--error-unmatch", str(Path(__file__).resolve()))
        changed = repository.is_dirty(path=str(_PACKAGE))
        return {"mlflow.source.git.commit": repository.head.commit.hexsha, "mlflow.source.git.dirty": str(changed)}
    except Exception:
        return {}
