"""The PD model as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from icsml.core.arrays import Array, Floats
from icsml.core.progress import Progress, silent
from icsml.model.calibrate import Affine, no_ranking
from icsml.model.event_label import UnnamedEventWarning, named_event, unnamed_event
from icsml.model.lightgbm_params import LightGBMParams, lightgbm_params, settings_error
from icsml.model.model_config import Hyperparameters, ModelConfig
from icsml.model.predict import log_odds, margin, pd_from_log_odds
from icsml.model.rounds import RoundSearch, block_splits, find_rounds, fold_splits, grow

__all__ = ["NoRankingWarning", "PDClassifier", "UnnamedEventWarning", "from_config"]


class NoRankingWarning(UserWarning):
    """The fitted margins do not rank the event on held-out rows: its PDs would rank the wrong way round, or not."""


class PDClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gradient-boosted PD model, calibrated out of fold by one affine map of the log-odds.

    Shallow LightGBM trees, deterministic, monotone where asked, trained without class weights. The number of rounds has
    the lowest log-loss *after* calibration on held-out rows (:mod:`icsml.model.rounds`); the trees are then grown again
    on all rows for that many rounds. There is no ``sample_weight``: with binned features and folds, a weight of two is
    not a row given twice, and a PD calibrated under weights is a PD of no real population.

    Parameters
    ----------
    num_leaves, max_depth, learning_rate, min_child_samples, subsample, colsample, reg_lambda
        See :class:`icsml.model.model_config.Hyperparameters`.
    max_rounds : int, default=1000
        Upper limit of boosting rounds.
    patience : int, default=150
        Rounds without a better log-loss after which to stop.
    check_every : int, default=25
        Rounds between two checkpoints.
    inner_folds : int, default=5
        Stratified, grouped folds over which rounds and calibration are found; not used with ``blocks``.
    monotone : sequence or mapping, optional
        +1, -1 or 0 for each feature: the margin of the event never falls, never rises, or is free as the feature
        rises. One for each column, or by name where X is a DataFrame; a feature the mapping does not name is free. A
        Series with text for an index is such a mapping.
    event : label, optional
        The label that is the event (default). With numbers or booleans, None takes the greater one. Text has no order
        that means anything (``good`` comes after ``bad``), so there the event must be named: without it no PD is
        given. ``predict_proba`` and ``margin`` are then refused, and so is ``fit`` with ``monotone``; ``fit`` itself
        only warns, because scikit-learn's contract for a classifier has it accept any two labels, and ``predict`` and
        ``decision_function`` mean the same whichever is the event.
    random_state : int, default=0
        Seed of folds and of row and feature sampling.
    n_jobs : int, default=1
        Threads of LightGBM; the trees do not depend on it, and small data are not faster for it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels, sorted.
    event_ : label or None
        The one of them that is the event; None where the labels are text and it was not named. The PD is the column of
        ``predict_proba`` at its index in ``classes_``: the second one unless ``event`` names the lesser label.
    booster_ : lightgbm.Booster
        Trees grown on all rows.
    rounds_ : int
        Boosting rounds found.
    calibration_ : Affine
        Map from margin to log-odds of the event. A slope that is not positive is kept here with a
        :class:`NoRankingWarning`, and refused when a bundle is written.
    inner_loss_ : float
        Calibrated log-loss on held-out rows at ``rounds_``.
    inner_curve_ : tuple of (int, float)
        Rounds and that log-loss at every checkpoint.
    held_out_margin_ : ndarray of shape (n,)
        Margins of the training rows from boosters that had not seen them, NaN for rows only ever trained on.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 3))
    >>> y = (rng.random(400) < 1 / (1 + np.exp(2 - X[:, 0]))).astype(int)
    >>> model = PDClassifier(max_rounds=50, monotone=[1, 0, 0]).fit(X, y)
    >>> model.predict_proba(X).shape
    (400, 2)
    """

    def __init__(
        self,
        *,
        num_leaves: int = 16,
        max_depth: int = 4,
        learning_rate: float = 0.05,
        min_child_samples: int = 20,
        subsample: float = 1.0,
        colsample: float = 1.0,
        reg_lambda: float = 1.0,
        max_rounds: int = 1000,
        patience: int = 150,
        check_every: int = 25,
        inner_folds: int = 5,
        monotone: Sequence[int] | Mapping[str, int] | None = None,
        event: object = None,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.colsample = colsample
        self.reg_lambda = reg_lambda
        self.max_rounds = max_rounds
        self.patience = patience
        self.check_every = check_every
        self.inner_folds = inner_folds
        self.monotone = monotone
        self.event = event
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Tags:
        """Declare to scikit-learn: two classes only, missing values welcome."""
        tags: Tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        groups: npt.ArrayLike | None = None,
        blocks: npt.ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Find the rounds and the calibration on held-out rows, then grow the trees on all rows.

        Parameters
        ----------
        X : array-like of shape (n, p)
            Features; NaN is missing, infinity is refused.
        y : array-like of shape (n,)
            Two classes; ``event`` says which one is the event.
        groups : array-like of shape (n,), optional
            Rows that must stay in one fold, such as the years of an enterprise.
        blocks : array-like of shape (n,), optional
            Time block of each row, sorted order being time order: held-out rows are then always later than those
            trained on (:func:`icsml.model.rounds.block_splits`), and ``groups`` plays no part, because a deployed model
            too has seen the same enterprise in earlier years.
        progress : callable, optional
            Called with a line of text at each checkpoint.

        Returns
        -------
        PDClassifier
            Itself.

        Raises
        ------
        FitError
            ``ICS-MOD-001`` for a parameter out of range, an event that is not one of the labels or not exactly two
            classes, ``ICS-MOD-002`` where a class is too rare to be held out. Also a ValueError.

        Warns
        -----
        NoRankingWarning
            If the calibration slope is not positive: the fit is kept to be looked at, not to be used.
        UnnamedEventWarning
            If the labels are text and ``event`` is not given.
        """
        X, event, params = self._prepared(X, y)
        search = self._search(X, event, params, groups, blocks, progress)
        self.rounds_, self.inner_loss_, self.inner_curve_ = search.rounds, search.loss, search.curve
        self.calibration_: Affine = search.calibration
        self.held_out_margin_ = search.margins
        self.booster_: lgb.Booster = grow(X, event, params, search.rounds)
        if not search.calibration.ranks:
            warnings.warn(_without_ranking(search.calibration, event), NoRankingWarning, stacklevel=2)
        return self

    def search_rounds(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        groups: npt.ArrayLike | None = None,
        blocks: npt.ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> RoundSearch:
        """Do the first half of :meth:`fit` only: judge these settings on held-out rows. Same parameters and errors."""
        X, event, params = self._prepared(X, y)
        return self._search(X, event, params, groups, blocks, progress)

    def margin(self, X: npt.ArrayLike) -> Floats:
        """Return uncalibrated margins of the event, of shape (n,).

        They equal ``booster_.predict(X, raw_score=True)`` bit for bit. Refused where the event is not named.
        """
        check_is_fitted(self)
        self._require_event()
        return self._raw(X)

    def decision_function(self, X: npt.ArrayLike) -> Floats:
        """Return calibrated log-odds of ``classes_[1]``, of shape (n,), as scikit-learn's scorers take them.

        These are the log-odds of the event, unless ``event`` names the lesser label: then they have the other sign.
        """
        check_is_fitted(self)
        calibrated = log_odds(self._raw(X), self.calibration_)
        return -calibrated if self._event_first else calibrated

    def predict_proba(self, X: npt.ArrayLike) -> Floats:
        """Return the probability of each of ``classes_``, of shape (n, 2); the column of ``event_`` is the PD.

        Refused where the event is not named. After a :class:`NoRankingWarning` the PDs are those of the fit all the
        same: they rank the wrong way round, or not at all.
        """
        pd = pd_from_log_odds(log_odds(self.margin(X), self.calibration_))
        return np.column_stack([pd, 1.0 - pd] if self._event_first else [1.0 - pd, pd])

    def predict(self, X: npt.ArrayLike) -> Array:
        """Return the likelier class, of shape (n,); rank and price by the PD, not by this."""
        likely = (self.decision_function(X) > 0).astype(np.intp)
        predicted: Array = self.classes_[likely]
        return predicted

    @property
    def _event_first(self) -> bool:
        return self.event_ is not None and bool(self.event_ == self.classes_[0])

    def _raw(self, X: npt.ArrayLike) -> Floats:
        checked = validate_data(self, X, reset=False, dtype=np.float64, order="C", ensure_all_finite="allow-nan")
        return margin(self.booster_, checked)

    def _require_event(self) -> None:
        if self.event_ is None:
            raise unnamed_event(list(self.classes_))

    def _prepared(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats, LightGBMParams]:
        X, event = self._validated(X, y)
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        return X, event, lightgbm_params(self.get_params(), X.shape[1], names)

    def _search(
        self,
        X: Floats,
        event: Floats,
        params: LightGBMParams,
        groups: npt.ArrayLike | None,
        blocks: npt.ArrayLike | None,
        progress: Progress | None,
    ) -> RoundSearch:
        if blocks is not None:
            splits = block_splits(event, _per_row(X, blocks))
        else:
            kept = None if groups is None else _per_row(X, groups)
            splits = fold_splits(event, kept, self.inner_folds, self.random_state)
        return find_rounds(
            X,
            event,
            splits,
            params,
            max_rounds=self.max_rounds,
            patience=self.patience,
            check_every=self.check_every,
            progress=progress or silent,
        )

    def _validated(self, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
        checked, y = validate_data(
            self, X, y, dtype=np.float64, order="C", ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if self.classes_.size > 2:
            raise settings_error(
                f"Only binary classification is supported. The type of the target is {type_of_target(labels)}.", "y"
            )
        if self.classes_.size < 2:
            raise settings_error("only one class: a PD needs rows with and without the event", "y")
        self.event_ = named_event(self.event, list(self.classes_), given_directions=self.monotone is not None)
        event = self.classes_[1] if self.event_ is None else self.event_
        return checked, (labels == event).astype(np.float64)


def from_config(
    config: ModelConfig, *, monotone: Sequence[int] | None = None, hyperparameters: Hyperparameters | None = None
) -> PDClassifier:
    """Return the unfitted estimator a training configuration describes.

    Parameters
    ----------
    config : ModelConfig
        The ``model`` section.
    monotone : sequence of int, optional
        Direction of each feature, such as ``encoder.directions``.
    hyperparameters : Hyperparameters, optional
        In place of the configuration's, such as those a search found.

    Returns
    -------
    PDClassifier
    """
    return PDClassifier(
        **(hyperparameters or config.hyperparameters).model_dump(),
        inner_folds=config.inner_folds,
        max_rounds=config.max_rounds,
        patience=config.patience,
        random_state=config.seed,
        monotone=None if monotone is None else list(monotone),
    )


def _per_row(X: Floats, values: npt.ArrayLike) -> Array:
    array = np.asarray(values)
    check_consistent_length(X, array)
    return array


def _without_ranking(calibration: Affine, event: Floats) -> str:
    return (
        f"fitted on {event.size:,} rows with {int(event.sum()):,} events, this model does not rank the event"
        f" ({no_ranking(calibration)}); predict_proba would rank the wrong way round or not at all, and no bundle can"
        " be made of it: train on more rows or better features"
    )
