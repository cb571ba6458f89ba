"""YAML into pydantic models, with file, line and key in every error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from icsml.core.pydantic_errors import message_of
from icsml.errors import ConfigError, MissingError

__all__ = [
    "Key",
    "compose",
    "construct",
    "dump_yaml",
    "file_text",
    "line_of",
    "load_model",
    "load_model_text",
    "merged",
    "nested",
    "parse_change",
    "serialize",
    "validate",
    "written_at",
]

M = TypeVar("M", bound=BaseModel)
Key = tuple[str | int, ...]


_DISGUISED = re.compile(r"[-+]?0[0-7_]*[1-7][0-7_]*|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?")
"""What YAML 1.1 reads as octal (010 is 8) or by sixties (1:30 is 90)."""

_SCANNING = ("while scanning a simple key", "while scanning a quoted scalar")


class _Loader(yaml.SafeLoader):
    """Safe loader that rejects duplicate keys, and gives the line of a value that YAML may misread."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, value_node in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key_node, yaml.ScalarNode):
                raise _fault("a key must be plain text, not a list or mapping", key_node)
            if node.flow_style and re.fullmatch(r"\d{3}", key_node.value) and value_node.value == "":
                raise _fault("a comma ends a number: write 1000, not 1,000", key_node)
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise _fault(f"key {key!r} is written twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401 - whatever YAML contains
        if node.tag.endswith((":int", ":float")) and _DISGUISED.fullmatch(node.value):
            raise _fault(f"{node.value} is read as an octal number or a time: drop leading zeros, or quote it", node)
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, OverflowError, ValueError) as error:
            raise _fault(f"this is no {node.tag.rpartition(':')[2]}", node) from error


def _fault(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def load_model(path: Path, model: type[M], *, code: str) -> M:
    """Read a YAML file into a pydantic model.

    Parameters
    ----------
    path : Path
        The file.
    model : type
        The pydantic model of the file's content.
    code : str
        Error code to report, such as ``ICS-RUL-001``.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If the file is not YAML or does not fit the model; ``field`` reads ``file:line: key``.
    """
    return load_model_text(file_text(path, code=code), str(path), model, code=code)


def file_text(path: Path, *, code: str) -> str:
    """Return the text of a configuration file.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If it is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise MissingError(code, "no such file", field=str(path), remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(code, "not UTF-8 text", field=str(path), remedy="save it as UTF-8") from error


def load_model_text(text: str, name: str, model: type[M], *, code: str) -> M:
    """Read YAML text into a pydantic model; ``name`` replaces the file in errors."""
    node = compose(text, name, code=code)
    return validate(node, construct(node, name, code=code), name, model, code=code)


def compose(text: str, name: str, *, code: str) -> yaml.Node | None:
    """Return the document of YAML text; every node has ``name`` and its line, also after it is moved.

    Raises
    ------
    ConfigError
        If the text is not YAML.
    """
    with _yaml_errors(name, code):
        try:
            loader = _Loader(text)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position)
            raise _not_yaml(error.reason, _file_line(name, line), code, "correct the YAML at this line") from error
        loader.name = name
        return loader.get_single_node()


def construct(node: yaml.Node | None, name: str, *, code: str) -> Any:  # noqa: ANN401 - whatever YAML contains
    """Return the values of a document.

    Raises
    ------
    ConfigError
        If a key is written twice, or a value is not what it looks like.
    """
    with _yaml_errors(name, code):
        return None if node is None else _Loader("").construct_document(node)


def validate(node: yaml.Node | None, content: Any, name: str, model: type[M], *, code: str) -> M:  # noqa: ANN401
    """Return the model of a document's content; errors name the file and line of the node at fault.

    Raises
    ------
    ConfigError
        If the content does not fit the model.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _config_error(error, node, model, name, code) from error


def line_of(node: yaml.Node | None, key: Key, name: str) -> str:
    """Return ``file:line`` of a key of a composed document, lines counted from 1.

    Parameters
    ----------
    node : yaml.Node, optional
        The document; None is an empty one.
    key : sequence of str and int
        Keys and indices from the root. Parts that the document does not have, such as an absent key or the tag of a
        union in a pydantic location, are passed over, so that the line is that of the nearest part above.
    name : str
        The file of an empty document.
    """
    return _follow(node, key, name)[0]


def written_at(node: yaml.Node | None, key: Key) -> str | None:
    """Return ``file:line`` of a key in a document; None if it is absent."""
    where, existing = _follow(node, key, "")
    return where if node is not None and existing == key else None


def merged(base: yaml.Node | None, over: yaml.Node | None) -> yaml.Node | None:
    """Return a document overridden by another; mappings are merged key by key, all else is replaced.

    Every node keeps its file and line.
    """
    if over is None or not isinstance(base, yaml.MappingNode) or not isinstance(over, yaml.MappingNode):
        return base if over is None else over
    written = {key.value: (key, value) for key, value in over.value}
    pairs = []
    for key, value in base.value:
        new_key, new = written.pop(key.value, (key, None))
        pairs.append((new_key, merged(value, new)))
    return yaml.MappingNode(base.tag, [*pairs, *written.values()], over.start_mark, over.end_mark)


def parse_change(change: str, option: str, *, code: str) -> tuple[tuple[str, ...], yaml.Node]:
    """Read ``KEY=VALUE``: the parts of a dotted key, and the value as a document named after the option.

    Raises
    ------
    ConfigError
        If it has no key or no value, or the value is no YAML.
    """
    key, sign, value = change.partition("=")
    parts = tuple(key.strip().split("."))
    name = f"{option} {change}"
    if not sign or not all(parts):
        raise ConfigError(code, "not of the form KEY=VALUE", field=name, remedy="for instance model.max_depth=3")
    node = compose(value, name, code=code)
    if node is None:
        raise ConfigError(code, "no value after the =", field=name, remedy="write null where nothing is meant")
    return parts, node


def nested(key: tuple[str, ...], node: yaml.Node) -> yaml.Node:
    """Return a document with one value under a key."""
    for part in reversed(key):
        name = yaml.ScalarNode("tag:yaml.org,2002:str", part, node.start_mark, node.end_mark)
        node = yaml.MappingNode("tag:yaml.org,2002:map", [(name, node)], node.start_mark, node.end_mark)
    return node


def serialize(node: yaml.Node) -> str:
    """Return the YAML of a document, with readable Chinese."""
    return str(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=120))


