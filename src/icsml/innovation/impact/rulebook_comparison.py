"""The result of comparing two rulebooks."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import to_jsonable_python

from icsml.core.strict_json import JsonObject
from icsml.innovation.impact.population_impact import Impact
from icsml.innovation.impact.rule_changes import Change
from icsml.texts.label import Label

__all__ = ["GradeMigration", "PdChange", "RulebookComparison"]


@dataclass(frozen=True, slots=True)
class GradeMigration:
    """The grades that enterprises of one grade get by the other rulebook, with their number."""

    grade: str
    to: dict[str, int]


@dataclass(frozen=True, slots=True)
class PdChange:
    """Changes of a model's PDs and grades from one rulebook to the other.

    Parameters
    ----------
    model : str
        The model.
    rows : int
        Enterprises.
    trained_with : str or None
        The rulebook that it was trained with.
    pd_mean_a, pd_mean_b : float
        Mean PD by each.
    pd_change : dict of str to float
        Quantiles of the change.
    grade_changed : int
        Enterprises that change grade.
    migration : list of GradeMigration
        Grade by grade.
    ungraded : int
        Enterprises too short of facts for a grade.
    synthetic : bool
        Whether the model was trained on simulated data.
    notes : list of Label
        What a reader must know besides.
    """

    model: str
    rows: int
    trained_with: str | None
    pd_mean_a: float
    pd_mean_b: float
    pd_change: dict[str, float]
    grade_changed: int
    migration: list[GradeMigration]
    ungraded: int
    synthetic: bool
    notes: list[Label]


@dataclass(frozen=True, slots=True)
class RulebookComparison:
    """Two rulebooks compared.

    Parameters
    ----------
    a, b : str
        Their identifiers.
    sha256 : dict of str to str
        SHA-256 of ``a`` and ``b``.
    changes : list of Change
        Their differences.
    impact : Impact or None
        What that does to a population; None where none was given.
    model : PdChange or None
        How a model's PDs and grades change; None where no model was given.
    population : str or None
        Name of the population.
    synthetic : bool
        Whether it is simulated.
    stages : dict of str to Label
        Names of the stages of both.
    notes : list of Label
        What a reader must know besides.
    """

    a: str
    b: str
    sha256: dict[str, str]
    changes: list[Change]
    impact: Impact | None
    model: PdChange | None
    population: str | None
    synthetic: bool
    stages: dict[str, Label]
    notes: list[Label]

    def as_json(self) -> JsonObject:
        """Return the comparison as a JSON object; ``swap_set`` counts those who enter or leave."""
        effect = self.impact
        content: JsonObject = to_jsonable_python(
            {
                "a": self.a,
                "b": self.b,
                "sha256": self.sha256,
                "changes": self.changes,
                "swap_set": None if effect is None else effect.entered + effect.left,
                "score_mean_a": None if effect is None else effect.a.mean,
                "score_mean_b": None if effect is None else effect.b.mean,
                "impact": effect,
                "model": self.model,
                "population": self.population,
                "synthetic": self.synthetic,
                "notes": self.notes,
            }
        )
        return content
