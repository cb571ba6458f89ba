"""Plots for the run that trained a model, where the extra ``report`` is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import pandas as pd

from icsml.core.progress import Progress, silent
from icsml.model.bundle import Bundle
from icsml.records.dataset import Dataset

__all__ = ["can_draw", "held_out_plots", "training_plots"]

_NEEDED: Final = ("jinja2", "matplotlib", "shap")
_ROWS: Final = 5_000


def can_draw(progress: Progress = silent) -> bool:
    """Return whether the extra ``report`` is installed; log it where it is not."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        progress(f"nothing is drawn: {', '.join(missing)} not installed — pip install 'icsml[report]'")
    return not missing


def training_plots(bundle: Bundle, dataset: Dataset, progress: Progress = silent) -> dict[str, str]:
    """Return the report's plots of a model on rows of its data set, as SVG files by name.

    Parameters
    ----------
    bundle : Bundle
        The model.
    dataset : Dataset
        What it was trained on; at most 5,000 of its rows, drawn by a fixed seed, are assessed.
    progress : callable
        Told what is missing where nothing can be drawn; then there are no plots.
    """
    if not can_draw(progress):
        return {}
    from icsml.reports.model_figures import model_figures
    from icsml.workflows.report import report_facts

    facts = report_facts(bundle, dataset, rows=_ROWS, interactions=False)
    return {name: figure.svg for name, figure in model_figures(facts, "en").items()}


def held_out_plots(predictions: pd.DataFrame) -> dict[str, str]:
    """Return the ROC and calibration curves of held-out PDs, as SVG files by name; none where drawing is impossible.

    Parameters
    ----------
    predictions : DataFrame
        ``bad``, ``pd`` and ``pd_without_innovation`` of rows the model was not trained on.
    """
    if not can_draw():
        return {}
    from icsml.reports.held_out import calibration_curve, roc_curve

    y = predictions["bad"].to_numpy(dtype="float64")
    named = {"model": "pd", "without innovation": "pd_without_innovation"}
    pds = {name: predictions[column].to_numpy(dtype="float64") for name, column in named.items()}
    pds = {name: values for name, values in pds.items() if not pd.isna(values).any()}
    figures = [
        roc_curve("roc", "ROC on rows not trained on", y, pds),
        calibration_curve("calibration", "Default rate by PD on rows not trained on", y, pds),
    ]
    return {figure.name: figure.svg for figure in figures}
