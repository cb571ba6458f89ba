"""Encoder from column arrays to the model's matrix, the same for one row and for a million.

Chosen once from the fields of a data set, stored with the bundle by name, and never fitted to values: there is no state
that could differ between training and scoring.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icsml.core.arithmetic import known
from icsml.core.arrays import Floats
from icsml.core.formulas import Formulas, Trace
from icsml.errors import InputError, ModelError
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.feature import CLOCK, INNOVATION_SCORE, Feature, from_extra
from icsml.features.innovation import INNOVATION_FIELDS
from icsml.records.columns import Columns, count_known, names_in, numbers_of
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature
from icsml.records.field import Domain
from icsml.records.fields import FIELDS
from icsml.texts.catalogue import text

if TYPE_CHECKING:
    from icsml.innovation.scoring.points import Points

__all__ = ["DirectionOverride", "Encoder", "Variant"]

Variant = Literal["points", "raw"]


class DirectionOverride(BaseModel):
    """A direction for a feature other than its declared one, with the reason, which is kept in the model.

    Parameters
    ----------
    feature : str
        Name of the feature.
    direction : Direction
        What a rising value does to the PD.
    reason : str
        Why the declared direction does not apply.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feature: str
    direction: Direction
    reason: Annotated[str, Field(pattern=r"\S")]


