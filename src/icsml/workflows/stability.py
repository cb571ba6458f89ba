"""Do reasons survive a retrain? Train again on other rows with another seed, explain the same enterprises, compare.

Each retrain draws whole enterprises from the training rows, with another seed of folds, rounds and sampling, and the
same configuration: with replacement, as many as there are (a bootstrap: what another sample of the same world would
have given; some 63 % of them appear), or a share of them without (what a retrain changes that sees most of the same
enterprises again). Each compares with its own reference population, as its decisions would. The enterprises explained
are the test rows, or where the split is by folds those of the first fold: no model was trained on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.core.arrays import Floats, Indices
from icsml.core.progress import Progress, silent
from icsml.decision.assess import assess
from icsml.decision.recourse import SurvivalShares
from icsml.errors import InputError
from icsml.explain.explanation_stability import Comparison, compare, movement
from icsml.explain.merging import Clusters, clusters, merge
from icsml.explain.terms import by_group
from icsml.features.feature import Feature
from icsml.model.bundle import Bundle, BundleParts
from icsml.model.calibrate import refuse_no_ranking
from icsml.records.columns import Columns, take, to_columns
from icsml.records.dataset import Dataset, read_dataset
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_model, parts
from icsml.workflows.prepare import Prepared, Rows, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference import reference_population
from icsml.workflows.steps import fit_levers

__all__ = [
    "Agreement",
    "Contradicts",
    "Stability",
    "Survives",
    "Unknown",
    "compare_models",
    "redrawn",
    "retrain",
]


Survives = Callable[[BundleParts, Columns], Callable[[BundleParts], SurvivalShares]]
"""Gives, of a model and these rows, what tells how much of its recourse another still answers.

Such as :func:`icsml.decision.recourse.survivals`.
"""
Contradicts = Callable[[BundleParts, Columns], float | None]
"""Share of the reasons a model shows of these rows that contradict the feature's own effect; None without any.

