"""The training configuration: what ``configs/training/*.yaml`` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from icsml.core.paths import configs_dir
from icsml.core.yaml import load_model
from icsml.model.config import ModelConfig
from icsml.model.document import Explainer

__all__ = ["CardConfig", "ReasonsConfig", "TrainingConfig", "load_training_config"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CardConfig(_Strict):
    """What the model card must state and no computation can know."""

    owner: str
    tier: Literal["high", "medium", "low"]
    purpose: str
    limits: list[str] = []


class ReasonsConfig(_Strict):
    """Compared with whom reasons are meant.

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
    """

    reference: Literal["training_applicants", "approval_margin"] = "training_applicants"
    reference_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    cut_off: Annotated[float, Field(gt=0, lt=1)] | None = None
    explainer: Explainer = "tree_shap"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.reference == "approval_margin" and self.cut_off is None:
            raise ValueError("reference: approval_margin needs a cut_off, the PD up to which applicants are approved")
        if self.reference == "approval_margin" and self.explainer == "pred_contrib":
            raise ValueError("explainer: pred_contrib knows no reference population; use tree_shap")
        return self


class TrainingConfig(_Strict):
    """How to train.

    Parameters
    ----------
    name : str
        Name in the register.
    rulebook : str
        Rulebook whose points are the feature; its copy goes into the bundle.
    variant : {'points', 'raw'}
        With or without the rule-based score beside its raw sub-indicators.
    exclude : list of str
        Features to leave out.
    long_run_rate : float, optional
        Default rate that the mean PD of the training population is anchored to; None leaves the calibration as fitted.
    model : ModelConfig
        Hyperparameters, search, rounds, seed.
    reasons : ReasonsConfig
        Compared with whom reasons are meant.
    card : CardConfig
        Owner, tier, purpose, limits.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")] = "icsml-pd"
    rulebook: str = "national-2025"
    variant: Literal["points", "raw"] = "points"
    exclude: list[str] = []
    long_run_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    model: ModelConfig = ModelConfig()
    reasons: ReasonsConfig = ReasonsConfig()
    card: CardConfig

    def with_model(self, **changes: int) -> TrainingConfig:
        """Return the configuration with other values in its ``model`` section, checked like those of a file."""
        model = ModelConfig.model_validate(self.model.model_dump() | changes)
        return self.model_copy(update={"model": model})


def load_training_config(path: Path | None = None) -> TrainingConfig:
    """Read a training configuration, the shipped default if no path is given."""
    return load_model(path or configs_dir() / "training" / "default.yaml", TrainingConfig, code="ICS-CFG-002")
