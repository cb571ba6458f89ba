"""Settings of the service: ``ICSML_*`` variables over ``configs/serving.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from icsml.core.paths import configs_dir
from icsml.core.pydantic_errors import within_sentence
from icsml.core.yaml import load_model
from icsml.errors import ConfigError

__all__ = ["ServingSettings", "load_settings"]

_PREFIX = "ICSML_"
_CODE = "ICS-SRV-024"


def _none_if_null(value: object) -> object:
    """Take the text ``null`` for none: a variable of the environment is always a text."""
    return None if value == "null" else value


class ServingSettings(BaseModel):
    """Settings; the keys of ``configs/serving.yaml``.

    Parameters
    ----------
    host, port : str, int
        Where to listen.
    workers : int
        Processes.
    threads : int
        Reads of the ledger under way at a time in one process.
    reasons : int
        How many reasons a decision shows at most.
    recourse : bool
        Whether a decision looks for what the firm could do within a year, unless the request says otherwise.
    recourse_from : str, optional
        The best grade for which it does so; None for every grade.
    max_body_bytes, max_batch_bytes : int
        Largest body of a request for one decision, and for a batch.
    max_connections : int
        Connections of one process; the one that has waited longest for its client makes room for a new one.
    header_seconds, body_seconds : float
        How long the headers and the body of a request may take to arrive.
    keep_alive_seconds, shutdown_seconds : int
        How long an idle connection stays open, and a stopping process waits for running requests.
    worker_seconds : int
        How long one of several processes may be silent before it is replaced; starting takes seconds.
    model_poll_seconds : int
        How often to look whether a reference such as ``models:/icsml-pd@champion`` names another version; 0 for never.
    checkpoint_seconds : int
        How often a process signs where its chains in the ledger end.
    override_limit_cny : float
        Up to which amount one person may override a decision, in yuan.
    rate_per_minute, rate_burst : int
        How many requests a key may make in a minute on average, 0 for no limit, and how many of them at once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str, StringConstraints(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    threads: Annotated[int, Field(ge=1, le=256)] = 8
    reasons: Annotated[int, Field(ge=1, le=100)] = 8
    recourse: bool = True
    recourse_from: Annotated[str | None, BeforeValidator(_none_if_null)] = "C1"
    max_body_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 65536
    max_batch_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 1000
    header_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    body_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    keep_alive_seconds: Annotated[int, Field(ge=1, le=600)] = 5
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    worker_seconds: Annotated[int, Field(ge=5, le=600)] = 60
    model_poll_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    checkpoint_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    override_limit_cny: Annotated[float, Field(ge=0, le=1e15)] = 1_000_000.0
    rate_per_minute: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    rate_burst: Annotated[int, Field(ge=1, le=1_000_000)] = 60


class _Environment(ServingSettings, BaseSettings):
    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load_settings(path: Path | None = None, options: Mapping[str, object] | None = None) -> ServingSettings:
    """Read the settings file, then what the environment overrides, then what the command line does.

    Parameters
    ----------
    path : Path, optional
        The file; ``configs/serving.yaml`` by default.
    options : mapping, optional
        Settings of the command line; None leaves a setting as it is.

    Raises
    ------
    ConfigError
        ``ICS-SRV-024``, naming file, line and key, or the variable, or the option.
    """
    written = load_model(path or configs_dir() / "serving.yaml", ServingSettings, code=_CODE)
    try:
        merged = _Environment(**written.model_dump()).model_dump()
    except ValidationError as error:
        raise _wrong(error, lambda name: _PREFIX + name.upper(), "environment variable") from error
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        return ServingSettings.model_validate(merged | given)
    except ValidationError as error:
        raise _wrong(error, lambda name: f"--{name}", "option") from error


def _wrong(error: ValidationError, name_of: Callable[[str], str], kind: str) -> ConfigError:
    first = error.errors(include_url=False, include_input=False)[0]
    return ConfigError(
        _CODE,
        within_sentence(first),
        field=name_of(str(first["loc"][0])),
        remedy=f"correct the {kind} or leave it out",
    )
