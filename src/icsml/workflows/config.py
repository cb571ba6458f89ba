"""The training configuration, as in ``configs/training/*.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from icsml.core.flatten import flattened
from icsml.core.names import nearest
from icsml.core.paths import configs_dir
from icsml.core.pydantic_errors import fault
from icsml.core.yaml import compose, construct, file_text, line_of, merged, nested, parse_change, validate, written_at
from icsml.errors import ConfigError, IcsmlError
from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.features.feature import INNOVATION_SCORE
from icsml.features.reason_codes import ReasonCatalogue, load_reason_catalogue
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.model.assessment_policy import AssessmentPolicy, load_assessment_policy
from icsml.model.bundle_document import Explainer
from icsml.model.model_config import Hyperparameters, ModelConfig
from icsml.records.direction import Direction
from icsml.records.extra import EXTRA_PREFIX

__all__ = [
    "CardConfig",
    "DirectionConfig",
    "ReasonsConfig",
    "TrainingConfig",
    "assessment_policy",
    "flat",
    "load_training_config",
    "reason_catalogue",
]

_CODE: Final = "ICS-CFG-002"
_FILES: Final = {"rulebook": "rulebook.yaml", "catalogue": "reasons.yaml", "assessment": "assessment.yaml"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CardConfig(_Strict):
    """Statements of the model card that cannot be computed."""

    owner: str
    tier: Literal["high", "medium", "low"]
    purpose: str
    limits: list[str] = []


class ReasonsConfig(_Strict):
    """Comparison population of reasons.

    Parameters
    ----------
    reference : {'training_applicants', 'approval_margin'}
        Training rows drawn by the model's seed, or those nearest to ``cut_off`` by their held-out PD.
    reference_rows : int
        How many of them; all where there are fewer.
    cut_off : float, optional
        The PD up to which applicants are approved; needed for ``approval_margin`` and used for nothing else.
    explainer : {'tree_shap', 'pred_contrib'}
        What computes contributions; ``pred_contrib`` is slow and knows no reference population.
    catalogue : str, optional
        File of the texts of reasons, in place of the shipped ``configs/policy/reasons.yaml``.
    """

    reference: Literal["training_applicants", "approval_margin"] = "training_applicants"
    reference_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    cut_off: Annotated[float, Field(gt=0, lt=1)] | None = None
    explainer: Explainer = "tree_shap"
    catalogue: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.reference == "approval_margin" and self.cut_off is None:
            message = "approval_margin needs a cut_off, the PD up to which applicants are approved"
            raise fault(("reference",), message)
        if self.reference == "approval_margin" and self.explainer == "pred_contrib":
            raise fault(("explainer",), "pred_contrib knows no reference population; use tree_shap")
        return self


class DirectionConfig(_Strict):
    """Another direction for a feature, and why.

    Parameters
    ----------
    direction : {'raises_risk', 'lowers_risk', 'free'}
        What a rising value does to the PD, as a law of the model.
    reason : str
        Why the direction of the catalogue, or of the data set, does not hold here; it goes into the bundle.
    """

    direction: Direction
    reason: Annotated[str, Field(pattern=r"\S", max_length=1_000)]


@dataclass(frozen=True, slots=True)
class _Origin:
    """Source of a configuration; equal configurations are equal whatever their source."""

    node: yaml.Node | None = field(default=None, compare=False)
    given: str | None = field(default=None, compare=False)
    path: Path | None = field(default=None, compare=False)
    changes: tuple[str, ...] = field(default=(), compare=False)


class TrainingConfig(_Strict):
    """Settings of a training.

    Parameters
    ----------
    name : str
        Name in the register.
    rulebook : str
        Rulebook whose points are the feature; its copy goes into the bundle.
    variant : {'points', 'raw'}
        With or without the rule-based score beside its raw sub-indicators.
    include : list of str, optional
        The only features to train on; None takes all that the data set can feed.
    exclude : list of str
        Features to leave out.
    directions : dict of str to DirectionConfig
        Features whose direction is another than declared.
    split_seed : int, optional
        Seed of the folds; None takes the one that ``dataset.yaml`` states.
    long_run_rate : float, optional
        Default rate that the mean PD of the training population is anchored to; None leaves the calibration as fitted.
    model : ModelConfig
        Hyperparameters, search, rounds, seed.
    reasons : ReasonsConfig
        Whom reasons compare with, and the texts they are given in.
    assessment : str, optional
        File of what an assessment asks of a record, in place of the shipped ``configs/policy/assessment.yaml``.
    card : CardConfig
        Owner, tier, purpose, limits.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")] = "icsml-pd"
    rulebook: str = "national-2025"
    variant: Literal["points", "raw"] = "points"
    include: Annotated[list[str], Field(min_length=1)] | None = None
    exclude: list[str] = []
    directions: dict[str, DirectionConfig] = {}
    split_seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    long_run_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    model: ModelConfig = ModelConfig()
    reasons: ReasonsConfig = ReasonsConfig()
    assessment: str | None = None
    card: CardConfig

    _origin: _Origin = PrivateAttr(default_factory=lambda: _Origin())

    @field_validator("directions", mode="before")
    @classmethod
    def _without_nulls(cls, directions: object) -> object:
        if not isinstance(directions, Mapping):
            return {} if directions is None else directions
        return {name: direction for name, direction in directions.items() if direction is not None}

    @model_validator(mode="after")
    def _known_features(self) -> Self:
        listed: list[tuple[tuple[str | int, ...], str]] = [
            *((("include", index), name) for index, name in enumerate(self.include or [])),
            *((("exclude", index), name) for index, name in enumerate(self.exclude)),
            *((("directions", name), name) for name in self.directions),
        ]
        for key, name in listed:
            if name not in FEATURE_BY_NAME and not name.startswith(EXTRA_PREFIX):
                raise fault(key, f"{name!r} is no feature; use a name of docs/reference/features.md, or extra.NAME")
        left_out = {*self.exclude, *([INNOVATION_SCORE] if self.variant == "raw" else [])}
        for index, name in enumerate(self.exclude):
            if name in (self.include or []):
                raise fault(("exclude", index), f"{name} is on include as well; take it off one of the two")
        for name in self.directions:
            if name in left_out or (self.include is not None and name not in self.include):
                raise fault(("directions", name), f"{name} is left out of the model; take the direction away")
        if self.variant == "raw" and INNOVATION_SCORE in (self.include or []):
            index = (self.include or []).index(INNOVATION_SCORE)
            raise fault(("include", index), "variant: raw leaves the points out; take it off, or choose points")
        return self

    @property
    def given(self) -> str | None:
        """The text of the file that was given; None where there was none."""
        return self._origin.given

    @property
    def given_path(self) -> Path | None:
        """The file that was given."""
        return self._origin.path

    @property
    def changes(self) -> tuple[str, ...]:
        """Single values that were set after the file, as ``KEY=VALUE``."""
        return self._origin.changes

    def where(self, *key: str | int) -> str:
        """Return a key as ``file:line: key`` where a file wrote it, else as it is."""
        line, dotted = written_at(self._origin.node, key), ".".join(map(str, key))
        return dotted if line is None else f"{line}: {dotted}"

    def recorded(self) -> dict[str, Any]:
        """Return the whole configuration as run and bundle store it.

        A file that it names is called ``rulebook.yaml``, ``reasons.yaml`` or ``assessment.yaml``: its copy is beside
        the record by that name, and the folder it came from means nothing on another machine.
        """
        return self._with_files(_FILES).model_dump(mode="json")

    def files(self) -> dict[str, Path]:
        """Return, by the name of its copy, the path of each policy that the configuration names."""
        named = {_FILES["catalogue"]: self.reasons.catalogue, _FILES["assessment"]: self.assessment}
        return {name: Path(path) for name, path in named.items() if path is not None}

    def _with_files(self, names: Mapping[str, str]) -> TrainingConfig:
        """Return the configuration with other names for the files that it names."""
        rulebook = names["rulebook"] if _is_file(self.rulebook) else self.rulebook
        catalogue = None if self.reasons.catalogue is None else names["catalogue"]
        assessment = None if self.assessment is None else names["assessment"]
        reasons = self.reasons.model_copy(update={"catalogue": catalogue})
        return self.model_copy(update={"rulebook": rulebook, "reasons": reasons, "assessment": assessment})

    def with_model(self, **changes: int) -> TrainingConfig:
        """Return the configuration with other values in its ``model`` section, checked like those of a file."""
        model = ModelConfig.model_validate(self.model.model_dump() | changes)
        return self.model_copy(update={"model": model})

    def with_seed(self, seed: int) -> TrainingConfig:
        """Return the configuration with another seed, of the model and of the folds."""
        return self.with_model(seed=seed).model_copy(update={"split_seed": seed})