Such as :func:`icsml.decision.reasons.contradicting_share`.
"""

LEVELS: Final = ("features", "worded", "alike", "groups")
"""Each feature a reason; correlated features of a group told as one, by the feature whose text is told (``worded``) or
whichever of them it is (``alike``); each group a reason."""

_ALIKE: Final = 0.7


class Unknown:
    """Why a figure is null."""

    NOT_ASKED = "not_asked"
    """nobody was given who knows"""
    NO_LEVERS = "no_levers"
    """the base has no levers or no rulebook, so it proposes no recourse"""
    NO_RULEBOOK = "no_rulebook"
    """no other model has a rulebook to answer with"""
    NO_PROPOSAL = "no_proposal"
    """the base proposes no recourse to any of these rows"""
    NO_PROMISE = "no_promise"
    """no proposal of the base promises a better grade"""
    NO_POPULATION = "no_population"
    """no model compares with a reference population"""
    NONE_SHOWN = "none_shown"
    """no reason of a feature without declared direction is shown of any of these rows"""


_RISKIEST: Final = 0.1
_ASKED: Final = 500
"""Rows that recourse is looked for at most, one by one; evenly spaced among the explained."""

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
    recourse_survival : float or None
        Share of the base's proposals that this model answers with a lower PD too; None without any.
    recourse_better_grade : float or None
        Share of those that promised a better grade that have one by this model too; None without any.
    contradictions : float or None
        What the callable found; None without it.
    """

    against: str
    all: dict[str, Comparison]
    riskiest: dict[str, Comparison]
    moved: dict[str, float]
    recourse_survival: float | None
    recourse_better_grade: float | None
    contradictions: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "against": self.against,
            "all": {level: found.as_json() for level, found in self.all.items()},
            "riskiest": {level: found.as_json() for level, found in self.riskiest.items()},
            "recourse_survival": self.recourse_survival,
            "recourse_better_grade": self.recourse_better_grade,
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
    bundles : dict of str to str
        SHA-256 of the bundles compared, by model; none of models trained for the comparison alone.
    drawn : str or None
        How the enterprises of the other models were drawn; None where nothing was retrained.
    rows, riskiest : int
        Rows explained, and how many of them are the riskiest tenth.
    top : int
        Adverse reasons told of a row.
    reasons : dict of str to int
        How many different reasons each level can give.
    agreements : tuple of Agreement
        One for each other model.
    contradictions : float or None
        Of the base.
    merge_above : float or None
        Rank correlation from which features were told as one; None where the base has no reference population, and
        then no levels ``worded`` and ``alike``.
    unknown : dict of str to str
        Why ``recourse_survival``, ``recourse_better_grade`` or ``contradictions`` is null, where it is: one of
        :class:`Unknown`.
    """

    dataset: str
    synthetic: bool
    base: str
    bundles: dict[str, str]
    drawn: str | None
    rows: int
    riskiest: int
    top: int
    reasons: dict[str, int]
    agreements: tuple[Agreement, ...]
    contradictions: float | None
    merge_above: float | None
    unknown: dict[str, str]

    @property
    def recourse_survival(self) -> dict[str, float] | None:
        """Mean, lowest and highest share of recourse answered with a lower PD, over the models that were asked."""
        return _range([each.recourse_survival for each in self.agreements])

    @property
    def recourse_better_grade(self) -> dict[str, float] | None:
        """The same of the better grades that recourse promised and the other models give too."""
        return _range([each.recourse_better_grade for each in self.agreements])

    @property
    def contradicting(self) -> dict[str, float] | None:
        """Mean, lowest and highest share of contradicting reasons, over all models with the base."""
        return _range([self.contradictions, *(each.contradictions for each in self.agreements)])

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
            "bundles": self.bundles,
            "drawn": self.drawn,
            "rows": self.rows,
            "riskiest_rows": self.riskiest,
            "top": self.top,
            "reasons": self.reasons,
            "summary": self.summary(),
            "merge_above": self.merge_above,
            "recourse_survival": self.recourse_survival,
            "recourse_better_grade": self.recourse_better_grade,
            "contradictions": self.contradicting,
            "unknown": self.unknown,
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
    trained, held = _parted(split_rows(prepared, config.split_seed))
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
    progress("what they say, compared")
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


def redrawn(places: Indices, groups: NDArray[Any], *, keep: float | None = None, seed: int) -> Indices:
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
    repeated: Indices = places[within]
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
    terms: Floats
    pd: Floats

    def over(self, names: Sequence[str]) -> Floats:
        """Return the terms over other features, zero of those it lacks."""
        own = {feature.name: place for place, feature in enumerate(self.features)}
        terms = np.zeros((len(self.pd), len(names)))
        for place, name in enumerate(names):
            if name in own:
                terms[:, place] = self.terms[:, own[name]]
        return terms


def _parted(split: Split) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows train and which are explained; of folds the first is explained."""
    if split.folds is None:
        return split.train, split.test
    return split.train & (split.folds != 0), split.folds == 0


def _sample(places: Indices, most: int, seed: int) -> Indices:
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def _spaced(n: int, most: int) -> Indices:
    count = min(n, most)
    return np.arange(count) * n // count


def _trained(prepared: Prepared, rows: Rows, config: TrainingConfig, progress: Progress) -> BundleParts:
    """Fit the model alone: its companion explains no row that has an innovation feed."""
    own = ranked_within(prepared, rows)
    model = fit_model(own, rows, config, own.encoder, progress)
    refuse_no_ranking(model.calibration, f"the retrain with seed {config.model.seed}")
    pair = FittedPair(model, None, ())
    reference = reference_population(own, rows, pair, config)
    return parts(own, pair, config, reference=reference, levers=fit_levers(own, rows))


def _explained(model: BundleParts, columns: Columns) -> _Explained:
    found = assess(model, columns)
    return _Explained(model.features, found.explanation.terms.log_odds, found.pd)


