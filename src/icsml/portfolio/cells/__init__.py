"""Cells of a column as numbers, texts and dates; each cell is a value, missing, or unreadable."""

from icsml.portfolio.cells.converted import Cells, Converted
from icsml.portfolio.cells.date_cells import dates
from icsml.portfolio.cells.missing import NOT_MISSING, Missing
from icsml.portfolio.cells.number_cells import numbers
from icsml.portfolio.cells.text_cells import texts
from icsml.portfolio.cells.tokens import token, tokens

__all__ = ["NOT_MISSING", "Cells", "Converted", "Missing", "dates", "numbers", "texts", "token", "tokens"]
