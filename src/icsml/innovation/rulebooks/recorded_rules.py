"""Find the rule behind the English text in a recorded decision."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from icsml.errors import ConfigError, MissingError
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.innovation.rulebooks.rulebook import Rulebook

__all__ = ["recorded_rules"]

_ANYWHERE = (RuleKind.YES, RuleKind.NO, RuleKind.MISSING, RuleKind.LEFT_OUT, RuleKind.REFUSED)


def recorded_rules(name: str, rulebook: Rulebook | None = None) -> Mapping[str, RuleHit]:
    """Return rules by their text in recorded decisions.

    Parameters
    ----------
    name : str
        The rulebook of the decision, as recorded; where there is none of that name, its rules are not known.
    rulebook : Rulebook, optional
        One that may not be known by a name, such as the copy of a bundle.
    """
    given = {} if rulebook is None else _by_text(rulebook)
    return given | _named(name)


def _by_text(rulebook: Rulebook) -> dict[str, RuleHit]:
    return {text: rule for part in rulebook.compiled for text, rule in zip(part.texts, part.rules, strict=True)}


@cache
def _named(name: str) -> dict[str, RuleHit]:
    rules = {RuleHit(kind).text("en"): RuleHit(kind) for kind in _ANYWHERE}
    with suppress(MissingError, ConfigError):
        rules |= _by_text(load_rulebook(name))
    return rules
