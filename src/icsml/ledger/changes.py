"""What moved between two recorded decisions on one firm: data, rule, model, calibration; needs no database or disk.

The log-odds behind the PD go from the earlier decision to the later in steps. Each step is the difference of two
evaluations that differ in one thing, so the steps add up whatever the model is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isnan
from typing import Any, Final, Self

import numpy as np

from icsml.core.canonical import canonical_bytes
from icsml.core.strict_json import JsonObject
from icsml.decision.assess import Assessment, ExplainedAssessment, assess
from icsml.errors import IcsmlError, InputError, LedgerError, ModelError
from icsml.explain.score_points import share_points
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.ledger.payload import Payload, parse_payload
from icsml.ledger.replay import other_bundle, unknown_form
from icsml.model.bundle import Bundle, BundleParts
from icsml.model.scale import MasterScale
from icsml.records.changes import (
    ChangeNote,
    Changes,
    Contribution,
    DataChanges,
    DecisionFacts,
    FieldChange,
    Step,
    StepName,
)
from icsml.records.columns import record_columns
from icsml.records.decision import ModelIdentity
from icsml.records.enterprise import EnterpriseRecord, parse_record
from icsml.texts.catalogue import text
from icsml.texts.label import Label
from icsml.texts.quantity import apart, quantity

__all__ = ["MOST_CONTRIBUTIONS", "changes", "first_decision"]

MOST_CONTRIBUTIONS: Final = 8


def changes(earlier: tuple[Bundle, bytes], later: tuple[Bundle, bytes], *, most: int = MOST_CONTRIBUTIONS) -> Changes:
    """Explain the difference between two recorded decisions on one firm.

    Parameters
    ----------
    earlier, later : (Bundle, bytes)
        The model that decided, and the payload of its decision as RFC 8785 JSON.
    most : int
        How many features to name at most; the others are summed.

    Returns
    -------
    Changes
        The steps, in log-odds and in score points.

    Raises
    ------
    ModelError
        ``ICS-LED-023`` if another bundle decided, ``ICS-LED-024`` if a decision does not come out as it was recorded:
        then nothing is explained.
    LedgerError
        ``ICS-LED-025`` if a payload has no form that this release knows, ``ICS-LED-032`` if the earlier model does not
        accept the later record.
    """
    then, now = _Recorded.of(*earlier), _Recorded.of(*later)
    chain = _Chain.of(then, now)
    last = chain.states[-1]
    facts = [each.facts(state.log_odds) for each, state in ((then, chain.states[0]), (now, last))]
    steps = [_step(name, *pair) for name, pair in zip(chain.names, pairwise(chain.states), strict=True)]
    return Changes(
        enterprise_id=now.decision["enterprise_id"],
        previous=facts[0],
        decision=facts[1],
        log_odds=last.log_odds - chain.states[0].log_odds,
        points=last.score - chain.states[0].score,
        steps=steps,
        data=_data(then.bundle, then.assessment, chain.data, steps[0].points, most),
        record=list(_field_changes(then.payload["request"], now.payload["request"])),
        notes=[ChangeNote(code=code, text=text(f"moved.notes.{code}")) for code in chain.notes],
    )


def first_decision(data: bytes) -> Changes:
    """Return what there is to say of a decision before which there is none on its firm.

    Raises
    ------
    LedgerError
        ``ICS-LED-025`` as :func:`changes`.
    """
    try:
        payload = parse_payload(data)
        return Changes(enterprise_id=payload["decision"]["enterprise_id"], decision=_facts(payload, None))
    except (KeyError, TypeError, ValueError):  # without the cause, whose message may contain a value
        raise unknown_form() from None


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A recorded decision that came out again."""

    bundle: Bundle
    payload: Payload
    record: EnterpriseRecord
    assessment: ExplainedAssessment

    @classmethod
    def of(cls, bundle: Bundle, data: bytes) -> Self:
        try:
            payload = parse_payload(data)
            decision = payload["decision"]
            if {payload["bundle_sha256"], decision["model"]["bundle_sha256"]} != {bundle.sha256}:
                raise other_bundle()
            record = parse_record(payload["request"])
            assessment = assess(bundle, record_columns(record, bundle.extras))
            came_out = _outcome(bundle, assessment)
            recorded = canonical_bytes([payload["features"], decision["pd"], decision["score"]])
        except (KeyError, TypeError, ValueError, InputError):  # without the cause, whose message may contain a value
            raise unknown_form() from None
        if came_out != recorded or decision["enterprise_id"] != record.enterprise_id:
            raise _differs()
        return cls(bundle, payload, record, assessment)

    @property
    def decision(self) -> JsonObject:
        return self.payload["decision"]

    def facts(self, log_odds: float) -> DecisionFacts:
        return _facts(self.payload, log_odds)


