"""Read rulebooks: by id, from a file, from text.

Rulebooks are in ``configs/rulebooks/``, and in the folder that ``ICSML_RULEBOOKS`` names, if it is set.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import yaml

from icsml.core.names import nearest
from icsml.core.paths import rulebook_folders
from icsml.core.yaml import construct, line_of, serialize, validate
from icsml.errors import ConfigError, MissingError
from icsml.innovation.rulebooks.earlier_formats import upgraded
from icsml.innovation.rulebooks.lint.characters import in_readable, in_unreadable
from icsml.innovation.rulebooks.lint.lint import Finding, findings, located
from icsml.innovation.rulebooks.lint.pass_marks import share_faults
from icsml.innovation.rulebooks.lint.series import series_faults
from icsml.innovation.rulebooks.overlays import Text, resolve
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook

__all__ = [
    "Outline",
    "Rulebook",
    "edition_text",
    "lint_rulebook",
    "list_editions",
    "list_rulebooks",
    "list_sound",
    "load_edition",
    "load_rulebook",
    "parse_rulebook",
    "rulebook_files",
    "rulebook_path",
]

_SLIPS: Final = frozenset(f"ICS-RUL-{number}" for number in ("027", "028", "029", "035", "036", "038", "039"))
"""What a table typed in wrongly looks like; such a rulebook can be evaluated all the same."""


def parse_rulebook(text: str, name: str, *, in_use: bool = False) -> Rulebook:
    """Return the rulebook of YAML text.

    Parameters
    ----------
    text : str
        The YAML; kept as ``source_text``, of an overlay merged with its base.
    name : str
        What to call the text in errors.
    in_use : bool
        Whether decisions were made by it, as by a bundle's: what looks like a slip of typing is then no reason to
        refuse it, or those decisions could not be made again.

    Raises
    ------
    ConfigError
        If the text is not a rulebook or contradicts itself; names file, line and key.
    MissingError
        If it is an edition that is documented only.
    """
    return _evaluable(_parse(text, name, _finder(None), in_use=in_use))


def load_rulebook(id_or_path: str | Path) -> Rulebook:
    """Return a rulebook by its id, or from a YAML file.

    Raises
    ------
    MissingError
        If there is no such rulebook or file, or it is documented only and cannot be evaluated.
    ConfigError
        If the file is not a sound rulebook.
    """
    return _evaluable(load_edition(id_or_path))


def load_edition(id_or_path: str | Path) -> Rulebook | Outline:
    """Return an edition by its id, or from a YAML file, whether or not it can be evaluated.

    Raises
    ------
    MissingError
        If there is no such edition or file.
    ConfigError
        If the file is not sound.
    """
    path = rulebook_path(id_or_path)
    return _parse(_text(path), str(path), _finder(path.parent))


def edition_text(id_or_path: str | Path) -> str:
    """Return the YAML file of an edition, as it is written."""
    return _text(rulebook_path(id_or_path))


def list_editions() -> list[Rulebook | Outline]:
    """Return every edition, ordered by id."""
    return [load_edition(path) for _, path in sorted(_known().items())]


def list_sound() -> tuple[list[Rulebook | Outline], dict[str, ConfigError]]:
    """Return every readable edition, ordered by id, and the faults of the others by id."""
    sound: list[Rulebook | Outline] = []
    unsound: dict[str, ConfigError] = {}
    for name, path in sorted(_known().items()):
        try:
            sound.append(load_edition(path))
        except ConfigError as error:
            unsound[name] = error
    return sound, unsound


def rulebook_files() -> dict[str, Path]:
    """Return the file of every edition by its id.

    Raises
    ------
    ConfigError
        ``ICS-RUL-022`` if two files have the same id.
    """
    return _known()


def list_rulebooks() -> list[Rulebook]:
    """Return the editions that can be evaluated, ordered by id."""
    return [edition for edition in list_editions() if isinstance(edition, Rulebook)]


def lint_rulebook(path: str | Path) -> list[Finding]:
    """Return every fault of a rulebook file; none if it is sound.

    Raises
    ------
    MissingError
        If there is no such file.
    """
    file = Path(path)
    try:
        edition, node = _read(_text(file), str(file), _finder(file.parent))
    except ConfigError as error:
        return _unreadable(error, file)
    faults = _faults(edition, node, str(file))
    faults += [located(fault, node, str(file)) for fault in series_faults(edition, _others(file))]
    if edition.corrects is not None and edition.corrects not in {*_known(), *_beside(file)}:
        faults.append(
            Finding(
                "ICS-RUL-009",
                f"{line_of(node, ('corrects',), str(file))}: corrects",
                f"there is no edition {edition.corrects}",
                nearest(edition.corrects, _known()) or "name the edition that is replaced",
            )
        )
    if edition.id != file.stem:
        faults.append(
            Finding(
                "ICS-RUL-015",
                f"{file}:1: id",
                f"is {edition.id}, but the file is named {file.stem}",
                "name the file after the id",
            )
        )
    return faults


def _parse(text: str, name: str, find: Callable[[str], Text], *, in_use: bool = False) -> Rulebook | Outline:
    try:
        edition, node = _read(text, name, find)
    except ConfigError as error:
        _refuse_full_width(error, text, name)
        raise
    faults = [
        each for each in _faults(edition, node, name) if each.level == "fault" and not (in_use and each.code in _SLIPS)
    ]
    if faults:
        first, more = faults[0], len(faults) - 1
        message = f"{first.message} (and {more} more)" if more else first.message
        raise ConfigError(first.code, message, field=first.where, remedy=first.remedy)
    return edition


def _faults(edition: Rulebook | Outline, node: yaml.Node | None, name: str) -> list[Finding]:
    """Return faults of a readable file; full-width characters first, as they explain the rest."""
    semantic = findings(edition, node, name) if isinstance(edition, Rulebook) else []
    return sorted([*in_readable(node, name), *semantic], key=lambda finding: finding.level)


def _unreadable(error: ConfigError, file: Path) -> list[Finding]:
    """Return why a file cannot be read; a full-width character replaces the error that it causes on its line."""
    remedy = error.remedy or "see docs/reference/rulebooks.md"
    where = error.field or str(file)
    wide = in_unreadable(error, file.read_text("utf-8", errors="replace"), str(file))
    caused = any(where.split(": ")[0] == fault.where.split(": ")[0] for fault in wide) and "write" not in error.message
    return wide if caused else [*wide, Finding(error.code, where, error.message, remedy)]


def _refuse_full_width(error: ConfigError, text: str, name: str) -> None:
    characters = in_unreadable(error, text, name)
    if characters:
        more = f" (and {len(characters) - 1} more)" if len(characters) > 1 else ""
        first = characters[0]
        raise ConfigError(first.code, first.message + more, field=first.where, remedy=first.remedy) from error


def _read(text: str, name: str, find: Callable[[str], Text]) -> tuple[Rulebook | Outline, yaml.Node | None]:
    node, extended = resolve(text, name, find)
    content = upgraded(construct(node, name, code="ICS-RUL-001"))
    if isinstance(content, dict) and content.get("evaluable") is False:
        return validate(node, content, name, Outline, code="ICS-RUL-001"), node
    for fault in share_faults(content):  # the schema has no maximum, and would report a fraction
        finding = located(fault, node, name)
        raise ConfigError(finding.code, finding.message, field=finding.where, remedy=finding.remedy)
    rulebook = validate(node, content, name, Rulebook, code="ICS-RUL-001")
    rulebook._source_text = serialize(node) if extended and node is not None else text
    return rulebook, node


def _evaluable(edition: Rulebook | Outline) -> Rulebook:
    if isinstance(edition, Rulebook):
        return edition
    missing = "; ".join(label.en for label in edition.missing)
    raise MissingError(
        "ICS-RUL-021",
        f"documented, but it cannot be evaluated: {missing}",
        field=edition.id,
        remedy="whoever has the table completes the file, see docs/how-to/official-weights.md",
    )


def _finder(folder: Path | None) -> Callable[[str], Text]:
    """Return a function that finds a base: beside the file first, then in the folders of rulebooks."""

    def find(identifier: str) -> Text:
        beside = folder / f"{identifier}.yaml" if folder is not None else None
        path = beside if beside is not None and beside.is_file() else rulebook_path(identifier)
        return _text(path), str(path)

    return find


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise MissingError("ICS-RUL-002", "no such rulebook file", field=str(path), remedy="check the path") from None
    except UnicodeDecodeError:
        raise ConfigError("ICS-RUL-001", "not UTF-8 text", field=str(path), remedy="save it as UTF-8") from None


def rulebook_path(id_or_path: str | Path) -> Path:
    """Return the file of a rulebook, given its id or the file itself.

    Raises
    ------
    MissingError
        If there is no rulebook of that id.
    """
    if isinstance(id_or_path, Path) or id_or_path.endswith((".yaml", ".yml")):
        return Path(id_or_path)
    known = _known()
    if id_or_path in known:
        return known[id_or_path]
    remedy = nearest(id_or_path, known) or f"known: {', '.join(sorted(known))}"
    raise MissingError("ICS-RUL-002", f"no rulebook {id_or_path}", field="rulebook", remedy=remedy)


def _others(file: Path) -> list[Rulebook | Outline]:
    """Return the sound editions to compare a file with: the known ones, and those beside it."""
    known: dict[str, Path] = {}
    with suppress(ConfigError):  # two files of one id: reported where a rulebook is read by its id
        known = _known()
    paths = {path.resolve(): path for path in (*known.values(), *sorted(file.parent.glob("*.yaml")))}
    paths.pop(file.resolve(), None)
    editions: dict[str, Rulebook | Outline] = {}
    for path in paths.values():
        with suppress(ConfigError, MissingError):
            edition = _read(_text(path), str(path), _finder(path.parent))[0]
            editions[edition.id] = edition
    return list(editions.values())


def _beside(file: Path) -> set[str]:
    return {path.stem for path in file.parent.glob("*.yaml")}


def _known() -> dict[str, Path]:
    """Return every rulebook file by its id, which must be unique."""
    files: dict[str, Path] = {}
    for path in (path for folder in rulebook_folders() for path in sorted(folder.rglob("*.yaml"))):
        if path.stem in files:
            raise ConfigError(
                "ICS-RUL-022",
                f"the id {path.stem} is used by two files, the other is {files[path.stem]}",
                field=str(path),
                remedy="give one of them another id; a correction says `corrects:`",
            )
        files[path.stem] = path
    return files
