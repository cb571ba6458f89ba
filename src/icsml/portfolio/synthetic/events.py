"""Events of a firm within twelve months of a decision: default, merger, closure, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.synthetic.identity import Firms
from icsml.portfolio.synthetic.latents import Latents
from icsml.portfolio.synthetic.parameters import PARAMETERS, Effect, Timeline, capability_effect

__all__ = ["CLOSURE", "DEFAULT", "EVENTS", "MERGER", "NOTHING", "Events", "draw_events"]

NOTHING, DEFAULT, MERGER, CLOSURE = range(4)
EVENTS = np.array([None, "default", "merger", "closure"], dtype=object)


@dataclass(frozen=True, slots=True)
class Events:
    """Outcomes of a block of n firms over the y decision years, all of shape (n, y).

    Parameters
    ----------
    pd : Floats
        Probability of default within twelve months, given the latents and the year's factor.
    pd_through_cycle : Floats
        The same before the year's factor is known.
    event : Ints
        Index into :data:`EVENTS`.
    days : Ints
        Days from the decision to the event, 1 to 365.
    present : Bools
        Whether the firm is in the portfolio at that year's decision.
    """

    pd: Floats
    pd_through_cycle: Floats
    event: Ints
    days: Ints
    present: Flags


def _threshold(latents: Latents, age: Floats, effect: Effect, lead: int) -> Floats:
    youth = PARAMETERS.youth_in_default * np.exp(-age / PARAMETERS.youth_years)
    index = PARAMETERS.default_threshold + youth - PARAMETERS.health_in_default * latents.health[:, lead:]
    return index - capability_effect(effect) * latents.capability[:, lead:]


def _competing(rng: np.random.Generator, defaulted: Flags, latents: Latents, lead: int) -> Ints:
    # Merger and closure are drawn among those that do not default, so that the PD is exactly the probit's.
    health, capability = latents.health[:, lead:], latents.capability[:, lead:]
    merger = PARAMETERS.merger_rate * np.exp(0.35 * capability - 0.06)
    closure = PARAMETERS.closure_rate * np.exp(-0.3 * health - 0.045)
    draw = rng.random(defaulted.shape)
    other = np.where(draw < merger, MERGER, np.where(draw < merger + closure, CLOSURE, NOTHING))
    return np.where(defaulted, DEFAULT, other)


def _present(rng: np.random.Generator, event: Ints, firms: Firms, line: Timeline) -> Flags:
    entered = firms.entry_year[:, None] <= line.first + np.arange(line.years)
    leaves = entered & ((event != NOTHING) | (rng.random(event.shape) < PARAMETERS.churn_rate))
    earlier = np.cumsum(leaves, axis=1) - leaves
    present: Flags = entered & (earlier == 0)
    return present


def draw_events(
    rng: np.random.Generator, firms: Firms, latents: Latents, macro: Floats, line: Timeline, effect: Effect
) -> Events:
    """Draw the outcomes of one block; ``macro`` is the factor of each grid year."""
    age = np.maximum(line.first + np.arange(line.years) - firms.founded_year[:, None], 0).astype(np.float64)
    threshold = _threshold(latents, age, effect, line.lead)
    root, rest = np.sqrt(PARAMETERS.asset_correlation), np.sqrt(1.0 - PARAMETERS.asset_correlation)
    factor = macro[line.lead :]
    asset = root * factor + rest * rng.standard_normal(threshold.shape)
    event = _competing(rng, asset < threshold, latents, line.lead)
    return Events(
        pd=ndtr((threshold - root * factor) / rest),
        pd_through_cycle=ndtr(threshold),
        event=event,
        days=rng.integers(1, 366, size=threshold.shape),
        present=_present(rng, event, firms, line),
    )