@dataclass(frozen=True, slots=True)
class _State:
    """Where the log-odds are between two steps."""

    log_odds: float
    pd: float
    score: int

    @classmethod
    def of(cls, assessment: Assessment, scale: MasterScale) -> Self:
        return cls(assessment.log_odds.item(0), assessment.pd.item(0), scale.score(assessment.log_odds).item(0))


@dataclass(slots=True)
class _Chain:
    """The states from the earlier decision to the later, the names of the steps between them, and what to note."""

    states: list[_State]
    names: list[StepName]
    notes: list[str]
    data: ExplainedAssessment

    @classmethod
    def of(cls, then: _Recorded, now: _Recorded) -> Self:
        scale = then.bundle.scale
        same = then.bundle.sha256 == now.bundle.sha256
        data = now.assessment if same else _of_later_record(then.bundle, now.record)
        states = [_State.of(then.assessment, scale), _State.of(data, scale)]
        chain = cls(states, ["data"], [], data)
        if (then.assessment.fallback != data.fallback).any():
            chain.notes.append("OTHER_SCORER")
        if same:
            chain._nothing_else()
        else:
            chain._other_bundle(then.bundle, now)
        return chain

    def _nothing_else(self) -> None:
        self.notes.append("SAME_BUNDLE")
        for name in ("rule", "model", "calibration"):
            self._add(name, self.states[-1])

    def _other_bundle(self, before: Bundle, now: _Recorded) -> None:
        after, scale = now.bundle, before.scale
        ruled = _by_other_rules(before, after, now.record)
        if ruled is not None:
            self._add("rule", _State.of(ruled, scale))
        self._note_rules(before, after, separate=ruled is not None)
        fallback = (self.data if ruled is None else ruled).fallback.item(0)
        scored = _with_calibration_of(before, after, now.record, fallback=fallback)
        self._add("model" if ruled is not None else "rule_and_model", _State.of(scored, scale))
        self._add("calibration", _State.of(now.assessment, scale))
        if (scale.offset, scale.pdo) != (after.scale.offset, after.scale.pdo):
            self._add("scale", _State.of(now.assessment, after.scale))
        self.notes += _notes_on_bundles(before, after)

    def _note_rules(self, before: Bundle, after: Bundle, *, separate: bool) -> None:
        if not separate:
            self.notes.append("RULE_WITH_MODEL")
        elif _rules(before) == _rules(after):
            unmoved = self.states[-1].log_odds == self.states[-2].log_odds
            self.notes.append("SAME_RULEBOOK" if unmoved else "OTHER_PEERS")

    def _add(self, name: StepName, state: _State) -> None:
        self.names.append(name)
        self.states.append(state)


def _of_later_record(before: Bundle, record: EnterpriseRecord) -> ExplainedAssessment:
    try:
        return assess(before, record_columns(record, before.extras))
    except InputError as error:
        raise LedgerError(
            "ICS-LED-032",
            "the earlier model does not accept the later record, so the steps cannot be told apart",
            field=error.field,
            remedy="compare with a decision of a model that does (`since`)",
        ) from None


def _by_other_rules(before: Bundle, after: Bundle, record: EnterpriseRecord) -> Assessment | None:
    """Assess by the earlier trees with the points of the later rulebook; None where they cannot be computed so."""
    if before.model.encoder.needs_points and after.rulebook is None:
        return None
    swapped = replace(before, rulebook=after.rulebook)
    try:
        return assess(swapped, record_columns(record, swapped.extras), explained=False)
    except IcsmlError:  # the rulebook needs what the earlier bundle does not read
        return None


def _with_calibration_of(before: Bundle, after: Bundle, record: EnterpriseRecord, *, fallback: bool) -> Assessment:
    """Assess by the later trees, calibrated as the earlier scorer of this record was."""
    scorer = before.companion if fallback and before.companion is not None else before.model
    calibrated: dict[str, Any] = {"model": replace(after.model, calibration=scorer.calibration)}
    if after.companion is not None:
        calibrated["companion"] = replace(after.companion, calibration=scorer.calibration)
    return assess(replace(after, **calibrated), record_columns(record, after.extras), explained=False)


def _notes_on_bundles(before: Bundle, after: Bundle) -> Iterator[str]:
    if before.scale.model_dump() != after.scale.model_dump():  # not ==, which also compares arrays that it holds
        yield "OTHER_SCALE"
    if (before.event, before.horizon_months) != (after.event, after.horizon_months):
        yield "OTHER_EVENT"
    populations = [each.reference.sha256 if each.reference else None for each in (before, after)]
    if populations[0] != populations[1]:
        yield "OTHER_REFERENCE"


