"""Named aggregations: many invoices of a firm into one row of figures.

Every figure is about the firm's own span of invoices, never of the end of the file: how long ago a firm fell silent,
seen from the day the file was written, would reveal what became of it. Void invoices enter no amount; their share is a
figure of its own. A negative amount is a return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icsml.core.arithmetic import add, known, ratio, subtract
from icsml.core.arrays import Flags, Floats, Ints

__all__ = ["AGGREGATES", "INVOICE_FIGURES", "Invoices", "vat_purchases", "vat_sales"]


@dataclass(frozen=True, slots=True)
class Invoices:
    """Invoices seen at the decision date of the row that they belong to.

    Parameters
    ----------
    rows : int
        Number n of rows of the main table.
    row : ndarray of int of shape (m,)
        Row of each invoice, 0 to n - 1.
    month : ndarray of int of shape (m,)
        Month of issue, counted from any origin.
    partner : ndarray of int of shape (m,)
        Code of the other party, 0 or more; -1 not known.
    amount, tax : ndarray of float of shape (m,)
        Before tax, in CNY; negative is a return. ``tax`` is NaN where not known.
    void : ndarray of bool of shape (m,)
        Whether the invoice was void by then.
    """

    rows: int
    row: Ints
    month: Ints
    partner: Ints
    amount: Floats
    tax: Floats
    void: Flags

    def where(self, kept: Flags) -> Invoices:
        """Return the invoices that are kept."""
        return Invoices(
            self.rows,
            self.row[kept],
            self.month[kept],
            self.partner[kept],
            self.amount[kept],
            self.tax[kept],
            self.void[kept],
        )

    def total(self, weights: Floats | Flags | None = None) -> Floats:
        """Return the sum of weights (the count by default) of each row, of shape (n,)."""
        return np.bincount(self.row, weights, minlength=self.rows).astype(np.float64)


Aggregate = Callable[[Invoices, pd.DataFrame | None], pd.DataFrame]


def vat_sales(invoices: Invoices, against: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the figures of issued (output) invoices; see :data:`INVOICE_FIGURES`.

    Parameters
    ----------
    invoices : Invoices
        What the firm issued.
    against : DataFrame of shape (n, any), optional
        Figures of received invoices; adds ``margin`` and ``tax_margin``.

    Returns
    -------
    DataFrame of shape (n, figures)
        NaN where a figure has no basis; a row without invoices has ``count`` 0 and nothing else.
    """
    figures = _table(invoices)
    return figures if against is None else figures.assign(**_margins(figures, against))


