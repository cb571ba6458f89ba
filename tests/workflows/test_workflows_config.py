"""The training configuration: what differs from the shipped one, where each fault was written, and reading it back."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from icsml.core.paths import configs_dir
from icsml.core.yaml import dump_yaml
from icsml.errors import ConfigError, MissingError
from icsml.workflows.config import TrainingConfig, flat, load_training_config


@pytest.fixture
def write(tmp_path):
    def _write(text, name="mine.yaml"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return _write


def test_a_file_holds_only_what_differs(write):
    shipped = load_training_config()
    found = load_training_config(
        write(
            "name: other\nmodel:\n  hyperparameters: {max_depth: 3}\n  search:\n    subsample: null\n"
            "    max_depth: {low: 1}\ncard:\n  limits: [one]\n"
        )
    )
    assert (found.name, found.rulebook, found.card.owner) == ("other", shipped.rulebook, shipped.card.owner)
    assert found.card.limits == ["one"]
    assert found.model.hyperparameters.max_depth == 3
    assert found.model.hyperparameters.num_leaves == shipped.model.hyperparameters.num_leaves
    assert found.model.search.keys() == shipped.model.search.keys() - {"subsample"}
    assert (found.model.search["max_depth"].low, found.model.search["max_depth"].high) == (1, 4)


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "null\n"])
def test_an_empty_file_is_the_shipped_configuration(write, text):
    assert load_training_config(write(text)) == load_training_config()


def test_a_complete_file_reads_as_it_did(write):
    whole = (configs_dir() / "training" / "default.yaml").read_text("utf-8")
    assert load_training_config(write(whole)) == load_training_config()


FAULTS = [
    ("name: x\nvariant: both\n", 2, "variant"),
    ("name: x\n\nunknown: 1\n", 3, "unknown"),
    ("model:\n  hyperparameters:\n    depth: 3\n", 3, "model.hyperparameters.depth"),
    ("exclude:\n  - rd_intensity\n  - nonsense\n", 3, "exclude.1"),
    ("include: [current_ratio, nonsense]\n", 1, "include.1"),
    ("variant: raw\ninclude:\n  - current_ratio\n  - innovation_score\n", 4, "include.1"),
    ("directions:\n  nonsense: {direction: free, reason: why}\n", 2, "directions.nonsense"),
    ("directions:\n  current_ratio:\n    direction: up\n    reason: why\n", 3, "directions.current_ratio.direction"),
    ("directions:\n  current_ratio:\n    direction: free\n    reason: ' '\n", 4, "directions.current_ratio.reason"),
    ("directions:\n  current_ratio: {direction: free}\n", 2, "directions.current_ratio.reason"),
    ("name: x\nrulebook: nope\n", 2, "rulebook"),
    ("name: x\nrulebook: national-2022\n", 2, "rulebook"),
    ("model:\n  search:\n    depth: {low: 1, high: 2}\n", 3, "model.search.depth"),
    ("model:\n  search:\n    max_depth: {low: 4, high: 2}\n", 3, "model.search.max_depth"),
    ("model:\n  search:\n    max_depth: {low: 2, high: 9}\n", 3, "model.search.max_depth"),
    ("model:\n  search:\n    reg_lambda: {low: 0, high: .inf}\n", 3, "model.search.reg_lambda.high"),
    ("model:\n  trials: 5\n  search:\n    max_depth: {low: 1, high: 3}\n", 4, "model.search.max_depth"),
    ("model:\n  seed: 1\n  seed: 2\n", 3, None),
    ("- a\n- b\n", 1, None),
    ("reasons:\n  reference_rows: 9\n  reference: approval_margin\n", 3, "reasons.reference"),
    (
        "reasons:\n  cut_off: 0.1\n  explainer: pred_contrib\n  reference: approval_margin\n",
        3,
        "reasons.explainer",
    ),
]


@pytest.mark.parametrize(("text", "line", "key"), FAULTS)
def test_a_fault_names_the_file_and_line_that_wrote_it(write, text, line, key):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load_training_config(path)
    place, _, named = str(caught.value.field).partition(": ")
    assert (caught.value.code, place) == ("ICS-CFG-002", f"{path}:{line}")
    assert key is None or named == key


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(MissingError, match="no such file"):
        load_training_config(tmp_path / "none.yaml")


def test_changes_come_after_the_file_and_the_last_one_counts(write):
    path = write("model:\n  hyperparameters: {max_depth: 3}\n  seed: 4\n")
    changes = ("model.max_depth=2", "model.hyperparameters.max_depth=1", "exclude=[rd_intensity]", "long_run_rate=0.02")
    found = load_training_config(path, changes=changes)
    assert found.model.hyperparameters.max_depth == 1
    assert (found.model.seed, found.exclude, found.long_run_rate) == (4, ["rd_intensity"], 0.02)
    assert (found.given, found.given_path, found.changes) == (path.read_text(), path, changes)


def test_a_direction_of_an_extra_feature_may_be_set():
    changes = ("directions.extra.calls={direction: free, reason: noise}", "directions.extra.calls.reason=other")
    found = load_training_config(changes=changes)
    assert found.directions["extra.calls"].reason == "other"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("model.max_depth=99", "less than or equal to 6"),
        ("model.max_depth=", "no value"),
        ("model.max_depth", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("model..seed=3", "KEY=VALUE"),
        ("model.max_depth=[", "not valid YAML"),
        ("model={seed: 1, seed: 2}", "written twice"),
        ("modle.seed=3", "unknown key"),
        ("model.seeed=3", "unknown key"),
        ("exclude=[nonsense]", "is no feature"),
        ("rulebook=nope", "no rulebook nope"),
        ("model.search.max_depth={low: 1, high: 9}", "9 is no value of max_depth"),
    ],
)
def test_a_fault_of_a_change_names_the_change(change, says):
    with pytest.raises(ConfigError, match="ICS-CFG-002") as caught:
        load_training_config(changes=["name=fine", change])
    assert str(caught.value.field).startswith(f"--set {change}")
    assert says in caught.value.message


def test_a_range_without_the_start_matters_only_where_something_is_searched():
    assert load_training_config(changes=["model.max_depth=5"]).model.hyperparameters.max_depth == 5
    for trials in ("model.trials=2", "model.trials=50"):
        with pytest.raises(ConfigError, match="does not hold the starting value 5"):
            load_training_config(changes=["model.max_depth=5", trials])
    with pytest.raises(ValidationError):
        load_training_config(changes=["model.max_depth=5"]).with_model(trials=3)


def test_one_seed_is_that_of_the_model_and_of_the_folds():
    found = load_training_config().with_seed(9)
    assert (found.model.seed, found.split_seed) == (9, 9)


def test_a_key_knows_where_it_was_written(write):
    path = write("exclude:\n  - rd_intensity\n")
    found = load_training_config(path).with_seed(3).model_copy(update={"name": "other"})
    assert found.where("exclude", 0) == f"{path}:2: exclude.0"
    made = TrainingConfig.model_validate(found.model_dump(mode="json"))
    assert made.where("exclude", 0) == "exclude.0"
    assert made == found


def test_a_key_that_no_file_wrote_has_no_line():
    coded = load_training_config().model_copy(update={"exclude": ["extra.calls"]})
    assert coded.where("exclude", 0) == "exclude.0"


def test_a_fault_is_not_laid_on_a_later_change_of_its_neighbour(write):
    path = write("name: x\nreasons: {reference: approval_margin}\n")
    with pytest.raises(ConfigError, match="needs a cut_off") as caught:
        load_training_config(path, changes=["reasons.reference_rows=5"])
    assert caught.value.field == f"{path}:2: reasons.reference"


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "variant": st.sampled_from(["points", "raw"]),
        "exclude": st.lists(st.sampled_from(["rd_intensity", "current_ratio", "extra.calls"]), unique=True),
        "include": st.one_of(st.none(), st.just(["current_ratio", "rd_intensity"])),
        "split_seed": st.one_of(st.none(), st.integers(0, 2**31 - 1)),
        "long_run_rate": st.one_of(st.none(), st.floats(0.001, 0.5)),
        "directions": st.dictionaries(
            st.sampled_from(["current_ratio", "extra.calls"]),
            st.fixed_dictionaries(
                {
                    "direction": st.sampled_from(["free", "raises_risk"]),
                    "reason": st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1),
                }
            ),
        ),
        "model": st.fixed_dictionaries(
            {},
            optional={
                "hyperparameters": st.fixed_dictionaries(
                    {}, optional={"max_depth": st.integers(1, 6), "reg_lambda": st.floats(0, 50)}
                ),
                "search": st.one_of(
                    st.none(),
                    st.dictionaries(st.sampled_from(["max_depth", "subsample", "reg_lambda"]), st.none(), max_size=3),
                ),
                "seed": st.integers(0, 2**31 - 1),
                "patience": st.integers(1, 500),
            },
        ),
        "card": st.fixed_dictionaries({"limits": st.lists(st.text("ab 中文:#'\"-", max_size=20))}),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CHANGES)
def test_what_is_recorded_reads_back_as_the_same(tmp_path, changes):
    (tmp_path / "mine.yaml").write_text(dump_yaml(copy.deepcopy(changes)), "utf-8")
    config = load_training_config(tmp_path / "mine.yaml")
    recorded = config.model_dump(mode="json")
    (tmp_path / "recorded.yaml").write_text(dump_yaml(recorded), "utf-8")
    assert load_training_config(tmp_path / "recorded.yaml") == config
    assert TrainingConfig.model_validate(recorded) == config
    leaves = flat(config)
    assert not [key for key, value in leaves.items() if isinstance(value, dict) and value]
    assert leaves["model.seed"] == config.model.seed