def dump_yaml(value: object) -> str:
    """Return block-style YAML with keys in the given order and readable Chinese."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Safe dumper that escapes U+0085: YAML reads it as a line break, and a line break in a text as a space."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\x85" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


@contextmanager
def _yaml_errors(name: str, code: str) -> Iterator[None]:
    try:
        yield
    except yaml.MarkedYAMLError as error:
        begun = error.context in _SCANNING  # YAML notices only at the next line, or at the end of the file
        mark = (error.context_mark if begun else error.problem_mark) or error.problem_mark or error.context_mark
        where = _where(mark) if mark else f"{name}:1"
        raise _not_yaml(str(error.problem), where, code, "correct the YAML at this line") from error
    except RecursionError:
        raise _not_yaml("nested too deeply", name, code, "close the brackets, or nest less") from None


def _where(mark: yaml.Mark) -> str:
    return _file_line(mark.name, mark.line)


def _file_line(name: str, line: int) -> str:
    return name if name.startswith("--") else f"{name}:{line + 1}"  # an option has no lines


def _not_yaml(problem: str, where: str, code: str, remedy: str) -> ConfigError:
    return ConfigError(code, f"not valid YAML: {problem}", field=where, remedy=remedy)


def _config_error(
    error: ValidationError, node: yaml.Node | None, model: type[BaseModel], name: str, code: str
) -> ConfigError:
    details = error.errors(include_url=False, include_input=False)
    kind = details[0]["type"]
    context = details[0].get("ctx", {})
    location = (*details[0]["loc"], *context.get("key", ()))  # a fault of several keys names one
    where, existing = _follow(node, location, name)
    unwritten = kind in ("missing", "extra_forbidden") and existing[-1:] != location[-1:]
    path = ".".join(str(part) for part in (*existing, *(location[-1:] if unwritten else ())))
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    match kind:
        case "extra_forbidden":
            message, remedy = "unknown key", "take it out or correct it"
            known = _known_keys(model, location[:-1])
            remedy += f"; known keys: {', '.join(known)}" if known else ""
        case "missing":
            message, remedy = details[0]["msg"], "add it"
        case _:
            message, remedy = message_of(details[0]), context.get("remedy") or "correct the value"
    return ConfigError(code, message + more, field=f"{where}: {path}" if path else where, remedy=remedy)


def _follow(node: yaml.Node | None, key: Key, name: str) -> tuple[str, Key]:
    """Follow a key as far as the document goes; return the file and line of its end, and the parts that exist."""
    where, existing = _where(node.start_mark) if node else f"{name}:1", []
    for part in key:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                continue
            where, node = _where(pair[0].start_mark), pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            where = _where(node.start_mark)
        else:
            continue
        existing.append(part)
    return where, tuple(existing)


def _known_keys(model: type[BaseModel], location: Key) -> list[str]:
    """Return the keys allowed at a location; none where the models there are unknown."""
    models = [model]
    for part in location:
        inner = [field.annotation for one in models for name, field in _keys(one) if part == name]
        models = [below for annotation in inner for below in _models(annotation)] if inner else models
        if not inner:
            models = [one for one in models if _is_tag(part, one)] or models
    return list(dict.fromkeys(name for one in models for name, _ in _keys(one)))


def _keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((field.alias or name, field) for name, field in model.model_fields.items())


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _is_tag(part: str | int, model: type[BaseModel]) -> bool:
    """Return whether a part of a pydantic location names a member of a union: its name or its ``Literal``."""
    return part == model.__name__ or any(part in get_args(field.annotation) for _, field in _keys(model))