def vat_purchases(invoices: Invoices, against: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the figures of received (input) invoices; ``against`` are the figures of issued ones.

    Parameters and result are those of :func:`vat_sales`; a margin is always sales less purchases.
    """
    figures = _table(invoices)
    return figures if against is None else figures.assign(**_margins(against, figures))


AGGREGATES: dict[str, Aggregate] = {"vat_purchases": vat_purchases, "vat_sales": vat_sales}

INVOICE_FIGURES: dict[str, str] = {
    "count": "invoices, void ones included",
    "void_share": "void invoices / invoices",
    "return_share": "returns / invoices that are not void",
    "return_amount_share": "amount returned / amount sold or bought",
    "amount": "net amount in CNY: returns taken off, void ones left out",
    "amount_log": "sign(amount) * ln(1 + |amount|)",
    "tax": "net VAT in CNY",
    "tax_rate": "net VAT / net amount",
    "invoice_log": "ln(1 + mean amount of an invoice)",
    "largest_share": "largest invoice / amount before returns",
    "partners": "number of partners",
    "partner_top1": "largest partner's share of the amount before returns",
    "partner_hhi": "sum of the squared shares of the partners",
    "months_active": "months with an invoice",
    "months_span": "months from the first to the last of them",
    "active_share": "months_active / months_span",
    "longest_gap": "most months in a row without one",
    "monthly_variation": "standard deviation / mean of the monthly amount over the span",
    "growth": "(last half - first half) / (both) of the span's amount",
    "margin": "(sales - purchases) / (sales + purchases), net amounts; needs against",
    "tax_margin": "the same of the net VAT; needs against",
}
"""Outputs of the VAT aggregates; amounts of shares, partners and months are those before returns."""


def _table(invoices: Invoices) -> pd.DataFrame:
    """Return the figures; one that overflows is missing, and so are those computed from it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return pd.DataFrame({name: known(values) for name, values in _figures(invoices).items()})


def _figures(invoices: Invoices) -> dict[str, Floats]:
    valid = invoices.where(~invoices.void)
    sold = valid.where(valid.amount > 0)
    returned = valid.where(valid.amount < 0)
    count, gross, net = invoices.total(), sold.total(sold.amount), valid.total(valid.amount)
    tax = valid.total(valid.tax)
    net = np.where(valid.total() > 0, net, np.nan)
    figures = {
        "count": count,
        "void_share": ratio(invoices.total(invoices.void), count),
        "return_share": ratio(returned.total(), valid.total()),
        "return_amount_share": ratio(-returned.total(returned.amount), gross),
        "amount": net,
        "amount_log": np.sign(net) * np.log1p(np.abs(net)),
        "tax": np.where(valid.total() > 0, tax, np.nan),
        "tax_rate": ratio(tax, net),
        "invoice_log": np.log1p(ratio(gross, sold.total())),
        "largest_share": ratio(_largest(sold), gross),
    }
    return figures | _partners(sold, gross) | _months(sold, gross)


def _largest(invoices: Invoices) -> Floats:
    out = np.zeros(invoices.rows)
    np.maximum.at(out, invoices.row, invoices.amount)
    return out


def _cells(row: Ints, other: Ints, amount: Floats) -> tuple[Ints, Ints, Floats]:
    """Sum amounts by row and another code; both come back sorted by row, then code."""
    width = int(other.max(initial=0)) + 1
    inverse, cells = pd.factorize(row * width + other, sort=True)
    return cells // width, cells % width, np.bincount(inverse, amount, minlength=len(cells)).astype(np.float64)


def _partners(sold: Invoices, gross: Floats) -> dict[str, Floats]:
    named = sold.where(sold.partner >= 0)
    row, _, amount = _cells(named.row, named.partner, named.amount)
    share = ratio(amount, gross[row])
    top, squares = np.zeros(sold.rows), np.bincount(row, share * share, minlength=sold.rows)
    np.maximum.at(top, row, share)
    any_known = np.bincount(row, minlength=sold.rows) > 0
    return {
        "partners": np.where(sold.total() > 0, np.bincount(row, minlength=sold.rows), np.nan),
        "partner_top1": np.where(any_known, top, np.nan),
        "partner_hhi": np.where(any_known, squares, np.nan),
    }


def _months(sold: Invoices, gross: Floats) -> dict[str, Floats]:
    origin = int(sold.month.min(initial=0))
    row, month, amount = _cells(sold.row, sold.month - origin, sold.amount)
    first = np.full(sold.rows, np.iinfo(np.int64).max)
    last = np.full(sold.rows, -1, dtype=np.int64)
    np.minimum.at(first, row, month)
    np.maximum.at(last, row, month)
    active = np.bincount(row, minlength=sold.rows).astype(np.float64)
    span = np.where(active > 0, last - first + 1.0, np.nan)
    mean = ratio(gross, span)
    # the months without an invoice each deviate by the mean
    squares = np.bincount(row, (amount - mean[row]) ** 2, minlength=sold.rows) + (span - active) * mean**2
    return {
        "months_active": np.where(active > 0, active, np.nan),
        "months_span": span,
        "active_share": ratio(active, span),
        "longest_gap": np.where(active > 0, _longest_gap(row, month, sold.rows), np.nan),
        "monthly_variation": ratio(np.sqrt(ratio(squares, span)), mean),
        "growth": _growth(row, month, amount, first, span),
    }


def _longest_gap(row: Ints, month: Ints, rows: int) -> Floats:
    out = np.zeros(rows)
    same = row[1:] == row[:-1]
    np.maximum.at(out, row[1:][same], (month[1:] - month[:-1] - 1)[same])
    return out


def _growth(row: Ints, month: Ints, amount: Floats, first: Ints, span: Floats) -> Floats:
    """Compare the two halves of the span; the middle month of an odd span belongs to neither."""
    half = np.where(np.isnan(span), 0, np.floor(span / 2))[row]
    position = month - first[row]
    rows = len(span)
    early = np.bincount(row, amount * (position < half), minlength=rows).astype(np.float64)
    late = np.bincount(row, amount * (position >= span[row] - half), minlength=rows).astype(np.float64)
    return ratio(subtract(late, early), add(late, early))


def _margins(sales: pd.DataFrame, purchases: pd.DataFrame) -> dict[str, Floats]:
    return {
        name: _balance(sales[column].to_numpy(np.float64), purchases[column].to_numpy(np.float64))
        for name, column in (("margin", "amount"), ("tax_margin", "tax"))
    }


def _balance(sales: Floats, purchases: Floats) -> Floats:
    sold, bought = np.maximum(sales, 0.0), np.maximum(purchases, 0.0)
    return ratio(subtract(sold, bought), add(sold, bought))
