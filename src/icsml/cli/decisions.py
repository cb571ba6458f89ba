"""``icsml decide`` and ``score``: one decision, or many rows; neither is recorded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from icsml.batch.score import score_file
from icsml.cli.arguments import read_json, read_stability, stability_of_page
from icsml.cli.bundles import load_bundle
from icsml.cli.html import write_decision_page
from icsml.cli.options import HtmlFile, InFile, JsonFlag, Lang, ModelRef, OutTable, StabilityFile
from icsml.cli.output import emit, progress, table
from icsml.core.clock import utc_now
from icsml.core.files import check_targets
from icsml.core.tables import check_table
from icsml.decision.decide import decide
from icsml.records.decision import AlsoReason, Decision, InnovationScore, Withheld
from icsml.records.enterprise import parse_record
from icsml.reports.stability_figures import StabilityFigures, bundle_robustness_sentences
from icsml.texts.catalogue import phrase
from icsml.texts.quantity import apart, quantity
from icsml.workflows.population import row_counter

__all__ = ["decide_", "score"]

_UNITS = ("points", "log-odds", "PD effect")
_READING = "points: up is good; log-odds and PD effect: up is bad; PD effects, in percentage points (pp), do not add up"


def decide_(
    model: ModelRef,
    source: Annotated[Path, typer.Option("--in", help="Record as JSON; - is stdin.", metavar="record.json")],
    reasons: Annotated[int, typer.Option(min=0, help="Reasons to show at most.")] = 8,
    no_recourse: Annotated[
        bool, typer.Option("--no-recourse", help="Do not look for what the firm could do within a year.")
    ] = False,
    html: HtmlFile = None,
    lang: Lang = "en",
    stability: StabilityFile = None,
    json_: JsonFlag = False,
) -> None:
    """Decide on one record. The decision is not recorded; the service records."""
    check_targets(html, source=source)
    figures = stability_of_page(stability, html) if json_ or stability is None else read_stability(stability)
    record = parse_record(read_json(source))
    bundle, version = load_bundle(model)
    if figures is not None:
        figures.require_of(bundle.sha256, bundle.training.get("dataset"))
    decided = decide(
        bundle,
        record,
        decision_id=str(uuid.uuid4()),
        decided_at=utc_now(),
        version=version,
        reasons=reasons,
        with_recourse=not no_recourse,
    )
    decision, text = decided.decision.model_dump(mode="json"), _text(decided.decision, figures)
    if html is not None:
        text += f"\n{write_decision_page(decision, html, lang, figures, bundle.rulebook)}"
    emit(decision, as_json=json_, text=text)


def score(
    model: ModelRef,
    source: InFile,
    out: OutTable,
    reasons: Annotated[int, typer.Option(min=0, help="Reasons a row; 0 leaves them out.")] = 0,
    engine: Annotated[Literal["local"], typer.Option(help="Where to run.")] = "local",
    json_: JsonFlag = False,
) -> None:
    """Score a Parquet file of records, one row out for each row in. Nothing is recorded."""
    check_table(out, rows=row_counter(source))
    bundle, version = load_bundle(model)
    scored = score_file(bundle, source, out, version=version, reasons=reasons, progress=progress())
    report = {"rows": scored.rows, "seconds": scored.seconds, "rows_per_second": scored.rows_per_second}
    text = f"{scored.rows:,} rows in {scored.seconds:.2f} s ({scored.rows_per_second:,.0f} rows/s), in {out}"
    if bundle.synthetic:
        text += "\nthe model was trained on simulated data: these scores are no evidence about any firm"
    emit(report, as_json=json_, text=text)


def _text(decision: Decision, stability: StabilityFigures | None = None) -> str:
    model = decision.model
    horizon = f"{model.horizon_months} months" if model.horizon_months else "horizon not known"
    event = f"{model.event or 'event not known'}, {horizon}"
    lines = [
        f"{decision.enterprise_id}  {f'as of {decision.as_of}' if decision.as_of else 'undated'}",
        f"PD {decision.pd:.2%}  grade {decision.grade or '–'}  score {decision.score}   ({event})",
    ]
    lines += [f"REFER {referral.code} {referral.field}: {referral.text.en}" for referral in decision.refer or ()]
    if decision.pd_if_withheld is not None:
        lines.append(_withheld(decision.pd_if_withheld))
    if decision.innovation:
        lines.append(_points(decision.innovation))
    if decision.pd_without_innovation is not None:
        lines.append(f"PD of the companion without innovation {decision.pd_without_innovation:.2%} (not causal)")
    lines += ["", _reasons(decision), _READING]
    lines.append(
        f"base {decision.base_points} + reasons {sum(reason.points for reason in decision.reasons):+d}"
        f" + others {decision.other_points:+d} = {decision.score}"
    )
    lines.append(f"the terms are {decision.reference.text.en} ({_population(decision)})")
    lines += ["", _groups(decision)]
    lines += _adverse(decision)
    lines += _recourse(decision, stability)
    lines += [""] if decision.warnings else []
    referred = {(referral.code, referral.field) for referral in decision.refer or ()}
    lines += [
        f"note {warning.code} {warning.field or ''}: {warning.text.en}"
        for warning in decision.warnings
        if (warning.code, warning.field) not in referred
    ]
    return "\n".join(lines)


def _adverse(decision: Decision) -> list[str]:
    """Return what may be reported to the applicant: reasons, neutral ones after the others, and fields to provide."""
    lines: list[str] = []
    if decision.adverse_reasons:
        covered = _covered(decision)
        lines += ["", f"to be given if the application is declined ({len(decision.adverse_reasons)} reasons{covered}):"]
    neutral = False
    for number, reason in enumerate(decision.adverse_reasons, 1):
        if reason.kind == "neutral" and not neutral:
            neutral = True
            lines.append("  values at which the model places higher risk; a fault of the firm is not stated:")
        lines.append(f"  {number}. {reason.code} {reason.text.en}{_flag(reason.contradicts)}{_with(reason.also)}")
    if decision.to_provide:
        lines.append(
            f"to be provided: {'; '.join(f'{field.label.en} ({field.field})' for field in decision.to_provide)}"
        )
    return lines


def _recourse(decision: Decision, stability: StabilityFigures | None) -> list[str]:
    """Return the recourse, its meaning, and whether other models answer it too, in the words of the page."""
    if not decision.recourse:
        return []
    about = [
        phrase("pages.recourse_about", "en"),
        *bundle_robustness_sentences(stability, decision.model.bundle_sha256, "en"),
    ]
    return ["", *(f"recourse: {proposal.text.en}" for proposal in decision.recourse), *about]


def _covered(decision: Decision) -> str:
    """Return the share that the adverse reasons cover, unless a referral contains it."""
    share = decision.adverse_coverage
    if share is None or any(referral.code == "REASONS_INCOMPLETE" for referral in decision.refer or ()):
        return ""
    covered = (apart(share, 1.0, "fraction") or [quantity(share, "fraction")])[0]
    return f", {covered.en} of what raised it"


def _withheld(withheld: Withheld) -> str:
    return (
        f"PD were the absent known {withheld.pd:.2%}: the {withheld.quantile:.0%} quantile over {withheld.rows}"
        f" like firms; filled: {', '.join(withheld.groups)}"
    )


def _points(innovation: InnovationScore) -> str:
    score = "not scored, out" if innovation.score is None else f"{innovation.score:.1f}"
    assumed = ", own calculation, not official" if innovation.provenance == "assumed" else ""
    by = f"{innovation.rulebook} ({innovation.provenance}{assumed})"
    return f"innovation points {score} of {innovation.max_score:g} by {by}"


def _with(also: Sequence[AlsoReason]) -> str:
    return f" [with {', '.join(f'{reason.code} {reason.feature}' for reason in also)}]" if also else ""


def _reasons(decision: Decision) -> str:
    """Return reasons as a table: below the innovation score its indicators, below merged reasons their parts."""
    rows: list[tuple[object, ...]] = []
    for reason in decision.reasons:
        text = reason.text.en + _flag(reason.contradicts)
        rows.append((reason.code, *_terms(reason.points, reason.log_odds, reason.pd_effect), text))
        for part in reason.indicators or ():
            text = f"  {part.indicator}: {part.points:.1f} points (mean {part.reference_points:.1f}), {part.rule}"
            rows.append(("", *_terms(part.score_points, part.log_odds, part.pd_effect), text))
        rows += [("", also.points, also.log_odds, "", f"  with {also.code} {also.feature}") for also in reason.also]
    return table(rows, ("code", *_UNITS, "reason"))


def _groups(decision: Decision) -> str:
    rows = [(group.group, *_terms(group.points, group.log_odds, group.pd_effect)) for group in decision.groups]
    return table(rows, ("group", *_UNITS))


def _terms(points: int, log_odds: float, pd_effect: float) -> tuple[int, float, str]:
    return points, log_odds, f"{100.0 * pd_effect:+.3f} pp"


def _flag(contradicts: bool | None) -> str:
    return " [contradicts its effect alone]" if contradicts else ""


def _population(decision: Decision) -> str:
    reference = decision.reference
    if reference.kind == "path_dependent":
        return f"{reference.id}, path-dependent"
    return f"{reference.id}, {reference.n:,} rows, {reference.sha256[:12]}"
