"""What a recorded decision can be found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["DecisionFacets", "facets_of"]


class DecisionFacets(NamedTuple):
    """What a recorded decision can be found by, and what a list of decisions shows.

    Parameters
    ----------
    decided_at : str
        The time of the decision, as it states it.
    enterprise_id, as_of, grade : str or None
        As the decision states them.
    pd : float or None
        The probability of default.
    score : int or None
        The score.
    model_name, model_version, bundle_sha256 : str or None
        Which model decided.
    reasons : tuple of str
        The codes of the adverse reasons and then of the others, each once.
    """

    decided_at: str
    enterprise_id: str | None
    as_of: str | None
    grade: str | None
    pd: float | None
    score: int | None
    model_name: str | None
    model_version: str | None
    bundle_sha256: str | None
    reasons: tuple[str, ...]


def facets_of(decision: object) -> DecisionFacets | None:
    """Return the facets of a decision as parsed from JSON; None if it does not say when it was made.

    A part that is missing or of another type is None: what is recorded is recorded all the same.
    """
    if not isinstance(decision, Mapping) or (decided_at := _text(decision, "decided_at")) is None:
        return None
    model = decision.get("model")
    model = model if isinstance(model, Mapping) else {}
    return DecisionFacets(
        decided_at,
        _text(decision, "enterprise_id"),
        _text(decision, "as_of"),
        _text(decision, "grade"),
        None if (pd := _number(decision, "pd")) is None else float(pd),
        None if (score := _number(decision, "score")) is None else int(score),
        _text(model, "name"),
        _text(model, "version"),
        _text(model, "bundle_sha256"),
        _codes([*_listed(decision, "adverse_reasons"), *_listed(decision, "reasons")]),
    )


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    # PostgreSQL has no text with a zero character.
    return value if isinstance(value, str) and "\0" not in value else None


def _number(values: Mapping[str, Any], key: str) -> int | float | None:
    value = values.get(key)
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
    return value if known else None


def _listed(values: Mapping[str, Any], key: str) -> Sequence[object]:
    value = values.get(key)
    return value if isinstance(value, list | tuple) else ()


def _codes(reasons: Sequence[object]) -> tuple[str, ...]:
    # A dict is looked for first: whether something else is a mapping takes longer to tell.
    codes = [_text(reason, "code") for reason in reasons if type(reason) is dict or isinstance(reason, Mapping)]
    return tuple(dict.fromkeys([code for code in codes if code]))