def _compared(
    setting: _Setting, base: tuple[str, BundleParts], others: Mapping[str, BundleParts], columns: Columns
) -> Stability:
    old = _explained(base[1], columns)
    new = {name: _explained(model, columns) for name, model in others.items()}
    features = {feature.name: feature for each in (old, *new.values()) for feature in each.features}
    above = None if base[1].reference is None else base[1].catalogue.merge_above or _ALIKE
    telling = _Telling(tuple(f.group for f in features.values()), clusters(base[1], above), above, setting.top)
    riskiest = np.sort(np.argsort(-old.pd, kind="stable")[: max(1, round(_RISKIEST * len(old.pd)))])
    before = old.over(list(features))
    asked = take(columns, _spaced(len(old.pd), _ASKED))
    survives = setting.survives(base[1], asked) if setting.survives else None
    agreements = []
    for name, found in new.items():
        answered = survives(others[name]) if survives else None
        after = found.over(list(features))
        agreements.append(
            Agreement(
                against=name,
                all=telling.by_level(before, after),
                riskiest=telling.by_level(before[riskiest], after[riskiest]),
                moved=dict(zip(features, movement(before, after).tolist(), strict=True)),
                recourse_survival=answered.lower_pd if answered else None,
                recourse_better_grade=answered.better_grade if answered else None,
                contradictions=setting.contradicts(others[name], columns) if setting.contradicts else None,
            )
        )
    contradictions_of_base = setting.contradicts(base[1], columns) if setting.contradicts else None
    return Stability(
        dataset=setting.dataset,
        synthetic=setting.synthetic,
        base=base[0],
        bundles={name: each.sha256 for name, each in (base, *others.items()) if isinstance(each, Bundle)},
        drawn=setting.drawn,
        rows=len(old.pd),
        riskiest=len(riskiest),
        top=setting.top,
        reasons=telling.reasons(),
        agreements=tuple(agreements),
        contradictions=contradictions_of_base,
        merge_above=above,
        unknown=_unknown(setting, base[1], list(others.values()), agreements, contradictions_of_base),
    )


def _unknown(
    setting: _Setting,
    base: BundleParts,
    others: Sequence[BundleParts],
    agreements: Sequence[Agreement],
    contradictions_of_base: float | None,
) -> dict[str, str]:
    """Say of each figure that no model has why it is null."""
    unknown = {}
    if all(each.recourse_survival is None for each in agreements):
        unknown["recourse_survival"] = _no_survival(setting, base, others)
    if all(each.recourse_better_grade is None for each in agreements):
        unknown["recourse_better_grade"] = unknown.get("recourse_survival", Unknown.NO_PROMISE)
    if contradictions_of_base is None and all(each.contradictions is None for each in agreements):
        unknown["contradictions"] = _no_contradictions(setting, (base, *others))
    return unknown


def _no_survival(setting: _Setting, base: BundleParts, others: Sequence[BundleParts]) -> str:
    if setting.survives is None:
        return Unknown.NOT_ASKED
    if base.levers is None or base.rulebook is None:
        return Unknown.NO_LEVERS
    return Unknown.NO_PROPOSAL if any(other.rulebook for other in others) else Unknown.NO_RULEBOOK


def _no_contradictions(setting: _Setting, models: Sequence[BundleParts]) -> str:
    if setting.contradicts is None:
        return Unknown.NOT_ASKED
    compares = any(model.reference is not None for model in models)
    return Unknown.NONE_SHOWN if compares else Unknown.NO_POPULATION


@dataclass(frozen=True, slots=True)
class _Telling:
    """How terms become reasons: the group of each feature, and which features of the base are like which."""

    groups: tuple[str, ...]
    clusters: Clusters
    above: float | None
    top: int

    def by_level(self, old: Floats, new: Floats) -> dict[str, Comparison]:
        """Compare at each level; without a population nothing is known to be alike."""
        found = {"features": compare(old, new, top=self.top)}
        if self.above is not None:
            found["worded"] = compare(self._merged(old), self._merged(new), top=self.top)
            found["alike"] = compare(old, new, top=self.top, clusters=self.clusters)
        return found | {"groups": compare(self._summed(old), self._summed(new), top=self.top)}

    def reasons(self) -> dict[str, int]:
        """Return how many different reasons each level can give."""
        count = len(self.groups)
        fewer = sum(len(places) - 1 for places in self.clusters)
        merged = {} if self.above is None else {"worded": count, "alike": count - fewer}
        return {"features": count, **merged, "groups": len(set(self.groups))}

    def _merged(self, terms: Floats) -> Floats:
        return merge(terms, np.zeros(terms.shape, dtype=np.int64), self.clusters)[0]

    def _summed(self, terms: Floats) -> Floats:
        sums = by_group(self.groups, terms, np.zeros(terms.shape, dtype=np.int64))
        return np.column_stack([own for own, _ in sums.values()])


def _range(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"mean": float(np.mean(known)), "low": float(min(known)), "high": float(max(known))}
