"""Read rulebooks: by id from ``configs/rulebooks/``, from a file, from text, or as of a date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from icsml.core.names import nearest
from icsml.core.paths import configs_dir
from icsml.core.yaml import load_model_text
from icsml.errors import ConfigError, InputError, MissingError
from icsml.innovation.lint import Finding, findings
from icsml.innovation.schema import Rulebook, Scope

__all__ = ["Rulebook", "lint_rulebook", "list_rulebooks", "load_rulebook", "parse_rulebook", "rulebook_as_of"]


def parse_rulebook(text: str, name: str) -> Rulebook:
    """Return the rulebook that YAML text holds.

    Parameters
    ----------
    text : str
        The YAML; kept as ``source_text``.
    name : str
        What to call the text in errors.

    Raises
    ------
    ConfigError
        If the text is not a rulebook or contradicts itself; names file, line and key.
    """
    rulebook = _read(text, name)
    faults = findings(rulebook, name)
    if faults:
        first, more = faults[0], len(faults) - 1
        message = f"{first.message} (and {more} more)" if more else first.message
        raise ConfigError(first.code, message, field=first.where, remedy=first.remedy)
    return rulebook


def load_rulebook(id_or_path: str | Path) -> Rulebook:
    """Return a rulebook by its id, or from a YAML file.

    Raises
    ------
    MissingError
        If there is no such rulebook or file.
    ConfigError
        If the file is not a sound rulebook.
    """
    path = _path(id_or_path)
    return parse_rulebook(_text(path), str(path))


def list_rulebooks() -> list[Rulebook]:
    """Return the shipped rulebooks, ordered by id."""
    return [load_rulebook(path) for path in _shipped()]


def rulebook_as_of(on: date) -> Rulebook:
    """Return the one national rulebook that was in force and known on a date.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    national = [rulebook for rulebook in list_rulebooks() if rulebook.scope is Scope.NATIONAL]
    apply = [rulebook for rulebook in national if rulebook.in_force(on) and rulebook.known(on)]
    if len(apply) == 1:
        return apply[0]
    if apply:
        names = ", ".join(rulebook.id for rulebook in apply)
        raise InputError(
            "ICS-RUL-011",
            f"several national rulebooks apply on {on}: {names}",
            field="as_of",
            remedy="close the timeline of one of them, or name a rulebook",
        )
    raise InputError(
        "ICS-RUL-011",
        f"no national rulebook was in force and known on {on}",
        field="as_of",
        remedy="name a rulebook instead of a date",
    )


def lint_rulebook(path: str | Path) -> list[Finding]:
    """Return every fault of a rulebook file; none if it is sound.

    Raises
    ------
    MissingError
        If there is no such file.
    """
    file = Path(path)
    try:
        rulebook = _read(_text(file), str(file))
    except ConfigError as error:
        remedy = error.remedy or "see docs/reference/rulebooks.md"
        return [Finding(error.code, error.field or str(file), error.message, remedy)]
    faults = findings(rulebook, str(file))
    if rulebook.id != file.stem:
        faults.append(
            Finding(
                "ICS-RUL-015",
                f"{file}:1: id",
                f"is {rulebook.id}, but the file is named {file.stem}",
                "name the file after the id",
            )
        )
    return faults


def _read(text: str, name: str) -> Rulebook:
    rulebook = load_model_text(text, name, Rulebook, code="ICS-RUL-001")
    rulebook._source_text = text
    return rulebook


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise MissingError("ICS-RUL-002", "no such rulebook file", field=str(path), remedy="check the path") from None
    except UnicodeDecodeError:
        raise ConfigError("ICS-RUL-001", "not UTF-8 text", field=str(path), remedy="save it as UTF-8") from None


def _path(id_or_path: str | Path) -> Path:
    if isinstance(id_or_path, Path) or id_or_path.endswith((".yaml", ".yml")):
        return Path(id_or_path)
    shipped = {path.stem: path for path in _shipped()}
    if id_or_path in shipped:
        return shipped[id_or_path]
    remedy = nearest(id_or_path, shipped) or f"known: {', '.join(shipped)}"
    raise MissingError("ICS-RUL-002", f"no rulebook {id_or_path}", field="rulebook", remedy=remedy)


def _shipped() -> list[Path]:
    return sorted((configs_dir() / "rulebooks").glob("*.yaml"))
