"""Messages of the validating library, as they stand within a sentence of ours."""

from __future__ import annotations

__all__ = ["within_sentence"]


def within_sentence(message: str) -> str:
    """Return a message with a small first letter, and all else as it is: a pattern, a choice or a name keeps its case.

    A first word of capitals, such as JSON or URL, stays one.

    Examples
    --------
    >>> within_sentence("String should match pattern '^[A-T]'")
    "string should match pattern '^[A-T]'"
    >>> within_sentence("Value error, JSON is needed")
    'JSON is needed'
    """
    text = message.removeprefix("Value error, ")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