def load_training_config(path: Path | None = None, *, changes: Sequence[str] = ()) -> TrainingConfig:
    """Read a training configuration.

    Parameters
    ----------
    path : Path, optional
        A file that contains what differs from the shipped ``configs/training/default.yaml``: mappings are merged key by
        key, anything else is replaced, and a range of ``model.search`` that is null is taken away.
    changes : sequence of str
        Single values as ``KEY=VALUE``, after the file; hyperparameters may be named as ``model.max_depth``.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If a value does not fit; ``field`` names the file and line, or the change, that wrote it.
    """
    default = configs_dir() / "training" / "default.yaml"
    given = None if path is None else file_text(path, code=_CODE)
    documents = [compose(file_text(default, code=_CODE), str(default), code=_CODE)]
    if path is not None and given is not None:
        differences = _mapping(compose(given, str(path), code=_CODE), str(path))
        construct(differences, str(path), code=_CODE)  # a key written twice must not vanish in the merge
        documents.append(differences)
    documents += [_change(change) for change in changes]
    node = reduce(merged, documents)
    name = str(path or default)
    config = validate(node, construct(node, name, code=_CODE), name, TrainingConfig, code=_CODE)
    config = config._with_files(
        {
            "rulebook": _beside(config.rulebook, ("rulebook",), node, path),
            "catalogue": _beside(config.reasons.catalogue or "", ("reasons", "catalogue"), node, path),
            "assessment": _beside(config.assessment or "", ("assessment",), node, path),
        }
    )
    config._origin = _Origin(node, given, path, tuple(changes))
    _refuse_rulebook(config)
    reason_catalogue(config)
    assessment_policy(config)
    return config


