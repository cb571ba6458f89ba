"""Agreement of reasons: what each figure means by hand, and laws that hold for any two models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icsml.explain.explanation_stability import (
    PERSISTENCE,
    compare,
    jaccard,
    movement,
    rank_biased_overlap,
    sign_flips,
    top_adverse,
    top_overlap,
)
from icsml.explain.merging import merge
from icsml.explain.stability_results import Resampling

OLD = np.array([[0.9, 0.5, 0.3, -0.8, 0.1], [0.4, -0.1, 0.0, -0.2, -0.3], [-1.0, -1.0, -1.0, -1.0, 0.0]])
NEW = np.array([[0.9, -0.5, 0.3, -0.8, 0.2], [0.4, 0.6, 0.0, -0.2, -0.3], [-1.0, -1.0, -1.0, -1.0, 0.0]])

sizes = st.tuples(st.integers(1, 5), st.integers(1, 7))
terms = st.integers(-3, 3).map(lambda value: value / 4)  # many ties and zeros


@st.composite
def two_models(draw):
    shape = draw(sizes)
    return draw(arrays(np.float64, shape, elements=terms)), draw(arrays(np.float64, shape, elements=terms))


def test_the_top_adverse_reasons_are_the_largest_above_zero():
    assert [np.flatnonzero(row).tolist() for row in top_adverse(OLD, 3)] == [[0, 1, 2], [0], []]
    assert [np.flatnonzero(row).tolist() for row in top_adverse(NEW, 3)] == [[0, 2, 4], [0, 1], []]
    tied = np.array([[0.2, 0.2, 0.2]])
    assert np.flatnonzero(top_adverse(tied, 2)).tolist() == [0, 1]


def test_overlap_and_jaccard_by_hand():
    np.testing.assert_array_equal(top_overlap(OLD, NEW, 3), [2 / 3, 1 / 2, np.nan])
    np.testing.assert_array_equal(jaccard(OLD, NEW, 3), [2 / 4, 1 / 2, np.nan])


def test_a_comparison_by_hand():
    found = compare(OLD, NEW, top=3)
    assert (found.rows, found.compared) == (3, 2)
    assert found.overlap == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.jaccard == pytest.approx(1 / 2)
    assert found.sign_flips == pytest.approx(1 / 9)  # 0.5 became -0.5; of nine told reasons
    assert found.size_log_odds == pytest.approx((2.6 + 1.0 + 4.0) / 3)
    assert found.moved_log_odds == pytest.approx((1.1 + 0.7 + 0.0) / 3)
    np.testing.assert_allclose(movement(OLD, NEW), [0, 1.7 / 3, 0, 0, 0.1 / 3])


def test_a_reason_that_became_zero_has_not_flipped():
    assert sign_flips(np.array([[1.0, -1.0]]), np.array([[0.0, 1.0]]), 2) == 0.5
    assert sign_flips(np.zeros((2, 3)), np.ones((2, 3)), 2) is None


def test_no_rows_give_no_figures():
    found = compare(np.empty((0, 4)), np.empty((0, 4)))
    assert (found.rows, found.overlap, found.sign_flips, found.moved_log_odds) == (0, None, None, None)


def plain_overlap(old, new, persistence):
    """The definition, one row and one depth at a time."""
    total = 0.0
    first, second = ([int(i) for i in np.argsort(-row, kind="stable")] for row in (old, new))
    for depth in range(1, len(old) + 1):
        total += persistence**depth * len(set(first[:depth]) & set(second[:depth])) / depth
    return (1 - persistence) / persistence * total + persistence ** len(old)


@settings(max_examples=200, deadline=None)
@given(models=two_models(), top=st.integers(1, 4))
def test_laws_of_agreement(models, top):
    old, new = models
    for figure in (lambda a, b: top_overlap(a, b, top), lambda a, b: jaccard(a, b, top), rank_biased_overlap):
        found = figure(old, new)
        np.testing.assert_allclose(found, figure(new, old), atol=1e-12)
        known = found[~np.isnan(found)]
        assert ((known >= 0) & (known <= 1 + 1e-12)).all()
        same = figure(old, old)
        np.testing.assert_allclose(same[~np.isnan(same)], 1.0, atol=1e-12)
    shared, union = top_overlap(old, new, top), jaccard(old, new, top)
    assert (np.isnan(shared) == np.isnan(union)).all()
    assert not (union > shared).any()
    expected = [plain_overlap(a, b, PERSISTENCE) for a, b in zip(old, new, strict=True)]
    np.testing.assert_allclose(rank_biased_overlap(old, new), expected, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(models=two_models(), scale=st.floats(0.1, 10), top=st.integers(1, 4))
def test_a_model_that_only_says_more_of_everything_gives_the_same_reasons(models, scale, top):
    old, _ = models
    found = compare(old, scale * old, top=top)
    assert found.overlap in (None, 1.0)
    assert found.sign_flips in (None, 0.0)
    assert found.rank_biased_overlap == pytest.approx(1.0)
    assert found.moved_log_odds == pytest.approx(abs(scale - 1) * found.size_log_odds, abs=1e-12)
    turned = compare(old, -old, top=top)
    assert turned.overlap in (None, 0.0)
    assert turned.sign_flips in (None, 1.0)


def test_the_first_ranks_weigh_most():
    base = np.array([[5.0, 4.0, 3.0, 2.0, 1.0, 0.0]])
    early, late = base[:, [1, 0, 2, 3, 4, 5]], base[:, [0, 1, 2, 3, 5, 4]]
    assert rank_biased_overlap(base, early)[0] < rank_biased_overlap(base, late)[0] < 1


@settings(max_examples=100, deadline=None)
@given(models=two_models(), top=st.integers(1, 4))
def test_a_model_with_merged_reasons_agrees_with_itself(models, top):
    """Also where like features have opposite signs, so that their group gives a reason of either."""
    old, _ = models
    clusters = (tuple(range(old.shape[1])),) if old.shape[1] > 1 else ()
    found = compare(old, old, top=top, clusters=clusters)
    assert found.overlap in (None, 1.0)
    assert found.sign_flips in (None, 0.0)
    assert found.size_log_odds == pytest.approx(np.abs(old).sum(axis=1).mean())


def test_merging_what_two_features_share_out_differently_brings_agreement():
    old, new = np.array([[0.9, 0.0, 0.5, 0.4]]), np.array([[0.0, 0.9, 0.5, 0.4]])
    assert compare(old, new).overlap == pytest.approx(2 / 3)
    assert compare(old, new, clusters=((0, 1),)).overlap == 1.0


def test_merging_leaves_which_text_is_told_to_chance():
    """Two features that share out what they say: merged they have one text, of whichever has more by a hair."""
    nothing, pair = np.zeros((1, 3), dtype=np.int64), ((0, 1),)
    old, new = np.array([[0.5, 0.4, 0.3]]), np.array([[0.4, 0.5, 0.3]])
    assert compare(old, new, top=2).overlap == 1.0
    assert compare(merge(old, nothing, pair)[0], merge(new, nothing, pair)[0], top=2).overlap == 1 / 2
    assert compare(old, new, top=2, clusters=pair).overlap == 1.0


def test_a_merged_reason_flips_where_only_the_other_sign_is_left():
    old = np.array([[0.5, -0.1, 0.2]])
    for new, flips in (
        ([[0.0, 0.6, 0.2]], 0),
        ([[-0.1, 0.3, 0.2]], 0),
        ([[-0.5, 0.0, 0.2]], 1),
        ([[0.0, 0.0, 0.2]], 0),
    ):
        assert compare(old, np.array(new), top=2, clusters=((0, 1),)).sign_flips == flips / 2


@pytest.mark.parametrize("share", [None, 0.9, 0.05, 1.0])
def test_a_resampling_is_read_as_it_is_written(share):
    assert Resampling.parse(str(Resampling(share))) == Resampling(share)
    assert str(Resampling(0.9)) == "0.9 of them"


@pytest.mark.parametrize("text", ["", "0.9", "0.9 of us", "of them", "bootstrap of them"])
def test_any_other_text_is_no_resampling(text):
    with pytest.raises(ValueError, match="neither a bootstrap nor a share"):
        Resampling.parse(text)