def _rules(bundle: BundleParts) -> str | None:
    return bundle.rulebook.sha256 if bundle.rulebook else None


def _step(name: StepName, before: _State, after: _State) -> Step:
    return Step(
        step=name,
        label=text(f"moved.steps.{name}"),
        log_odds=after.log_odds - before.log_odds,
        points=after.score - before.score,
        pd_before=before.pd,
        pd_after=after.pd,
        score_before=before.score,
        score_after=after.score,
    )


def _data(bundle: Bundle, then: ExplainedAssessment, now: ExplainedAssessment, points: int, most: int) -> DataChanges:
    """Split the step of the data by feature, with the terms on the scale of the reasons."""
    terms, before = now.explanation.terms, then.explanation.terms
    moved, base = terms.log_odds[0] - before.log_odds[0], terms.base.item(0) - before.base.item(0)
    exact = -bundle.scale.factor * np.concatenate([[base], moved])
    shared = share_points(exact[np.newaxis], np.array([points]))[0].tolist()
    order = sorted((index for index in range(len(moved)) if moved[index]), key=lambda index: -abs(moved[index]))
    rest = order[most:]
    return DataChanges(
        contributions=[
            _contribution(bundle, index, (then.features.item(0, index), now.features.item(0, index)),
                          moved.item(index), shared[index + 1])
            for index in order[:most]
        ],
        other_log_odds=float(sum(moved[index] for index in rest)),
        other_points=sum(shared[1:]) - sum(shared[index + 1] for index in order[:most]),
        base_log_odds=base,
        base_points=shared[0],
    )  # fmt: skip


def _contribution(
    bundle: Bundle, index: int, values: tuple[float, float], log_odds: float, points: int
) -> Contribution:
    feature = bundle.features[index]
    label = _label(bundle, feature)
    before, after = (None if isnan(value) else value for value in values)
    return Contribution(
        code=feature.code,
        feature=feature.name,
        group=feature.group,
        label=label,
        unit=feature.unit,
        before=before,
        after=after,
        log_odds=log_odds,
        points=points,
        text=_sentence(label, feature.unit, before, after, "up" if log_odds > 0.0 else "down"),
    )


def _label(bundle: Bundle, feature: Feature) -> Label:
    """Return a feature's name; a score from assumed rules is not named as an official one."""
    own = bundle.rulebook is not None and bundle.rulebook.provenance == "assumed"
    return (
        text("reasons.own_points", feature=feature.label) if own and feature.name == INNOVATION_SCORE else feature.label
    )


def _sentence(label: Label, unit: str, before: float | None, after: float | None, way: str) -> Label:
    if before == after:
        shown = text("moved.absent") if after is None else quantity(after, unit)
        return text(f"moved.same.{way}", label=label, value=shown)
    if before is not None and after is not None:
        shown_apart = apart(before, after, unit)
        if shown_apart is None:
            return text(f"moved.hardly.{way}", label=label, value=quantity(after, unit))
        return text(f"moved.value.{way}", label=label, before=shown_apart[0], after=shown_apart[1])
    shown_both = [text("moved.absent") if value is None else quantity(value, unit) for value in (before, after)]
    return text(f"moved.value.{way}", label=label, before=shown_both[0], after=shown_both[1])


def _field_changes(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        then, now = before.get(name), after.get(name)
        if isinstance(then, dict) or isinstance(now, dict):
            yield from _field_changes(then or {}, now or {}, f"{prefix}{name}.")
        elif canonical_bytes(then) != canonical_bytes(now):
            yield FieldChange(field=prefix + name, before=then, after=now)


def _outcome(bundle: Bundle, assessment: Assessment) -> bytes:
    """Return what must be as it was recorded, to the bit."""
    row = zip(bundle.features, assessment.features[0].tolist(), strict=True)
    features = {feature.name: None if isnan(value) else value for feature, value in row}
    return canonical_bytes([features, assessment.pd.item(0), assessment.score.item(0)])


def _facts(payload: Payload, log_odds: float | None) -> DecisionFacts:
    decision = payload["decision"]
    return DecisionFacts(
        **{name: decision[name] for name in ("decision_id", "decided_at", "as_of", "pd", "score", "grade")},
        log_odds=log_odds,
        model=ModelIdentity.model_validate(decision["model"]),
        rulebook_sha256=payload["rulebook_sha256"],
    )


def _differs() -> ModelError:
    return ModelError(
        "ICS-LED-024",
        "the decision does not come out as it was recorded, so its changes are not explained",
        field="decision_id",
        remedy="see `icsml replay`, and use the version of icsml and the libraries that decided",
    )
