"""YAML into pydantic models, with file, line and key in every error."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from icsml.errors import ConfigError, MissingError

__all__ = ["dump_yaml", "load_model", "load_model_text"]

M = TypeVar("M", bound=BaseModel)
Key = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Safe loader that refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_model(path: Path, model: type[M], *, code: str) -> M:
    """Read a YAML file into a pydantic model.

    Parameters
    ----------
    path : Path
        The file.
    model : type
        The pydantic model that says what the file may hold.
    code : str
        Error code to report, such as ``ICS-RUL-001``.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If the file is not YAML or does not fit the model; ``field`` reads ``file:line: key``.
    """
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MissingError(code, "no such file", field=str(path), remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(code, "not UTF-8 text", field=str(path), remedy="save it as UTF-8") from error
    return load_model_text(text, str(path), model, code=code)


def load_model_text(text: str, name: str, model: type[M], *, code: str) -> M:
    """Read YAML text into a pydantic model; ``name`` stands for the file in errors."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader subclass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(code, f"not valid YAML: {error.problem}", field=f"{name}:{line}") from error
    except yaml.YAMLError as error:
        raise ConfigError(code, f"not valid YAML: {error}", field=name) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _config_error(error, node, name, code) from error


def dump_yaml(value: object) -> str:
    """Return block-style YAML with keys in the given order and readable Chinese."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def _config_error(error: ValidationError, node: yaml.Node | None, name: str, code: str) -> ConfigError:
    details = error.errors(include_url=False, include_input=False)
    first = details[0]
    key = tuple(part for part in first["loc"])
    line = _line(node, key)
    shown = ".".join(str(part) for part in key)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    return ConfigError(code, f"{message}{more}", field=f"{name}:{line}: {shown}" if shown else f"{name}:{line}")


def _line(node: yaml.Node | None, key: Key) -> int:
    """Follow a pydantic location as far as the document goes; union tags in it match nothing and are passed over."""
    line = node.start_mark.line if node else 0
    for part in key:
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                if key_node.value == str(part):
                    line, node = key_node.start_mark.line, value_node
                    break
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1
