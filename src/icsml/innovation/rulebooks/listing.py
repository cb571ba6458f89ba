"""An edition in short, for lists."""

from __future__ import annotations

from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.records.rulebook_list import ListedRulebook, RulebookInForce

__all__ = ["listed"]


def listed(edition: Rulebook | Outline, *, decides: bool = False) -> ListedRulebook:
    """Return an edition in short.

    Parameters
    ----------
    edition : Rulebook or Outline
        The edition.
    decides : bool
        Whether the model that decides now gives points by it.
    """
    rulebook = edition if isinstance(edition, Rulebook) else None
    return ListedRulebook(
        id=edition.id,
        scope=edition.scope.value,
        edition=edition.edition,
        title=edition.title,
        issuer=edition.issuer,
        in_force=RulebookInForce(since=edition.in_force.since, until=edition.in_force.until),
        known_since=edition.known_since,
        corrects=edition.corrects,
        evaluable=rulebook is not None,
        max_score=rulebook.max_score if rulebook else None,
        provenance=rulebook.provenance.value if rulebook else None,
        sha256=rulebook.sha256 if rulebook else None,
        decides=decides,
    )