def reason_catalogue(config: TrainingConfig) -> ReasonCatalogue:
    """Return the texts of reasons that the configuration names, or the shipped ones."""
    named = config.reasons.catalogue
    return load_reason_catalogue(None if named is None else Path(named))


def assessment_policy(config: TrainingConfig) -> AssessmentPolicy:
    """Return the assessment policy that the configuration names, or the shipped one."""
    return load_assessment_policy(None if config.assessment is None else Path(config.assessment))


def flat(config: TrainingConfig) -> dict[str, Any]:
    """Return the whole configuration with dotted keys, such as ``model.hyperparameters.max_depth``."""
    return flattened(config.recorded())


def _beside(named: str, key: tuple[str, ...], node: yaml.Node | None, path: Path | None) -> str:
    """Return the path of a file; one named in a configuration file is relative to that file."""
    if path is None or node is None or not _is_file(named):
        return named
    written = str(written_at(node, key)).startswith(f"{path}:")
    return str(path.parent / named) if written else named


def _is_file(rulebook: str) -> bool:
    return rulebook.endswith((".yaml", ".yml"))


def _mapping(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if node is None or isinstance(node, yaml.MappingNode):
        return node
    if node.tag == "tag:yaml.org,2002:null":
        return None
    raise ConfigError(
        _CODE, "holds no keys", field=line_of(node, (), name), remedy="write key: value, as the shipped file does"
    )


def _change(change: str) -> yaml.Node:
    key, value = parse_change(change, "--set", code=_CODE)
    construct(value, f"--set {change}", code=_CODE)
    if key[0] == "directions" and key[1:2] == ("extra",) and len(key) > 2:
        key = ("directions", f"extra.{key[2]}", *key[3:])
    if key[0] == "model" and len(key) == 2 and key[1] not in ModelConfig.model_fields:
        known = [*ModelConfig.model_fields, *Hyperparameters.model_fields]
        if key[1] not in Hyperparameters.model_fields:
            raise ConfigError(
                _CODE,
                "unknown key",
                field=f"--set {change}",
                remedy=f"{nearest(key[1], known)} known keys of model: {', '.join(known)}".strip(),
            )
        key = ("model", "hyperparameters", key[1])
    return nested(key, value)


def _refuse_rulebook(config: TrainingConfig) -> None:
    try:
        load_rulebook(config.rulebook)
    except IcsmlError as error:
        raise ConfigError(
            _CODE,
            f"{config.rulebook} cannot be used: {f'{error.field}: ' if error.field else ''}{error.message}",
            field=config.where("rulebook"),
            remedy=error.remedy or "see `icsml rulebook list`",
        ) from error
