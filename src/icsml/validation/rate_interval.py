"""Interval of an observed default rate.

Purpose
    How far may the default rate of a grade be from the one observed on so many rows?
Method
    Wilson's score interval (1927), which stays inside [0, 1] and has a width at no defaults.
Reading
    A mean PD outside the interval is not what this grade's rows showed.
Limits
    Takes rows as independent: several years of one enterprise, or a common downturn, make the true interval wider. With
    fifteen grades at 95 % one of them is outside by chance about every second time.
"""

from __future__ import annotations

from math import sqrt

from scipy.special import ndtri

__all__ = ["rate_interval"]


def rate_interval(events: int, rows: int, *, level: float = 0.95) -> tuple[float, float] | None:
    """Return the lower and upper bound of a rate; None without a row.

    Parameters
    ----------
    events, rows : int
        Defaults, and rows they are among.
    level : float, default=0.95
        Coverage, two-sided.
    """
    if not rows:
        return None
    z = float(ndtri(0.5 + level / 2.0))
    rate, correction = events / rows, z * z / rows
    centre = (rate + correction / 2.0) / (1.0 + correction)
    reach = z / (1.0 + correction) * sqrt(rate * (1.0 - rate) / rows + correction / (4.0 * rows))
    return (0.0 if events == 0 else centre - reach), (1.0 if events == rows else centre + reach)
