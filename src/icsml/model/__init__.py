"""The PD model: training on a feature matrix, calibration, and the bundle.

Scoring needs ``predict``, ``calibrate``, ``scale`` and ``bundle`` only; ``classifier``, ``rounds`` and ``tune`` train
and need scikit-learn and Optuna, so nothing is imported here.
"""

from __future__ import annotations

__all__: list[str] = []
