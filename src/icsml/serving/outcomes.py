"""Outcomes that are sent: whether each fits the decision it names, the time, and what is recorded already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from icsml.core.canonical import sha256_hex
from icsml.core.strict_json import JsonObject
from icsml.errors import ConflictError, InputError
from icsml.ledger.outcomes import contradicted, in_force, same_matter
from icsml.ledger.store import Ledger
from icsml.ledger.store.searching import IndexRow
from icsml.records.events import Outcome
from icsml.records.outcome import last_day
from icsml.serving.live_model import LiveModel

__all__ = ["key_of", "require_acceptable", "told_of"]

_LONGEST_KEY: Final = 255
_FARTHEST_EAST: Final = timedelta(hours=14)
_ENDS_A_FIRM: Final = ("merger", "closure")


class _Fault(NamedTuple):
    field: str
    message: str
    remedy: str


def key_of(idempotency_key: str | None, position: int) -> str | None:
    """Return the key under which one of several outcomes is recorded; no caller can send one with a space in it."""
    if idempotency_key is None:
        return None
    key = f"{idempotency_key} {position}"
    return key if len(key) <= _LONGEST_KEY else f"{sha256_hex(idempotency_key.encode())} {position}"


def told_of(outcome: Outcome) -> JsonObject:
    """Return an outcome as it is recorded; earlier releases did not know `replaces`."""
    told = outcome.model_dump(mode="json")
    return told if outcome.replaces else {name: value for name, value in told.items() if name != "replaces"}


def require_acceptable(
    ledger: Ledger, tenant: str, outcomes: Sequence[Outcome], *, now: datetime, live: LiveModel
) -> None:
    """Refuse outcomes that cannot be: each fault is named with its row and field.

    Parameters
    ----------
    ledger : Ledger
        Where decisions and earlier outcomes are.
    tenant : str
        Whose they are.
    outcomes : sequence of Outcome
        All that were sent together.
    now : datetime
        The time; a day counts as begun once it has begun anywhere on earth.
    live : LiveModel
        The model in service, whose horizon counts where an outcome names no decision.

    Raises
    ------
    InputError
        ``ICS-SRV-059`` if a decision is none of the firm, ``ICS-SRV-062`` if an outcome does not fit its decision or
        the time.
    ConflictError
        ``ICS-SRV-063`` if it contradicts another one that is not replaced.
    LedgerError
        If the ledger cannot be read, or a decision was erased.
    """
    named = {one.decision_id for one in outcomes if one.decision_id is not None}
    rows = ledger.indexed(tenant, list(named))
    firms = {name: row.enterprise_id for name, row in rows.items()}
    for name in sorted(
        named - rows.keys()
    ):  # one without a time of decision is in no index; one that was erased is told
        payload = ledger.get(tenant, name)
        firms[name] = None if payload is None else payload["decision"].get("enterprise_id")
    _refuse("ICS-SRV-059", list(_not_of_the_firm(outcomes, firms)))
    today = (now + _FARTHEST_EAST).date()
    horizons = _Horizons(ledger, tenant, live)
    faults: list[_Fault] = []
    for position, one in enumerate(outcomes):
        row = rows.get(one.decision_id or "")
        path = partial("outcomes.{}.{}".format, position)
        faults += [each._replace(field=path(each.field)) for each in _untimely(one, row, horizons.of(row), today)]
    _refuse("ICS-SRV-062", faults)
    _require_agreement(ledger.outcomes(tenant, list({one.enterprise_id for one in outcomes})), outcomes)


class _Horizons:
    """The horizons of models, each looked up once."""

    def __init__(self, ledger: Ledger, tenant: str, live: LiveModel) -> None:
        self._ledger, self._tenant, self._live = ledger, tenant, live.bundle.horizon_months
        self._known: dict[str | None, int | None] = {live.bundle.sha256: self._live}

    def of(self, row: IndexRow | None) -> int | None:
        """Return the horizon of a decision in months; without one that of the model in service."""
        if row is None:
            return self._live
        if row.bundle_sha256 not in self._known:
            payload = self._ledger.get(self._tenant, row.decision_id)
            model = {} if payload is None else payload["decision"].get("model") or {}
            self._known[row.bundle_sha256] = model.get("horizon_months")
        return self._known[row.bundle_sha256]


def _not_of_the_firm(outcomes: Sequence[Outcome], firms: Mapping[str, str | None]) -> Iterator[_Fault]:
    for position, one in enumerate(outcomes):
        if one.decision_id is not None and firms[one.decision_id] != one.enterprise_id:
            yield _Fault(
                f"outcomes.{position}.decision_id",
                "no such assessment of this firm",
                "leave it out, or name an assessment of the firm",
            )


def _untimely(one: Outcome, row: IndexRow | None, horizon: int | None, today: date) -> Iterator[_Fault]:
    if row is not None and row.as_of is not None and one.as_of.isoformat() != row.as_of:
        yield _Fault("as_of", "is not the decision date of the assessment named", "give `as_of` of that assessment")
        return
    future = [name for name in ("as_of", "event_date") if (day := getattr(one, name)) is not None and day > today]
    for name in future:
        yield _Fault(name, "lies in the future", "send what has happened")
    if future or horizon is None:
        return
    end = last_day(one.as_of, horizon)
    if one.bad is False and end >= today and one.event not in _ENDS_A_FIRM:
        yield _Fault(
            "bad",
            f"false is known only after the horizon of {horizon} months, unless `event` is a merger or a closure",
            "send it when the horizon has passed, or null if it will not be seen",
        )
    if one.bad is True and one.event_date is not None and one.event_date > end:
        yield _Fault(
            "event_date",
            f"lies after the horizon of {horizon} months, within which the firm was good",
            "send `bad` as false, without the event",
        )


def _require_agreement(recorded: Sequence[JsonObject], outcomes: Sequence[Outcome]) -> None:
    """Compare each outcome with those recorded of its firm, and with those before it in the request."""
    of_firm: dict[str, list[JsonObject]] = defaultdict(list)
    for each in recorded:
        of_firm[each["enterprise_id"]].append(each)
    faults: list[_Fault] = []
    for position, one in enumerate(outcomes):
        told = told_of(one) | {"event_id": None}
        there = [each for each in in_force(of_firm[one.enterprise_id]) if same_matter(each, told)]
        if one.replaces is not None and one.replaces not in [each["event_id"] for each in there]:
            _refuse("ICS-SRV-062", [_no_such_outcome(position)])
        of_firm[one.enterprise_id].append(told)
        fields = [
            contradicted(each, told) for each in there if one.replaces is None or each["event_id"] != one.replaces
        ]
        faults += [_contradiction(position, name) for name in fields if name is not None][:1]
    if faults:
        raise ConflictError("ICS-SRV-063", faults[0].message, **_named(faults))


def _no_such_outcome(position: int) -> _Fault:
    return _Fault(
        f"outcomes.{position}.replaces",
        "is no outcome that is in force of this firm and date",
        "name the `event_id` that the events of the assessment show, or leave it out",
    )


def _contradiction(position: int, name: str) -> _Fault:
    return _Fault(
        f"outcomes.{position}.{name}",
        "contradicts another outcome of the same firm and date",
        "if that one is wrong, name its `event_id` in `replaces`",
    )


def _refuse(code: str, faults: Sequence[_Fault]) -> None:
    if faults:
        raise InputError(code, faults[0].message, **_named(faults))


def _named(faults: Sequence[_Fault]) -> JsonObject:
    details = [(each.field, each.message) for each in faults]
    return {"field": faults[0].field, "remedy": faults[0].remedy, "details": details}
