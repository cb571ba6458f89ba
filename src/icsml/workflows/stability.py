"""Do reasons survive a retrain? Train again on other rows with another seed, explain the same enterprises, compare.

Each retrain draws whole enterprises from the training rows, with another seed of folds, rounds and sampling, and the
same configuration: with replacement, as many as there are (a bootstrap: what another sample of the same world would
have given; some 63 % of them appear), or a share of them without (what a retrain changes that sees most of the same
enterprises again). The enterprises explained are the test rows, or where the split is by folds those of the first fold:
no model was trained on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.core.progress import Progress, silent
from icsml.decision.assess import assess
from icsml.errors import InputError
from icsml.explain.stability import Comparison, compare, correlated, merged, movement
from icsml.features.feature import Feature
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, take, to_columns
from icsml.records.dataset import Dataset, read_dataset
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_model, parts
from icsml.workflows.prepare import Prepared, Rows, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference import reference_population

__all__ = ["Agreement", "Contradicts", "Stability", "Survives", "compare_models", "redrawn", "retrain"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

Survives = Callable[[BundleParts, BundleParts, Columns], float | None]
"""Share of the recourse that the first model proposes to these rows and the second still answers; None without any."""
Contradicts = Callable[[BundleParts, Columns], float | None]
"""Share of the reasons a model shows of these rows that contradict the feature's own effect; None without any."""

LEVELS: Final = ("features", "alike", "groups")
"""Each feature a reason; correlated features of a group merged into one; each group a reason."""

