"""A mapping to start from, drafted from the table itself."""

from icsml.portfolio.draft.column_guess import ColumnGuess, Draft, Role, Type
from icsml.portfolio.draft.drafting import draft_mapping

__all__ = ["ColumnGuess", "Draft", "Role", "Type", "draft_mapping"]
