"""All pages of a search by MLflow's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["pages"]


def pages(search: Callable[..., Any], query: str | None = None) -> list[Any]:
    """Return all results of a search method of ``mlflow.MlflowClient``."""
    items: list[Any] = []
    token = None
    while True:
        page = search(query, page_token=token)
        items.extend(page)
        token = page.token
        if not token:
            return items