@dataclass(frozen=True)
class Encoder:
    """The features of one model, in the order of its columns.

    Parameters
    ----------
    names : tuple of str
        Canonical features by name.
    extras : tuple of ExtraFeature
        Declared extra features; their columns follow the canonical ones.
    score_inputs : tuple of str
        The innovation fields that the rulebook's score rests on.
    overrides : tuple of DirectionOverride
        Features whose direction is not the declared one, each with the reason.

    Raises
    ------
    ModelError
        ICS-FEA-001 if a name is not in the catalogue, ICS-FEA-002 if two columns share a name or a reason code.
    """

    names: tuple[str, ...]
    extras: tuple[ExtraFeature, ...] = ()
    score_inputs: tuple[str, ...] = INNOVATION_FIELDS
    overrides: tuple[DirectionOverride, ...] = ()

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in FEATURE_BY_NAME:
                raise ModelError(
                    "ICS-FEA-001",
                    "this version has no feature of that name",
                    field=name,
                    remedy="use the icsml version that wrote the bundle, or train again",
                )
        _refuse_repeats([feature.name for feature in self.features])
        _refuse_repeats([feature.code for feature in self.features])

    @classmethod
    def fit_catalogue(
        cls,
        present_fields: Collection[str],
        extras: Sequence[ExtraFeature] = (),
        *,
        variant: Variant = "points",
        include: Collection[str] | None = None,
        exclude: Collection[str] = (),
        score_inputs: Collection[str] = INNOVATION_FIELDS,
        overrides: Sequence[DirectionOverride] = (),
    ) -> tuple[Encoder, list[str]]:
        """Choose the features that a data set can supply.

        A canonical feature stays if every field it reads is present; without one of them it has no value in any row.
        So revenue alone does not leave R&D intensity behind as an empty column that would pass for innovation data.
        The points stay if any innovation field of the rulebook is present. The decision date needs no mention.

        Parameters
        ----------
        present_fields : collection of str
            Canonical fields that the data set has.
        extras : sequence of ExtraFeature
            Its declared extra features; all of them are kept.
        variant : {'points', 'raw'}
            ``points`` has the rulebook's points beside the raw sub-indicators; ``raw`` leaves the points out.
        include : collection of str, optional
            The only features wanted; None wants all.
        exclude : collection of str
            Features left out on purpose, by name (``extra.NAME`` for an extra one).
        score_inputs : collection of str
            Fields that the rulebook reads; those of them that are innovation features count.
        overrides : sequence of DirectionOverride
            Other directions, of features that stay.

        Returns
        -------
        encoder : Encoder
            The features that stay, in the order of the catalogue, then the extra ones.
        dropped : list of str
            Canonical features without inputs, in the order of the catalogue. What was excluded is not listed.

        Raises
        ------
        InputError
            ICS-FEA-003 if ``include``, ``exclude`` or ``overrides`` name no feature, ICS-FEA-004 if no feature is left,
            ICS-FEA-010 if the data set cannot feed one of ``include``, ICS-FEA-009 if an override changes nothing,
            ICS-FEA-011 if it is of a feature that does not stay.
        """
        _refuse_unknown([*(include or ()), *exclude, *(override.feature for override in overrides)], extras)
        score_fields = tuple(name for name in INNOVATION_FIELDS if name in set(score_inputs))
        left_out = {*exclude, *([INNOVATION_SCORE] if variant == "raw" else [])}
        left_out |= set() if include is None else {*FEATURE_BY_NAME, *(extra.column for extra in extras)} - set(include)
        wanted = [feature for feature in CATALOGUE if feature.name not in left_out]
        fed = {feature.name for feature in wanted if _is_fed(feature, {*present_fields, CLOCK}, score_fields)}
        if include is not None:
            _refuse_unfed([feature for feature in wanted if feature.name not in fed], {*present_fields, CLOCK})
        names = tuple(feature.name for feature in wanted if feature.name in fed)
        kept = tuple(extra for extra in extras if extra.column not in left_out)
        encoder = cls(names, kept, score_fields).with_directions(overrides)
        if not encoder.features:
            raise InputError(
                "ICS-FEA-004",
                "no declared feature has all its inputs",
                field="fields",
                remedy="map more canonical fields, or declare extra features",
            )
        return encoder, [feature.name for feature in wanted if feature.name not in fed]

    @classmethod
    def from_json(cls, obj: Mapping[str, Any]) -> Encoder:
        """Read the output of :meth:`to_json`.

        Raises
        ------
        ModelError
            ICS-FEA-001 for a feature that this version does not know, ICS-FEA-005 for any other shape.
        """
        try:
            names, score_inputs = _texts(obj["features"]), _texts(obj["score_inputs"])
            extras = tuple(ExtraFeature.model_validate(extra) for extra in obj["extras"])
            overrides = tuple(DirectionOverride.model_validate(override) for override in obj.get("overrides", ()))
        except (KeyError, TypeError, ValidationError) as error:
            raise ModelError(
                "ICS-FEA-005",
                "the bundle's list of features cannot be read",
                field="encoder",
                remedy="fetch the bundle again, or train again",
            ) from error
        return cls(names, extras, score_inputs, overrides)

    def to_json(self) -> dict[str, Any]:
        """Return names and extra features as a JSON object."""
        return {
            "features": list(self.names),
            "extras": [extra.model_dump(mode="json") for extra in self.extras],
            "score_inputs": list(self.score_inputs),
        } | ({"overrides": [override.model_dump(mode="json") for override in self.overrides]} if self.overrides else {})

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features in the order of the columns, extra ones last."""
        features = (*(self._canonical(name) for name in self.names), *(from_extra(extra) for extra in self.extras))
        if not self.overrides:
            return features
        overrides = {override.feature: override for override in self.overrides}
        return tuple(_directed(f, overrides[f.name]) if f.name in overrides else f for f in features)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Every field read, once, in the order of first use."""
        return tuple(dict.fromkeys(name for feature in self.features for name in feature.inputs))

    @cached_property
    def innovation_inputs(self) -> tuple[str, ...]:
        """The innovation fields and innovation extras among the inputs: the innovation feed."""
        extras = {extra.column for extra in self.extras if Domain(extra.domain) is Domain.INNOVATION}
        innovative = extras | {field.name for field in FIELDS if field.domain is Domain.INNOVATION}
        return tuple(name for name in self.inputs if name in innovative)

    @property
    def directions(self) -> tuple[int, ...]:
        """+1, -1 or 0 per column, as LightGBM's ``monotone_constraints``."""
        return tuple(feature.direction.sign for feature in self.features)

    @property
    def innovative(self) -> NDArray[np.bool_]:
        """Whether each column is of domain innovation, shape (p,)."""
        return np.array([feature.domain is Domain.INNOVATION for feature in self.features], dtype=np.bool_)

    @property
    def needs_points(self) -> bool:
        """Whether :meth:`encode` requires the rulebook's points."""
        return INNOVATION_SCORE in self.names

    def index(self, name: str) -> int:
        """Return the column of a feature, which must be one of its features."""
        return [feature.name for feature in self.features].index(name)

    def indices_in(self, other: Encoder) -> list[int]:
        """Return the columns of another encoder with its features, all of which must be there."""
        columns = {feature.name: index for index, feature in enumerate(other.features)}
        return [columns[feature.name] for feature in self.features]

    def without_innovation(self) -> Encoder:
        """Return the encoder of the companion model, without anything derived from innovation records."""
        names = tuple(name for name in self.names if FEATURE_BY_NAME[name].domain is not Domain.INNOVATION)
        extras = tuple(extra for extra in self.extras if Domain(extra.domain) is not Domain.INNOVATION)
        kept = {*names, *(extra.column for extra in extras)}
        return Encoder(names, extras, self.score_inputs, tuple(o for o in self.overrides if o.feature in kept))

    def with_directions(self, overrides: Sequence[DirectionOverride]) -> Encoder:
        """Return the encoder with other directions for some of its features.

        Raises
        ------
        InputError
            ICS-FEA-009 if a feature has that direction already, ICS-FEA-011 if it is none of the model's.
        """
        by_name = {feature.name: feature for feature in self.features}
        for override in overrides:
            if override.feature not in by_name:
                raise InputError(
                    "ICS-FEA-011",
                    "its direction is set, and it is not in the model: left out, or the data set cannot feed it",
                    field=override.feature,
                    remedy="take the direction away, or map the fields it reads",
                )
            if by_name[override.feature].direction is override.direction:
                raise InputError(
                    "ICS-FEA-009",
                    f"its direction is {override.direction} already",
                    field=override.feature,
                    remedy="take the override away, or state another direction",
                )
        return replace(self, overrides=tuple(sorted(overrides, key=lambda override: override.feature)))

    def encode(self, columns: Columns, points: Points | None = None) -> Floats:
        """Compute every feature of every row.

        Parameters
        ----------
        columns : mapping of str to ndarray of shape (n,)
            Column arrays of the records.
        points : Points, optional
            The rulebook's points for the same rows; needed if :attr:`needs_points`.

        Returns
        -------
        ndarray of float64, shape (n, p), C order
            Finite or NaN. A row has the same bits alone and in a batch. A row without a single innovation record has
            no points: the rulebook's zero would read as "innovates nothing" where nothing is known.

        Raises
        ------
        InputError
            ICS-FEA-006 if points are needed and absent or of another length, ICS-FEA-007 if a column is absent.
        """
        from icsml.core.formula_kernel import compute  # numba: not before the first row

        formulas, of_records = self._formulas
        try:
            table, read = numbers_of(columns, formulas.columns)
        except KeyError as error:
            raise InputError(
                "ICS-FEA-007",
                "the model reads this column and the records do not have it",
                field=str(error.args[0]),
                remedy="pass the bundle's extra features when reading the records",
            ) from error
        n = table.shape[1]
        matrix, computed = np.empty((n, len(self.features))), np.empty((len(formulas.results), n))
        compute(table, read, formulas.constants, formulas.steps, formulas.results, computed)
        matrix[:, of_records] = computed.T
        if self.needs_points:
            matrix[:, self._score_column] = self._score(columns, points, n)
        return matrix

    @cached_property
    def _formulas(self) -> tuple[Formulas, list[int]]:
        """The formulas of the features that are made of the records alone, and their columns in the matrix."""
        trace, of_records = Trace(), [i for i, feature in enumerate(self.features) if feature.name != INNOVATION_SCORE]
        return trace.formulas([self.features[index].recorded(trace) for index in of_records]), of_records

    @cached_property
    def _score_column(self) -> int:
        return self.index(INNOVATION_SCORE)

    def _canonical(self, name: str) -> Feature:
        feature = FEATURE_BY_NAME[name]
        return replace(feature, inputs=self.score_inputs) if name == INNOVATION_SCORE else feature

    def _score(self, columns: Columns, points: Points | None, n: int) -> Floats:
        if points is None or len(points.innovation_score) != n:
            raise InputError(
                "ICS-FEA-006",
                "the model reads innovation points, one for each row",
                field=INNOVATION_SCORE,
                remedy="evaluate the bundle's rulebook on the same rows first",
            )
        on_file = count_known(columns, names_in(columns, self.score_inputs)) > 0
        return np.where(on_file, known(points.innovation_score), np.nan)