_ALIKE: Final = 0.7
_RISKIEST: Final = 0.1
_MOST: Final = 2**31
_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one model's reasons agree with the base's.

    Parameters
    ----------
    against : str
        Which model.
    all, riskiest : dict of str to Comparison
        By level, over all explained rows and over the tenth of them with the highest PD of the base: adverse reasons
        are owed to those who are declined.
    moved : dict of str to float
        Mean movement of each feature's term, in log-odds.
    recourse_survival, contradictions : float or None
        What the callables found; None without them.
    """

    against: str
    all: dict[str, Comparison]
    riskiest: dict[str, Comparison]
    moved: dict[str, float]
    recourse_survival: float | None
    contradictions: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "against": self.against,
            "all": {level: found.as_json() for level, found in self.all.items()},
            "riskiest": {level: found.as_json() for level, found in self.riskiest.items()},
            "recourse_survival": self.recourse_survival,
            "contradictions": self.contradictions,
        }


@dataclass(frozen=True, slots=True)
class Stability:
    """What was found.

    Parameters
    ----------
    dataset : str
        Whose rows were explained.
    synthetic : bool
        Whether they, or a model's, are simulated: then no figure is evidence about the world.
    base : str
        The model compared with.
    drawn : str or None
        How the enterprises of the other models were drawn; None where nothing was retrained.
    rows, riskiest : int
        Rows explained, and how many of them are the riskiest tenth.
    top : int
        Adverse reasons told of a row.
    features : int
        Features of either model.
    reasons : dict of str to int
        How many different reasons each level can give.
    agreements : tuple of Agreement
        One for each other model.
    contradictions : float or None
        Of the base.
    """

    dataset: str
    synthetic: bool
    base: str
    drawn: str | None
    rows: int
    riskiest: int
    top: int
    reasons: dict[str, int]
    agreements: tuple[Agreement, ...]
    contradictions: float | None

    def summary(self) -> dict[str, dict[str, dict[str, dict[str, float] | None]]]:
        """Return mean, lowest and highest of each figure over the models, by rows (``all``, ``riskiest``) and level."""
        return {
            rows: {level: self._spread(rows, level) for level in LEVELS if level in self.reasons}
            for rows in ("all", "riskiest")
        }

    def most_moved(self) -> dict[str, float]:
        """Return the ten features whose terms move most, mean over the models, in log-odds."""
        names = list(dict.fromkeys(name for each in self.agreements for name in each.moved))
        mean = {name: float(np.mean([each.moved[name] for each in self.agreements])) for name in names}
        return dict(sorted(mean.items(), key=lambda item: -item[1])[:_LISTED])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "dataset": self.dataset,
            "synthetic": self.synthetic,
            "base": self.base,
            "drawn": self.drawn,
            "rows": self.rows,
            "riskiest_rows": self.riskiest,
            "top": self.top,
            "reasons": self.reasons,
            "summary": self.summary(),
            "recourse_survival": _range([each.recourse_survival for each in self.agreements]),
            "contradictions": _range([self.contradictions, *(each.contradictions for each in self.agreements)]),
            "most_moved": self.most_moved(),
            "comparisons": [each.as_json() for each in self.agreements],
        }

    def _spread(self, rows: str, level: str) -> dict[str, dict[str, float] | None]:
        found = [getattr(each, rows)[level].as_json() for each in self.agreements]
        return {name: _range([each[name] for each in found]) for name in found[0]}


def retrain(
    data: Path,
    config: TrainingConfig,
    *,
    retrains: int = 5,
    keep: float | None = None,
    rows: int = 2000,
    top: int = 3,
    survives: Survives | None = None,
    contradicts: Contradicts | None = None,
    progress: Progress = silent,
) -> Stability:
    """Train once as configured and ``retrains`` times on redrawn enterprises, and compare each with the first.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    config : TrainingConfig
        How to train; retrain r has its seed plus r.
    retrains : int
        How many times.
    keep : float, optional
        Share of the enterprises that each retrain sees, drawn without replacement; None draws with replacement.
    rows : int
        Rows to explain at most, drawn from those that no model has seen.
    top : int
        Adverse reasons told of a row.
    survives, contradicts : callable, optional
        What to ask of recourse and of contradicting reasons.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If the data set cannot be trained on.
    """
    prepared = prepare(read_dataset(data), config, progress)
    trained, held = _parted(split_rows(prepared, None))
    places = _sample(np.flatnonzero(held), rows, config.model.seed)
    columns = take(prepared.columns, places)
    progress("the base")
    base = _trained(prepared, trained, config, progress)
    others = {}
    for number in range(1, retrains + 1):
        progress(f"retrain {number} of {retrains}")
        seeded = config.with_model(seed=(config.model.seed + number) % _MOST)
        drawn = redrawn(np.flatnonzero(trained), prepared.groups, keep=keep, seed=seeded.model.seed)
        others[f"retrain {number}"] = _trained(prepared, drawn, seeded, progress)
    meta = prepared.dataset.meta
    how = "bootstrap" if keep is None else f"{keep:g} of them"
    return _compared(
        _Setting(meta.name, meta.synthetic, how, top, survives, contradicts), ("base", base), others, columns
    )


def compare_models(
    old: tuple[str, BundleParts],
    new: tuple[str, BundleParts],
    dataset: Dataset,
    *,
    rows: int = 2000,
    top: int = 3,
    survives: Survives | None = None,
    contradicts: Contradicts | None = None,
) -> Stability:
    """Compare the reasons of two models for the same enterprises, such as before a promotion.

    A feature that one of them does not have has the term zero there.

    Parameters
    ----------
    old, new : (str, BundleParts)
        Name and model.
    dataset : Dataset
        The enterprises; labels are not read.
    rows, top, survives, contradicts
        As for :func:`retrain`.

    Raises
    ------
    InputError
        ``ICS-TRN-010`` if a model reads an extra feature that the data set does not have.
    """
    extras = {extra.column: extra for _, bundle in (old, new) for extra in bundle.extras}
    for column in extras:
        if column not in dataset.enterprises:
            raise InputError(
                "ICS-TRN-010",
                "a model reads this and the data set does not have it",
                field=column,
                remedy="compare on a data set of the kind that both models were trained on",
            )
    columns = to_columns(dataset.enterprises, list(extras.values()))
    columns = take(columns, _sample(np.arange(len(dataset.enterprises)), rows, 0))
    synthetic = dataset.meta.synthetic or old[1].synthetic or new[1].synthetic
    setting = _Setting(dataset.meta.name, synthetic, None, top, survives, contradicts)
    return _compared(setting, old, dict([new]), columns)


def redrawn(places: Places, groups: NDArray[Any], *, keep: float | None = None, seed: int) -> Places:
    """Draw whole groups: with replacement as many as there are, or a share of them without.

    Parameters
    ----------
    places : ndarray of int of shape (m,)
        Rows to draw from.
    groups : ndarray of shape (n,)
        Group of every row of the data set.
    keep : float, optional
        Share of the groups to draw, one at least, each once; None draws with replacement.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray of int
        Places, those of a group together, repeated as often as it was drawn.
    """
    codes = pd.factorize(groups[places])[0]
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    ends = np.cumsum(sizes)
    count = len(sizes) if keep is None else max(1, round(keep * len(sizes)))
    drawn = np.sort(np.random.default_rng(seed).choice(len(sizes), count, replace=keep is None))
    within = np.concatenate([order[ends[group] - sizes[group] : ends[group]] for group in drawn])
    repeated: Places = places[within]
    return repeated


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a comparison is of, and what is asked."""

    dataset: str
    synthetic: bool
    drawn: str | None
    top: int
    survives: Survives | None
    contradicts: Contradicts | None


