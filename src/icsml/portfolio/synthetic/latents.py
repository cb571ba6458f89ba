"""Unobserved drivers: management quality, financial health, innovation capability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Floats
from icsml.portfolio.synthetic.parameters import PARAMETERS
from icsml.portfolio.synthetic.rng import BLOCK

__all__ = ["Latents", "autoregression", "draw_latents"]


@dataclass(frozen=True, slots=True)
class Latents:
    """Latent states of a block of n firms over g years.

    Parameters
    ----------
    management : Floats
        Fixed quality, shape (n,), standard normal.
    health, capability : Floats
        Yearly states, shape (n, g), each standard normal.
    """

    management: Floats
    health: Floats
    capability: Floats


def autoregression(noise: Floats, persistence: float) -> Floats:
    """Turn standard normal noise into stationary AR(1) paths of variance 1 along the last axis."""
    path = np.empty_like(noise)
    path[:, 0] = noise[:, 0]
    scale = np.sqrt(1.0 - persistence**2)
    for column in range(1, noise.shape[1]):
        path[:, column] = persistence * path[:, column - 1] + scale * noise[:, column]
    return path


def _mixed(management: Floats, path: Floats, loading: float) -> Floats:
    mixed: Floats = loading * management[:, None] + np.sqrt(1.0 - loading**2) * path
    return mixed


def draw_latents(rng: np.random.Generator, columns: int) -> Latents:
    """Draw the latent states of one block over so many years."""
    management = rng.standard_normal(BLOCK)
    health = autoregression(rng.standard_normal((BLOCK, columns)), PARAMETERS.health_persistence)
    capability = autoregression(rng.standard_normal((BLOCK, columns)), PARAMETERS.capability_persistence)
    return Latents(
        management=management,
        health=_mixed(management, health, PARAMETERS.management_in_health),
        capability=_mixed(management, capability, PARAMETERS.management_in_capability),
    )