def _is_fed(feature: Feature, present: set[str], score_fields: tuple[str, ...]) -> bool:
    if feature.name == INNOVATION_SCORE:
        return not present.isdisjoint(score_fields)
    return present.issuperset(feature.inputs)


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("not a list of texts")
    return tuple(values)


def _directed(feature: Feature, override: DirectionOverride) -> Feature:
    declared = f"names.value.{feature.direction}"
    if feature.name not in FEATURE_BY_NAME:
        declared = "features.direction_of_the_data_set"
    basis = text("features.direction_set", declared=text(declared), reason=override.reason)
    return replace(feature, direction=override.direction, basis=basis, overridden=True)


def _refuse_unfed(features: Sequence[Feature], present: set[str]) -> None:
    for feature in features:
        missing = ", ".join(name for name in feature.inputs if name not in present)
        if feature.name == INNOVATION_SCORE:  # any one field of the rulebook would do
            missing = "every innovation field that the rulebook reads"
        raise InputError(
            "ICS-FEA-010",
            f"this data set cannot feed it: it lacks {missing}",
            field=feature.name,
            remedy="map these fields, or take the feature off `include`",
        )


def _refuse_unknown(named: Collection[str], extras: Sequence[ExtraFeature]) -> None:
    declared = {*FEATURE_BY_NAME, *(extra.column for extra in extras)}
    for name in named:
        if name not in declared:
            raise InputError(
                "ICS-FEA-003",
                "there is no such feature",
                field=name,
                remedy="use a name of docs/reference/features.md, or extra.NAME",
            )


def _refuse_repeats(labels: Sequence[str]) -> None:
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise ModelError(
                "ICS-FEA-002",
                "two features share this name or reason code",
                field=label,
                remedy="rename one of them (reason codes ignore upper and lower case)",
            )
        seen.add(label)
