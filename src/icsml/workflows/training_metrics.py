"""Metrics of a training: held-out figures, counts of rows, warnings and reasons against the champion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from icsml.records.finding import CheckFinding
from icsml.workflows.config import TrainingConfig, reason_catalogue
from icsml.workflows.leakage_checks import blocking_reasons, leakage_warnings
from icsml.workflows.measure import Figures
from icsml.workflows.prepare import Prepared, Split

__all__ = ["RowCounts", "TrainingMetrics", "check_sentence", "training_metrics"]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Training rows, defaults among them, rows between training and test, and rows without an outcome."""

    train: int
    train_defaults: int
    embargoed: int
    unlabelled: int


@dataclass(frozen=True, slots=True)
class TrainingMetrics:
    """Metrics of a training.

    Parameters
    ----------
    figures : Figures
        On rows that no model behind them was trained on.
    rows : RowCounts
        How many rows there were.
    label_lookahead : int or None
        Training events dated after the test began; None where it is not known.
    out_of_range : dict of str to int
        Values out of range, by field.
    features_dropped : list of str
        Features of the catalogue that the data set cannot feed.
    synthetic : bool
        Whether the data are simulated.
    data_checks : tuple of CheckFinding
        Findings of the checks of the data set.
    warnings, blocking : list of str
        What must be known before the figures are used, and why the model must not become the champion by itself.
    """

    figures: Figures
    rows: RowCounts
    label_lookahead: int | None
    out_of_range: dict[str, int]
    features_dropped: list[str]
    synthetic: bool
    data_checks: tuple[CheckFinding, ...]
    warnings: list[str]
    blocking: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``icsml train --json`` prints it."""
        counts: dict[str, Any] = to_jsonable_python(self, exclude={"figures"})
        return self.figures.as_json() | counts


def training_metrics(
    prepared: Prepared, split: Split, figures: Figures, findings: Sequence[CheckFinding], config: TrainingConfig
) -> TrainingMetrics:
    """Return the metrics of a training, the warnings and blocking reasons of its figures and data set included."""
    meta = prepared.dataset.meta
    return TrainingMetrics(
        figures=figures,
        rows=RowCounts(
            train=int(split.train.sum()),
            train_defaults=int(prepared.y[split.train].sum()),
            embargoed=int(split.dropped.sum()),
            unlabelled=int((~prepared.labelled).sum()),
        ),
        label_lookahead=meta.label_lookahead,
        out_of_range=meta.out_of_range,
        features_dropped=prepared.dropped,
        synthetic=meta.synthetic,
        data_checks=tuple(findings),
        warnings=[*map(check_sentence, findings), *leakage_warnings(prepared, split, figures)],
        blocking=[
            *(check_sentence(finding) for finding in findings if finding.level == "block"),
            *blocking_reasons(figures),
            *_unsigned(prepared, config),
        ],
    )


def check_sentence(finding: CheckFinding) -> str:
    """Return a finding of the data set's checks in a sentence."""
    check = "a blocking check of the data set" if finding.level == "block" else "a check of the data set"
    return f"{check} found ({finding.id}): {finding.found}"


def _unsigned(prepared: Prepared, config: TrainingConfig) -> list[str]:
    """Return why the model must not become champion where the catalogue of reasons asks for texts that are signed."""
    missing = reason_catalogue(config).unsigned(prepared.encoder.features)
    if not missing:
        return []
    return [f"free features without a direction or a signed text, which the catalogue asks for: {', '.join(missing)}"]
