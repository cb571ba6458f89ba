from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError
from icsml.model.scale import MasterScale, load_scale


@pytest.fixture(scope="module")
def scale() -> MasterScale:
    return load_scale(configs_dir() / "policy" / "master-scale.yaml")


def test_shipped_scale_states_event_horizon_and_about_fifteen_grades(scale: MasterScale):
    assert (scale.event, scale.horizon_months, scale.offset, scale.pdo) == ("default", 12, 487, 40)
    assert len(scale.grades) == 15
    assert scale.grades[0].id == "A1"


def test_the_published_example(scale: MasterScale):
    pd = np.array([0.0213, 0.0240])
    assert scale.grade(pd).tolist() == ["B2", "B3"]
    assert scale.score(logit(pd))[0] == 708


@given(log_odds=st.lists(st.floats(-40, 40), min_size=1, max_size=20))
def test_bounds_contain_the_pd_and_score_follows_the_law(scale: MasterScale, log_odds: list[float]):
    lo = np.array(log_odds)
    lower = dict(zip([g.id for g in scale.grades], [0.0, *(g.upper for g in scale.grades[:-1])], strict=True))
    upper = {g.id: g.upper for g in scale.grades}
    for pd, grade, points, z in zip(expit(lo), scale.grade(expit(lo)), scale.score(lo), log_odds, strict=True):
        assert lower[grade] < pd <= upper[grade]
        assert points == round(487 - 40 / np.log(2) * z)


def test_a_bound_belongs_to_the_better_grade_and_the_next_float_does_not(scale: MasterScale):
    for better, worse in zip(scale.grades, scale.grades[1:], strict=False):
        at = np.array([better.upper, np.nextafter(better.upper, 1.0)])
        assert scale.grade(at).tolist() == [better.id, worse.id]
    assert scale.grade(np.array([0.0, 1.0])).tolist() == ["A1", "E3"]


def test_forty_points_double_the_odds(scale: MasterScale):
    assert scale.score(np.array([0.0, -np.log(2), -2 * np.log(2)])).tolist() == [487, 527, 567]


def test_applies_to_its_own_event_and_horizon_only(scale: MasterScale):
    assert scale.applies_to("default", 12)
    assert not scale.applies_to("bankruptcy", 12)
    assert not scale.applies_to("default", 36)
    assert not scale.applies_to(None, None)


HEAD = "event: default\nhorizon_months: 12\noffset: 487\npdo: 40\ngrades:\n"


@pytest.mark.parametrize(
    ("grades", "says"),
    [
        ("  - {id: A, upper: .2}\n  - {id: B, upper: .1}\n  - {id: C, upper: 1}\n", "sort them"),
        ("  - {id: A, upper: .2}\n", "last upper bound must be 1"),
        ("  - {id: A, upper: .2}\n  - {id: A, upper: 1}\n", "given twice"),
        ("  - {id: A, upper: .2}\n  - {id: B, upper: 1, colour: red}\n", r"scale.yaml:7: grades.1.colour"),
    ],
)
def test_a_wrong_scale_names_line_and_remedy(tmp_path: Path, grades: str, says: str):
    path = tmp_path / "scale.yaml"
    path.write_text(HEAD + grades, "utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        load_scale(path)
    assert caught.value.code == "ICS-MOD-020"
