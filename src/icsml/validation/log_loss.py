"""Log-loss.

Purpose
    The proper score that training minimises and that questions about added value are settled on.
Method
    Mean of -ln(PD) over defaulters and -ln(1 - PD) over the others, in nats a row.
Reading
    Lower is better; compare with the entropy of the default rate, which a constant PD reaches.
Limits
    One confident error costs much: a PD of exactly 0 or 1 that turns out wrong counts as the float next to it, about
    36. Compares models on the same rows only.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from sklearn.metrics import log_loss as sklearn_log_loss

from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["LOG_LOSS", "log_loss"]


def log_loss(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the mean log-loss of PDs of shape (n,) against outcomes (0 or 1) of shape (n,)."""
    outcome, probability = checked(y, pd)
    return float(sklearn_log_loss(outcome, probability))


LOG_LOSS: Final = Metric({"log_loss": Label(en="Log loss", zh="对数损失")}, lambda y, pd, _: (log_loss(y, pd),))
