from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from icsml.errors import ModelError
from icsml.model.calibrate import Affine, anchor, calibrated_loss, fit_affine, refuse_no_ranking


def sample(seed: int = 0, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    margin = rng.normal(-3.0, 2.0, n)
    return margin, (rng.random(n) < expit(0.7 * margin - 0.4)).astype(float)


def test_golden_by_hand():
    # Two margins only, so the maximum-likelihood map passes through both observed log-odds: ln(1/3) at 0, ln(3) at 2.
    margin = np.array([0.0] * 4 + [2.0] * 4)
    y = np.array([1, 0, 0, 0, 1, 1, 1, 0])
    fitted = fit_affine(margin, y, prior_targets=False)
    assert fitted.intercept == pytest.approx(-np.log(3), abs=1e-10)
    assert fitted.slope == pytest.approx(np.log(3), abs=1e-10)


def test_maximum_likelihood_agrees_with_an_unpenalised_logistic_regression():
    margin, y = sample()
    fitted = fit_affine(margin, y, prior_targets=False)
    referee = LogisticRegression(C=np.inf, tol=1e-10).fit(margin[:, None], y)
    assert fitted.slope == pytest.approx(referee.coef_[0, 0], abs=1e-6)
    assert fitted.intercept == pytest.approx(referee.intercept_[0], abs=1e-6)


def test_prior_targets_hardly_move_a_large_sample_and_keep_its_mean():
    margin, y = sample()
    likelihood, prior = fit_affine(margin, y, prior_targets=False), fit_affine(margin, y)
    assert prior.slope == pytest.approx(likelihood.slope, abs=0.02)
    assert expit(prior.slope * margin + prior.intercept).sum() == pytest.approx(y.sum(), abs=1.0)


def test_two_margins_that_separate_are_fitted_to_the_targets_by_hand():
    fitted = fit_affine(np.array([-1.0] * 5 + [1.0] * 3), np.array([0] * 5 + [1] * 3))
    assert expit(fitted.intercept + fitted.slope) == pytest.approx((3 + 1) / (3 + 2), abs=1e-9)
    assert expit(fitted.intercept - fitted.slope) == pytest.approx(1 / (5 + 2), abs=1e-9)


def test_prior_targets_keep_a_perfect_separation_finite_and_likelihood_refuses_it():
    margin = np.arange(20.0)
    y = (margin >= 12).astype(float)
    fitted = fit_affine(margin, y)
    assert 0 < fitted.slope < 10
    with pytest.raises(ModelError, match="ICS-MOD-003"):
        fit_affine(margin, y, prior_targets=False)
    with pytest.raises(ModelError, match="ICS-MOD-003"):
        fit_affine(-margin, y, prior_targets=False)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("shift", [0.0, 50.0])
def test_any_affine_change_of_the_margin_is_undone(scale: float, shift: float):
    margin, y = sample(1, 500)
    plain, moved = fit_affine(margin, y), fit_affine(scale * margin + shift, y)
    assert moved.slope * scale == pytest.approx(plain.slope, rel=1e-6)
    loss = calibrated_loss(margin, y, plain)
    assert calibrated_loss(scale * margin + shift, y, moved) == pytest.approx(loss, rel=1e-9)


def test_a_margin_that_ranks_backwards_gets_a_negative_slope_and_a_constant_one_none():
    margin, y = sample()
    assert fit_affine(-margin, y).slope < 0
    constant = fit_affine(np.full(y.size, 0.3), y)
    assert constant.slope == 0.0
    assert expit(constant.intercept) == pytest.approx(y.mean(), abs=1e-3)


@pytest.mark.parametrize(
    ("margin", "y"),
    [([0.0, 1.0], [1, 1]), ([0.0, np.nan], [0, 1]), ([0.0, np.inf], [0, 1]), ([0.0], [0, 1]), ([], [])],
)
def test_refuses_what_cannot_be_calibrated(margin: list[float], y: list[int]):
    with pytest.raises(ModelError, match="ICS-MOD-003"):
        fit_affine(margin, y)


@given(rate=st.floats(1e-4, 0.9), slope=st.floats(0.1, 3.0), seed=st.integers(0, 50))
def test_anchor_reaches_the_long_run_rate_and_keeps_the_slope(rate: float, slope: float, seed: int):
    margin = np.random.default_rng(seed).normal(-2.0, 3.0, 200)
    anchored = anchor(margin, Affine(slope, 1.234), rate)
    assert anchored.slope == slope
    assert expit(slope * margin + anchored.intercept).mean() == pytest.approx(rate, rel=1e-9)


def test_anchor_of_equal_margins_is_exact():
    assert anchor([2.0, 2.0], Affine(1.5, 0.0), 0.03).intercept == pytest.approx(logit(0.03) - 3.0)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_anchor_refuses_an_impossible_rate(rate: float):
    with pytest.raises(ModelError, match="ICS-MOD-004 long_run_rate"):
        anchor([0.0, 1.0], Affine(1.0, 0.0), rate)


def test_anchor_refuses_an_empty_population():
    with pytest.raises(ModelError, match="ICS-MOD-004 margins"):
        anchor([], Affine(1.0, 0.0), 0.03)


@pytest.mark.parametrize(
    ("slope", "intercept", "ranks"),
    [
        (1e-9, -2.0, True),
        (0.0, -2.0, False),
        (-0.3, -2.0, False),
        (np.nan, -2.0, False),
        (np.inf, -2.0, False),
        (1.0, np.nan, False),
    ],
)
def test_only_a_positive_finite_slope_ranks(slope: float, intercept: float, ranks: bool):
    affine = Affine(slope, intercept)
    assert affine.ranks is ranks
    if ranks:
        refuse_no_ranking(affine, "model")
    else:
        with pytest.raises(
            ModelError, match=r"ICS-MOD-017 model: does not rank risk \(calibration slope .* — train on"
        ):
            refuse_no_ranking(affine, "model")


def test_a_refusal_says_what_the_model_was_trained_on_and_what_to_do():
    with pytest.raises(
        ModelError, match="companion: does not rank risk, trained on 2,000 rows with 30 events"
    ) as caught:
        refuse_no_ranking(Affine(-0.25, 0.0), "companion", rows=2000, events=30, remedy="ask for more")
    assert "slope -0.25: on rows it had not seen, the higher its margin, the rarer the event" in caught.value.message
    assert caught.value.remedy == "ask for more"