@dataclass(frozen=True, slots=True)
class _Explained:
    """Rows as one model sees and explains them."""

    features: tuple[Feature, ...]
    values: Floats
    terms: Floats
    pd: Floats

    def over(self, names: Sequence[str]) -> tuple[Floats, Floats]:
        """Return values (NaN) and terms (zero) over other features, of which it may lack some."""
        own = {feature.name: place for place, feature in enumerate(self.features)}
        values, terms = np.full((len(self.pd), len(names)), np.nan), np.zeros((len(self.pd), len(names)))
        for place, name in enumerate(names):
            if name in own:
                values[:, place], terms[:, place] = self.values[:, own[name]], self.terms[:, own[name]]
        return values, terms


def _parted(split: Split) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows train and which are explained; of folds the first is explained."""
    if split.folds is None:
        return split.train, split.test
    return split.train & (split.folds != 0), split.folds == 0


def _sample(places: Places, most: int, seed: int) -> Places:
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def _trained(prepared: Prepared, rows: Rows, config: TrainingConfig, progress: Progress) -> BundleParts:
    """Fit the model alone: its companion explains no row that has an innovation feed."""
    own = ranked_within(prepared, rows)
    model = fit_model(own, rows, config, own.encoder, progress)
    pair = FittedPair(model, None, ())
    return parts(own, pair, config, reference=reference_population(own, rows, pair, config))


def _explained(model: BundleParts, columns: Columns) -> _Explained:
    found = assess(model, columns)
    assert found.explanation is not None  # noqa: S101 - asked for
    return _Explained(model.encoder.features, found.features, found.explanation.terms.log_odds, found.pd)


def _compared(
    setting: _Setting, base: tuple[str, BundleParts], others: Mapping[str, BundleParts], columns: Columns
) -> Stability:
    old = _explained(base[1], columns)
    new = {name: _explained(model, columns) for name, model in others.items()}
    features = {feature.name: feature for each in (old, *new.values()) for feature in each.features}
    labels = _labels(old, features)
    riskiest = np.sort(np.argsort(-old.pd, kind="stable")[: max(1, round(_RISKIEST * len(old.pd)))])
    before = old.over(list(features))[1]
    agreements = []
    for name, found in new.items():
        after = found.over(list(features))[1]
        agreements.append(
            Agreement(
                against=name,
                all=_by_level(before, after, labels, setting.top),
                riskiest=_by_level(before[riskiest], after[riskiest], labels, setting.top),
                moved=dict(zip(features, movement(before, after).tolist(), strict=True)),
                recourse_survival=setting.survives(base[1], others[name], columns) if setting.survives else None,
                contradictions=setting.contradicts(others[name], columns) if setting.contradicts else None,
            )
        )
    return Stability(
        dataset=setting.dataset,
        synthetic=setting.synthetic,
        base=base[0],
        drawn=setting.drawn,
        rows=len(old.pd),
        riskiest=len(riskiest),
        top=setting.top,
        reasons={level: len(set(given)) for level, given in labels.items()},
        agreements=tuple(agreements),
        contradictions=setting.contradicts(base[1], columns) if setting.contradicts else None,
    )


def _labels(old: _Explained, features: Mapping[str, Feature]) -> dict[str, list[str]]:
    """Return, for each level, what each feature counts as; correlations are those of the explained rows."""
    names, groups = list(features), [feature.group for feature in features.values()]
    values = old.over(names)[0]
    return {"features": names, "alike": correlated(values, names, groups, _ALIKE), "groups": groups}


def _by_level(old: Floats, new: Floats, labels: Mapping[str, list[str]], top: int) -> dict[str, Comparison]:
    return {level: compare(merged(old, given), merged(new, given), top=top) for level, given in labels.items()}


def _range(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"mean": float(np.mean(known)), "low": float(min(known)), "high": float(max(known))}
