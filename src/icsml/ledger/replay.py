"""Repeat recorded decisions with their bundle, and compare byte for byte; needs no database, registry or disk.

It lies beside the payload, whose keys it reads: whoever has a payload and its bundle can call it, a command as well as
a service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from typing import Any, Final

from icsml.core.canonical import canonical_bytes
from icsml.decision.decide import Decided, DecisionSettings, decide_all
from icsml.errors import IcsmlError, LedgerError, ModelError
from icsml.ledger.payload import Payload, parse_decision, parse_payload, stored_part
from icsml.model.bundle import Bundle
from icsml.records.enterprise import EnterpriseRecord, parse_record
from icsml.records.events import RefersTo

__all__ = ["Difference", "Replayed", "bundle_of", "other_bundle", "replay", "settings_of", "unknown_form"]

_ABSENT: Final = object()
_MOST_DIFFERENCES: Final = 50
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that came out otherwise.

    Parameters
    ----------
    path : str
        Where, such as ``decision.reasons[0].points``.
    recorded, repeated : JSON value
        What was recorded, and what came out now. Both are values of a record: they are for the operator's terminal,
        and no log.
    kinds : str
        What sort of value either is, such as ``number → null``; contains no value.
    """

    path: str
    recorded: Any
    repeated: Any
    kinds: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one recorded decision.

    Parameters
    ----------
    decision_id : str
        The decision.
    error : IcsmlError or None
        Why it differs or could not be repeated: its code, thing and remedy. None if features and decision are
        identical to the byte.
    differences : tuple of Difference
        Where it differs, the first fifty.
    recorded_by, repeated_by : str or None
        Versions of icsml, if it was repeated.
    """

    decision_id: str
    error: IcsmlError | None = None
    differences: tuple[Difference, ...] = field(default=())
    recorded_by: str | None = None
    repeated_by: str | None = None

    @property
    def identical(self) -> bool:
        """Whether the same bytes came out."""
        return self.error is None


def replay(bundle: Bundle, recorded: Sequence[tuple[str, bytes]]) -> list[Replayed]:
    """Decide again on recorded requests, and compare features and decision byte for byte.

    Parameters
    ----------
    bundle : Bundle
        The model that decided.
    recorded : sequence of (str, bytes)
        Identifiers of decisions, and their payloads as RFC 8785 JSON.

    Returns
    -------
    list of Replayed
        For each in turn.
    """
    results: dict[int, Replayed] = {}
    groups: dict[tuple[DecisionSettings, str | None], list[tuple[int, _Repeatable]]] = {}
    for position, (decision_id, data) in enumerate(recorded):
        try:
            one = _Repeatable.of(bundle, decision_id, data)
        except IcsmlError as error:
            results[position] = Replayed(decision_id, error)
        else:
            groups.setdefault((one.settings, one.model_version), []).append((position, one))
    for group in groups.values():  # decided together, which is faster and gives the same bytes
        positions, together = zip(*group, strict=True)
        results |= zip(positions, _repeated(bundle, together), strict=True)
    return [results[position] for position in range(len(recorded))]


def settings_of(bundle: Bundle, payload: Payload) -> DecisionSettings:
    """Return the settings that a decision was made with.

    A payload of an earlier release does not state them. Then they are those that show what the decision shows: as many
    reasons, and recourse or the reason why there is none.
    """
    stated = payload.get("settings")
    if stated is not None:
        return DecisionSettings(**stated)
    decision = payload["decision"]
    reasons = len(decision["reasons"])
    if decision["recourse"] is not None:
        return DecisionSettings(reasons, True, None)
    looked = any(warning["code"] == "NO_RECOURSE" for warning in decision["warnings"])
    grades = [grade.id for grade in bundle.scale.grades]
    # A grade too good for recourse is better than the worst one too, whichever was asked for.
    return DecisionSettings(reasons, looked, grades[-1] if looked and grades else None)


@dataclass(frozen=True, slots=True)
class _Repeatable:
    """A payload, and with what its decision is to be repeated."""

    decision_id: str
    data: bytes
    record: EnterpriseRecord
    decided_at: datetime
    model_version: str | None
    settings: DecisionSettings
    code_version: str
    refers_to: RefersTo | None

    @classmethod
    def of(cls, bundle: Bundle, decision_id: str, data: bytes) -> _Repeatable:
        try:
            payload = parse_payload(data)
            decision = payload["decision"]
            if payload["bundle_sha256"] != bundle.sha256 or decision["model"]["bundle_sha256"] != bundle.sha256:
                raise other_bundle()
            if decision["decision_id"] != decision_id:
                raise unknown_form()
            return cls(
                decision_id,
                data,
                parse_record(payload["request"]),
                datetime.fromisoformat(decision["decided_at"]),
                decision["model"]["version"],
                settings_of(bundle, payload),
                payload["code_version"],
                RefersTo(**decision["refers_to"]) if "refers_to" in decision else None,
            )
        except (KeyError, TypeError, ValueError):  # without the cause, whose message may contain a value
            raise unknown_form() from None


def _repeated(bundle: Bundle, together: Sequence[_Repeatable]) -> Iterator[Replayed]:
    settings = together[0].settings
    made = decide_all(
        bundle,
        [one.record for one in together],
        decision_ids=[one.decision_id for one in together],
        decided_at=[one.decided_at for one in together],
        refers_to=[one.refers_to for one in together],
        version=together[0].model_version,
        reasons=settings.reasons,
        with_recourse=settings.recourse,
        recourse_from=settings.recourse_from,
    )
    for one, decided in zip(together, made, strict=True):
        yield _compared(one, decided) if isinstance(decided, Decided) else Replayed(one.decision_id, decided)


def _compared(one: _Repeatable, decided: Decided) -> Replayed:
    now = {"features": canonical_bytes(decided.features), "decision": decided.decision_bytes}
    then = {name: stored_part(one.data, name) for name in now}
    code = one.code_version, version("icsml")
    if now == then:
        return Replayed(one.decision_id, None, (), *code)
    found = (
        difference
        for name in now
        if now[name] != then[name]
        for difference in _differences(name, parse_decision(then[name]), parse_decision(now[name]))
    )
    return Replayed(one.decision_id, _differs(*code), tuple(islice(found, _MOST_DIFFERENCES)), *code)


def _differences(path: str, then: Any, now: Any) -> Iterator[Difference]:  # noqa: ANN401 - any JSON values
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted(then.keys() | now.keys()):
            yield from _differences(f"{path}.{name}", then.get(name, _ABSENT), now.get(name, _ABSENT))
    elif isinstance(then, list) and isinstance(now, list):
        for index in range(max(len(then), len(now))):
            pair = ((values[index] if index < len(values) else _ABSENT) for values in (then, now))
            yield from _differences(f"{path}[{index}]", *pair)
    elif then is _ABSENT or now is _ABSENT or canonical_bytes(then) != canonical_bytes(now):
        kinds = f"{_kind(then)} → {_kind(now)}"
        yield Difference(path, _shown(then), _shown(now), kinds)


def _shown(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return None if value is _ABSENT else value


def _kind(value: object) -> str:
    if value is _ABSENT:
        return "absent"
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return kinds[type(value)]


def _differs(recorded_by: str, repeated_by: str) -> ModelError:
    if recorded_by == repeated_by:
        cause = f"the same version of icsml ({recorded_by}) decided; compare the libraries and the processor"
    else:
        cause = f"repeat it with the version of icsml that decided: {recorded_by}, and this is {repeated_by}"
    return ModelError("ICS-LED-024", "the decision does not come out as it was recorded", field="ID", remedy=cause)


def bundle_of(data: bytes) -> str:
    """Return the hash of the bundle that decided, of a payload.

    Raises
    ------
    LedgerError
        ``ICS-LED-025`` if it states none.
    """
    try:
        return _SHA256.fullmatch(json.loads(stored_part(data, "bundle_sha256")))[0]  # type: ignore[index]
    except (TypeError, ValueError, LedgerError):
        raise unknown_form() from None


def other_bundle() -> ModelError:
    """Return the error of a bundle that is not the one which decided."""
    return ModelError(
        "ICS-LED-023", "another bundle decided", field="bundle_sha256", remedy="give the bundle of this hash"
    )


def unknown_form() -> LedgerError:
    """Return the error of a payload that this release cannot repeat."""
    return LedgerError(
        "ICS-LED-025",
        "the payload is of no form that can be repeated",
        field="payload",
        remedy="use the release of icsml that recorded it, or see `icsml ledger show`",
    )
