"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from icsml.errors import AccessError

__all__ = ["Caller", "Operation", "Role"]


class Operation(StrEnum):
    """Operation that a caller may request."""

    ASSESS = "assess"
    READ = "read"
    REPORT = "report"
    MONITOR = "monitor"


class Role(StrEnum):
    """Purpose of a key."""

    SCORE = "score"
    AUDIT = "audit"
    ADMIN = "admin"
    MONITOR = "monitor"


_ALLOWED = {
    Role.SCORE: frozenset({Operation.ASSESS, Operation.READ}),
    Role.AUDIT: frozenset({Operation.READ, Operation.REPORT}),
    Role.ADMIN: frozenset(Operation),
    Role.MONITOR: frozenset({Operation.MONITOR}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: id, tenant and role of an accepted key."""

    key_id: str
    tenant: str
    role: Role

    def require(self, operation: Operation) -> None:
        """Raise AccessError ``ICS-SRV-002`` if the role does not allow the operation."""
        if operation not in _ALLOWED[self.role]:
            able = ", ".join(role for role, allowed in _ALLOWED.items() if operation in allowed)
            raise AccessError(
                "ICS-SRV-002",
                f"this key has the role {self.role}, which does not allow the operation {operation}",
                field="Authorization",
                remedy=f"use a key of a role that does: {able}",
            )
