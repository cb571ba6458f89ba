"""Validation: one metric or test per file, each with purpose, method, reading and limits."""

from __future__ import annotations

__all__: list[str] = []
