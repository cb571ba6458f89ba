"""Rows drawn by a seed: the same ones for good, since reports and bundles hold figures of them."""

import pytest

from icsml.core.sampling import sampled_rows


@pytest.mark.parametrize(("seed", "rows"), [(0, [2, 4, 5, 7]), (3, [0, 1, 2, 5])])
def test_the_rows_of_a_seed_are_these(seed, rows):
    assert sampled_rows(10, 4, seed=seed).tolist() == rows


def test_few_rows_are_all_taken():
    assert sampled_rows(4, 4, seed=7).tolist() == [0, 1, 2, 3]
