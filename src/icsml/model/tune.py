"""Search for hyperparameters by the criterion that also finds the rounds: the calibrated held-out log-loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt
import optuna

from icsml.core.progress import Progress, silent
from icsml.model.classifier import from_config
from icsml.model.model_config import Hyperparameters, ModelConfig

__all__ = ["Trial", "Tuning", "tune"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried, with its rounds, calibration slope and calibrated held-out log-loss."""

    number: int
    loss: float
    rounds: int
    slope: float
    hyperparameters: Hyperparameters

    @property
    def ranks(self) -> bool:
        """Whether its margins rank the event on held-out rows; a setting that does not is a last resort."""
        return self.slope > 0.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The hyperparameters and loss of the best trial that ranks (of the best one where none does), and every trial."""

    hyperparameters: Hyperparameters
    loss: float
    trials: tuple[Trial, ...]


def tune(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    config: ModelConfig,
    *,
    groups: npt.ArrayLike | None = None,
    blocks: npt.ArrayLike | None = None,
    monotone: Sequence[int] | None = None,
    progress: Progress = silent,
) -> Tuning:
    """Search hyperparameters with Optuna's tree-structured Parzen estimator.

    Trial 0 is the configuration's own setting, so the result is never worse than it on the criterion. A trial whose
    calibration slope is not positive does not rank, whatever its loss: it is reported, and chosen only where none ranks
    (``fit`` then warns, and no bundle is written). Every trial is judged on the same folds or time blocks, which are
    also those of the final fit: the best of many trials looks a little better there than it is, which is why reported
    figures come from rows outside all of this.

    Parameters
    ----------
    X, y, groups, blocks, monotone
        As for :meth:`icsml.model.classifier.PDClassifier.fit`: training rows only.
    config : ModelConfig
        Start, search space, number of trials and seed.
    progress : callable
        Called with one line per trial.

    Returns
    -------
    Tuning
        The same for the same data, configuration and seed.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    start = config.hyperparameters.model_dump()
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=config.seed))
    study.enqueue_trial({name: start[name] for name in config.search})
    trials: list[Trial] = []

    def objective(asked: optuna.Trial) -> float:
        tried = Hyperparameters(**start | _suggest(asked, config, start))
        model = from_config(config, monotone=monotone, hyperparameters=tried)
        search = model.search_rounds(X, y, groups=groups, blocks=blocks)
        trials.append(Trial(asked.number, search.loss, search.rounds, search.calibration.slope, tried))
        progress(f"trial {asked.number + 1}/{total}: {_result(trials[-1])}, best {_best(trials).loss:.5f}")
        return search.loss

    total = max(config.trials, 1)
    for _ in range(total):  # not study.optimize, which hides Ctrl-C behind an error of its own
        asked = study.ask()
        study.tell(asked, objective(asked))
    chosen = _best(trials)
    if not chosen.ranks:
        progress(f"none of {total} trials ranks the event on held-out rows")
    return Tuning(chosen.hyperparameters, chosen.loss, tuple(trials))


def _best(trials: Sequence[Trial]) -> Trial:
    return min(trials, key=lambda trial: (not trial.ranks, trial.loss, trial.number))


def _result(trial: Trial) -> str:
    no_ranking = "" if trial.ranks else f" (does not rank, calibration slope {trial.slope:.4g})"
    return f"loss {trial.loss:.5f} at {trial.rounds} rounds{no_ranking}"


def _suggest(asked: optuna.Trial, config: ModelConfig, start: Mapping[str, float]) -> dict[str, float]:
    suggested: dict[str, float] = {}
    for name, span in sorted(config.search.items()):
        if isinstance(start[name], int):
            suggested[name] = asked.suggest_int(name, int(span.low), int(span.high), log=span.log)
        else:
            suggested[name] = asked.suggest_float(name, span.low, span.high, log=span.log)
    return suggested
