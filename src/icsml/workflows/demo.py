"""The demonstration: all steps on a simulated portfolio, and on one in which innovation has no effect."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.clock import utc_now
from icsml.core.files import whole_file
from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.decision.decide import decide
from icsml.decision.frame import frame_scores
from icsml.ledger.decision_payload import record_decision
from icsml.ledger.store import Ledger
from icsml.model.bundle import Bundle
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import Dataset, OutOfTimeSplit
from icsml.records.decision import Decision
from icsml.records.enterprise import EnterpriseRecord, frame_records
from icsml.registry import DEFAULT_REFERENCE
from icsml.workflows.config import load_training_config
from icsml.workflows.measure import Figures
from icsml.workflows.register import Registered, train
from icsml.workflows.train import Trained, train_bundle
from icsml.workflows.training_plots import can_draw

__all__ = ["DemoReport", "demo"]

TENANT = "demo"
_QUANTILES = (0.05, 0.5, 0.99)


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Results of the demonstration.

    Parameters
    ----------
    folder : Path
        Its folder under ``ICSML_HOME``.
    registered : Registered
        The model of the portfolio, in the register.
    none : Trained
        The model of the portfolio in which innovation has no effect.
    decisions : tuple of Decision
        Those recorded in the ledger.
    report : Path or None
        The auditor's report; None where what draws it is not installed.
    seconds : float
        How long it took.
    """

    folder: Path
    registered: Registered
    none: Trained
    decisions: tuple[Decision, ...]
    report: Path | None
    seconds: float

    @property
    def summary(self) -> dict[str, Any]:
        """The content of ``summary.json``."""
        logged = self.registered.logged
        return {
            "metrics": self.registered.trained.metrics,
            "none_book": self.none.metrics,
            "model": {
                "name": logged.name,
                "version": logged.version,
                "bundle_sha256": self.registered.trained.bundle.sha256,
            },
            "decisions": [decision.model_dump(mode="json") for decision in self.decisions],
            "report": None if self.report is None else str(self.report),
            "seconds": self.seconds,
        }

    def text(self) -> str:
        """Return the closing text: the results, and the next things to look at."""
        figures, none = self.registered.trained.results.figures, self.none.results.figures
        test, logged, bundle = figures.model.metrics, self.registered.logged, self.registered.trained.bundle
        return "\n".join(
            [
                "",
                "Simulated books: these figures show the machinery and are no evidence that points predict default.",
                f"out of time: AUC {test['auc']:.4f} ({test['auc_low']:.4f} to {test['auc_high']:.4f}),"
                f" KS {test['ks']:.3f}, Brier {test['brier']:.5f}, calibration slope {test['calibration_slope']:.3f},"
                f" intercept {test['calibration_intercept']:.3f}",
                f"AUC added by innovation: {_gain(figures)} in this book,",
                f"  {_gain(none)} in a book where it does nothing (AUC {none.model.metrics['auc']:.4f})",
                f"registered: {logged.name} version {logged.version}, bundle {bundle.sha256[:12]};"
                " three decisions are in the ledger:",
                *(_line(decision) for decision in self.decisions),
                "",
                f"wrote {self.folder / 'summary.json'} in {self.seconds:.0f} s",
                *([f"the auditor's report: open {self.report}"] if self.report else []),
                "next, with .venv/bin on your PATH:",
                f"  icsml ledger show {self.decisions[0].decision_id}",
                f"  icsml records example --model {DEFAULT_REFERENCE} > record.json",
                f"  icsml decide --model {DEFAULT_REFERENCE} --in record.json",
                "  icsml keys create --tenant mybank --role score   then   icsml serve",
            ]
        )


def demo(*, enterprises: int, seed: int, progress: Progress = silent) -> DemoReport:
    """Synthesise, train, register, decide and record; then train on a ``none`` portfolio for comparison.

    Parameters
    ----------
    enterprises : int
        Enterprises in each portfolio.
    seed : int
        Of both portfolios.
    progress : callable
        Told how far it is.
    """
    started = time.monotonic()
    folder = home() / "demo"
    config = load_training_config()
    progress("a simulated book of business, innovation effect `small`")
    synthesize(enterprises, seed, "small", folder / "book", progress=progress)
    registered = train(folder / "book", config, progress=progress)
    progress("the same world with innovation effect `none`")
    synthesize(enterprises, seed, "none", folder / "none-book", progress=progress)
    none = train_bundle(folder / "none-book", config, progress=progress)
    decisions = _decisions(registered, progress)
    page = _report(registered, folder / "report.html", progress)
    report = DemoReport(folder, registered, none, decisions, page, time.monotonic() - started)
    with whole_file(folder / "summary.json") as partial:
        partial.write_text(json.dumps(report.summary, ensure_ascii=False, indent=2, allow_nan=False), "utf-8")
    return report


def _report(registered: Registered, path: Path, progress: Progress) -> Path | None:
    """Write the auditor's report of the registered model; None where what draws it is not installed."""
    if not can_draw(progress):
        return None
    from icsml.workflows.report import write_report

    trained = registered.trained
    progress("the auditor's report")
    write_report(
        trained.bundle,
        trained.dataset,
        path,
        "en",
        version=registered.logged.version,
        run_id=registered.logged.run_id,
        progress=progress,
    )
    return path


def _decisions(registered: Registered, progress: Progress) -> tuple[Decision, ...]:
    """Decide on three enterprises of the test period (a good, a middling, a poor risk) and record each."""
    bundle = registered.trained.bundle
    records = _three(bundle, registered.trained.dataset)
    ledger = Ledger.open(None)
    try:
        return tuple(_recorded(ledger, bundle, registered.logged.version, record, progress) for record in records)
    finally:
        ledger.close()


def _three(bundle: Bundle, dataset: Dataset) -> list[EnterpriseRecord]:
    split = dataset.meta.split
    assert isinstance(split, OutOfTimeSplit)  # noqa: S101 - the synthetic portfolio's
    enterprises = dataset.enterprises
    test = enterprises[enterprises["as_of"] >= pd.Timestamp(split.test_from)]
    pds = frame_scores(bundle, test)["pd"].to_numpy()
    order = np.argsort(pds, kind="stable")
    chosen = [order[int(share * (len(order) - 1))] for share in _QUANTILES]
    return frame_records(test.iloc[chosen])


def _recorded(ledger: Ledger, bundle: Bundle, version: str, record: EnterpriseRecord, progress: Progress) -> Decision:
    decided = decide(bundle, record, decision_id=str(uuid.uuid4()), decided_at=utc_now(), version=version)
    request = record.model_dump(mode="json", exclude_none=True)
    record_decision(ledger, TENANT, bundle, request, decided)
    progress(f"recorded decision {decided.decision.decision_id}")
    return decided.decision


def _gain(figures: Figures) -> str:
    gain = figures.innovation_gain
    assert gain is not None  # noqa: S101 - the synthetic portfolio has innovation records
    return f"{gain.auc:+.4f} ({gain.auc_low:+.4f} to {gain.auc_high:+.4f})"


def _line(decision: Decision) -> str:
    reasons = "; ".join(f"{reason.text.text('en')} ({reason.points:+d})" for reason in decision.reasons[:3])
    figures = f"PD {decision.pd:.3%}, grade {decision.grade}, score {decision.score}"
    return f"  {decision.enterprise_id}: {figures}: {reasons}"
