"""A mapping to start from, drafted from the table itself."""

from icsml.portfolio.draft.drafting import draft_mapping
from icsml.portfolio.draft.guess import ColumnGuess, Draft, Role, Type

__all__ = ["ColumnGuess", "Draft", "Role", "Type", "draft_mapping"]
