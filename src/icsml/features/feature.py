"""Definition of a feature, and the decorator that declares one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import cast

from icsml.core.arithmetic import known
from icsml.core.arrays import Floats
from icsml.core.formulas import Symbol, Trace
from icsml.errors import ModelError
from icsml.records.columns import Columns
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature
from icsml.records.field import Domain
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = ["CLOCK", "EXTRA_CODE_PREFIX", "INNOVATION_SCORE", "POINTS_COLUMN", "Feature", "Group", "from_extra"]

EXTRA_CODE_PREFIX = "X_"

CLOCK = "as_of"
"""The decision date: the clock that ages are read off, no evidence about the enterprise."""

INNOVATION_SCORE = "innovation_score"
POINTS_COLUMN = "points.innovation_score"
"""Where the encoder puts the rulebook's points; no record has a column of this name."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One declared feature function.

    Parameters
    ----------
    name : str
        Stable name; the feature's column in the model.
    code : str
        Stable, unique reason code such as ``LEV01``.
    group : str
        Its subject, such as ``leverage``.
    label : Label
        Name in both languages.
    direction : Direction
        What a rising value does to the PD; a monotone direction is a law of the model.
    domain : Domain
        Innovation as soon as one input is an innovation record, else financial.
    inputs : tuple of str
        Canonical fields (or ``extra.NAME``) that are read; without any one of them there is no value.
    function : callable
        Column arrays to an ndarray of shape (n,): finite or NaN, elementwise.
    unit : str
        ``fraction``, ``times``, ``days``, ``months``, ``years``, ``CNY``, ``persons``, ``count``, ``points`` or a
        stated rate.
    range : tuple of float or None
        Lowest and highest plausible value; None is unbounded. A description, nothing is cut.
    definition : str
        How it is computed, in one line.
    basis : Label
        The evidence behind the direction, or why it was left free; in one set for one model, the reason given for it.
    overridden : bool
        Whether the direction was set for one model; the catalogue's reason texts, which speak of "higher" and "lower"
        by the declared direction, are not used then.
    """

    name: str
    code: str
    group: str
    label: Label
    direction: Direction
    domain: Domain
    inputs: tuple[str, ...]
    function: Callable[[Columns], Floats]
    unit: str
    range: tuple[float | None, float | None]
    basis: Label
    definition: str = ""
    overridden: bool = False

    def recorded(self, trace: Trace) -> Symbol:
        """Record the function in a trace and return its result.

        Raises
        ------
        ModelError
            ICS-FEA-012 if the function does anything with its columns but pass them to functions of
            :mod:`icsml.core.arithmetic`.
        """
        try:
            result: object = self.function(cast(Columns, trace))
        except (TypeError, AttributeError) as error:
            raise self._unrecordable() from error
        if not isinstance(result, Symbol):
            raise self._unrecordable()
        return result

    def _unrecordable(self) -> ModelError:
        return ModelError(
            "ICS-FEA-012",
            "its function cannot be compiled: it does more than call functions of icsml.core.arithmetic",
            field=self.name,
            remedy="compute it by those functions alone, or add the operation that it needs to them",
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A family of features; one per module.

    Parameters
    ----------
    name : str
        Name of the group.
    prefix : str
        Three letters that begin its reason codes.
    """

    name: str
    prefix: str

    def feature(
        self,
        number: int,
        *,
        label: Label,
        direction: Direction,
        unit: str,
        plausible: tuple[float | None, float | None],
        basis: Label,
    ) -> Callable[[Callable[..., Floats]], Feature]:
        """Return a decorator that turns a function of fields into a declared feature.

        The function's parameters are its inputs, by the name of the field: it cannot read what it does not declare.
        Its docstring is the definition, and the domain follows from the inputs.
        """

        def declare(formula: Callable[..., Floats]) -> Feature:
            inputs = tuple(inspect.signature(formula).parameters)
            return Feature(
                name=formula.__name__,
                code=f"{self.prefix}{number:02d}",
                group=self.name,
                label=label,
                direction=direction,
                domain=_domain(inputs),
                inputs=inputs,
                function=lambda columns: formula(*(columns[name] for name in inputs)),
                unit=unit,
                range=plausible,
                definition=(formula.__doc__ or "").strip().rstrip("."),
                basis=basis,
            )

        return declare


def from_extra(extra: ExtraFeature) -> Feature:
    """Return the feature that passes a declared extra column through.

    Its name is ``extra.NAME``, its code ``X_<NAME>`` in capitals.
    """
    column, label = extra.column, extra.label
    return Feature(
        name=column,
        code=f"{EXTRA_CODE_PREFIX}{extra.name.upper()}",
        group=extra.group,
        label=label,
        direction=extra.direction,
        domain=Domain(extra.domain),
        inputs=(column,),
        function=lambda columns: known(columns[column]),
        unit=extra.unit or "as declared",
        range=extra.range,
        definition="The declared column, as it is",
        basis=_declared_with_data(),
    )


@cache
def _declared_with_data() -> Label:
    # Cached, because an encoder makes its extra features anew whenever it is asked for them.
    return text("features.declared_with_data")


def _domain(inputs: tuple[str, ...]) -> Domain:
    innovative = any(FIELD_BY_NAME[name].domain is Domain.INNOVATION for name in inputs)
    return Domain.INNOVATION if innovative else Domain.FINANCIAL
