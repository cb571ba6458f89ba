"""Peer tables of a rulebook, fitted on a population."""

from __future__ import annotations

import numpy as np

from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import PeerTables, Population, assign_peers
from icsml.innovation.rulebooks.compiled_indicators import peer_key
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.stages import stage_indices
from icsml.records.columns import Columns, latest, rows, take

__all__ = ["fit_peers", "fitted"]


def fit_peers(rulebook: Rulebook, columns: Columns, name: str) -> PeerTables:
    """Fit the peer tables of a rulebook on a population.

    Parameters
    ----------
    rulebook : Rulebook
        The rules; some indicator must rank among peers.
    columns : mapping of str to ndarray of shape (n,)
        The population, as canonical column arrays.
    name : str
        Name of the population.

    Raises
    ------
    InputError
        If the rulebook ranks nothing among peers, or the population has no rows.
    """
    if rulebook.peers is None or not rulebook.ranked:
        raise InputError(
            "ICS-RUL-031", "ranks nothing among peers", field=rulebook.id, remedy="it needs no peer tables"
        )
    if not rows(columns):
        raise InputError("ICS-RUL-031", "the population has no rows", field=name, remedy="give records to fit on")
    levels = rulebook.peers.groups
    assignment = assign_peers(columns, stage_indices(rulebook.stages, columns), tuple(rulebook.stage_labels), levels)
    values = {
        peer_key(i, o): -o.value.compute(columns) if i.better == "lower" else o.value.compute(columns)
        for i in rulebook.ranked
        for o in i.options
        if o.points.ranked
    }
    dates = columns["as_of"][~np.isnat(columns["as_of"])]
    since, until = (str(dates.min()), str(dates.max())) if len(dates) else (None, None)
    return PeerTables.fit(
        values,
        assignment,
        rulebook=rulebook.id,
        rulebook_sha256=rulebook.sha256,
        population=Population(name, rows(columns), since, until),
        levels=levels,
        min_peers=rulebook.peers.min_peers,
    )


def fitted(rulebook: Rulebook, columns: Columns, name: str) -> Rulebook:
    """Return the rulebook with peer tables fitted on this population, if it needs some and has none.

    Of several records of an enterprise the latest counts.
    """
    if not rulebook.ranked or rulebook.peer_tables is not None:
        return rulebook
    return rulebook.with_peers(fit_peers(rulebook, take(columns, latest(columns)), name))
