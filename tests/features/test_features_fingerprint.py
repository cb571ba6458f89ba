"""A feature's digest changes with its meaning and with nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from icsml.features.catalogue import CATALOGUE
from icsml.features.fingerprint import feature_sha256
from icsml.records.direction import Direction
from icsml.texts.label import Label

BY_NAME = {feature.name: feature for feature in CATALOGUE}
FEATURE = BY_NAME["debt_to_assets"]


@pytest.mark.parametrize(
    "change",
    [
        {"direction": Direction.FREE},
        {"inputs": ("total_assets_cny", "total_liabilities_cny")},
        {"function": lambda columns: FEATURE.function(columns) * 2},
        {"function": lambda columns: columns["total_liabilities_cny"]},
        {"name": "other"},
    ],
)
def test_another_meaning_is_another_digest(change):
    assert feature_sha256(replace(FEATURE, **change)) != feature_sha256(FEATURE)


def test_another_wording_is_the_same_digest():
    reworded = replace(FEATURE, definition="Said otherwise", label=Label(en="a", zh="甲"), basis=Label(en="b", zh="乙"))
    assert feature_sha256(reworded) == feature_sha256(FEATURE)


def test_no_two_features_share_a_digest():
    assert len({feature_sha256(feature) for feature in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_formula_is_probed_where_it_has_values(feature):
    nothing = replace(feature, function=lambda columns: np.full(5, np.nan))
    assert feature_sha256(feature) != feature_sha256(nothing)
