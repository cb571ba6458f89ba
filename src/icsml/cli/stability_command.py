"""``icsml stability``: whether the next model would give the same reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.bundles import load_bundle
from icsml.cli.options import JsonFlag, TrainingChanges, TrainingConfigFile
from icsml.cli.output import emit, progress, table
from icsml.decision.reasons import contradicting_share
from icsml.decision.recourse import robustness_of
from icsml.errors import InputError
from icsml.explain.stability_results import Stability
from icsml.records.dataset import read_dataset
from icsml.workflows.config import load_training_config
from icsml.workflows.model_comparison import compare_models
from icsml.workflows.retraining import retrain

__all__ = ["stability"]

_FIGURES = ("overlap", "jaccard", "rank_biased_overlap", "sign_flips", "size_log_odds", "moved_log_odds")
_MEASURES = {
    "recourse_survival": "recourse that the other model answers with a lower PD too",
    "recourse_better_grade": "better grades that recourse promised and the other model gives too",
    "contradictions": "reasons of free features that contradict their effect alone",
}
_LEVEL = {
    "features": "each feature",
    "worded": "correlated features of a group merged, by the text given",
    "alike": "correlated features of a group merged, whichever leads",
    "groups": "each group",
}

_UNKNOWN = {
    "no_levers": "the base has no actionable fields or no rulebook",
    "no_rulebook": "the others have no rulebook",
    "no_proposal": "the base proposes none to these rows",
    "no_promise": "no proposal promises a better grade",
    "no_population": "no model compares with a reference population",
    "none_shown": "none is shown of these rows",
}


def stability(
    data: Annotated[Path, typer.Option(help="Folder of the data set.", metavar="DIR")],
    config: TrainingConfigFile = None,
    set_: TrainingChanges = None,
    retrains: Annotated[int | None, typer.Option(min=1, help="Times to train again; 5 by default.")] = None,
    keep: Annotated[
        float | None,
        typer.Option(min=0.01, max=1.0, help="Share of enterprises a retrain sees; a bootstrap by default."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows to explain at most.")] = 2000,
    top: Annotated[int, typer.Option(min=1, help="Adverse reasons given of a row.")] = 3,
    old: Annotated[str | None, typer.Option(help="Compare this model…", metavar="REF")] = None,
    new: Annotated[str | None, typer.Option(help="… with this one, and train nothing.", metavar="REF")] = None,
    json_: JsonFlag = False,
) -> None:
    """Measure how much explanations change: over retrains on redrawn data, or between two models."""
    if (old is None) != (new is None):
        raise InputError(
            "ICS-CLI-010", "given one of the two", field="--old, --new", remedy="name both models, or neither"
        )
    if old is None or new is None:
        result = _retrained(data, config, set_ or [], retrains, keep, rows, top)
    elif not (config is None and not set_ and retrains is None and keep is None):
        raise InputError(
            "ICS-CLI-010",
            "two models are compared as they are, and nothing is trained",
            field="--config, --set, --retrains, --keep",
            remedy="leave them out, or leave out --old and --new",
        )
    else:
        result = _compared(data, old, new, rows, top)
    emit(result, as_json=json_, text=_text(result))


def _retrained(
    data: Path, config: Path | None, changes: list[str], retrains: int | None, keep: float | None, rows: int, top: int
) -> Stability:
    settings = load_training_config(config, changes=changes)
    return retrain(
        data,
        settings,
        retrains=retrains or 5,
        keep=keep,
        rows=rows,
        top=top,
        robustness_of=robustness_of,
        contradicts=contradicting_share,
        progress=progress(),
    )


def _compared(data: Path, old: str, new: str, rows: int, top: int) -> Stability:
    return compare_models(
        (old, load_bundle(old)[0]),
        (new, load_bundle(new)[0]),
        read_dataset(data),
        rows=rows,
        top=top,
        robustness_of=robustness_of,
        contradicts=contradicting_share,
    )


def _text(result: Stability) -> str:
    models = ", ".join(comparison.against for comparison in result.comparisons)
    lines = [f"{result.dataset}: {result.rows:,} rows explained by {result.base}, and by {models}"]
    if result.drawn:
        lines.append(f"enterprises of each retrain: {result.drawn}")
    about = {"all": "all rows", "riskiest": f"the riskiest tenth ({result.riskiest_rows:,} rows)"}
    for part, levels in result.summary.items():
        rows = []
        for level, figures in levels.items():
            cells = ["–" if (spread := figures[name]) is None else f"{spread.mean:.3f}" for name in _FIGURES]
            rows.append((f"{_LEVEL[level]} ({result.reasons[level]})", *cells))
        lines += ["", table(rows, (f"{about[part]}, top {result.top}, mean", *_FIGURES))]
    lowest = [
        f"{level} {spread.low:.3f}"
        for level, figures in result.summary["all"].items()
        if (spread := figures["overlap"])
    ]
    lines += ["", f"lowest overlap of any model: {', '.join(lowest)}"]
    features = (f"{name} {size:.3f}" for name, size in list(result.most_moved.items())[:5])
    lines.append(f"moves most, in log-odds a row: {', '.join(features)}")
    lines += [_spread(result, *measure) for measure in _MEASURES.items()]
    if result.synthetic:
        lines.append("simulated data: these figures show the machinery and are no evidence about the world")
    return "\n".join(lines)


def _spread(result: Stability, name: str, label: str) -> str:
    spread = getattr(result, name)
    if spread is None:
        return f"{label}: none, {_UNKNOWN[result.unknown[name]]}"
    return f"{label}: {spread.mean:.1%} ({spread.low:.1%} to {spread.high:.1%})"
