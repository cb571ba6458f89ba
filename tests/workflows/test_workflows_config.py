"""The training configuration: what differs from the shipped one, where each fault was written, and reading it back."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from icsml.core.paths import configs_dir
from icsml.core.yaml import dump_yaml
from icsml.errors import ConfigError, MissingError
from icsml.model.model_config import Hyperparameters
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
    ("model:\n  search:\n    max_depth:\n      low: 5\n", 3, "model.search.max_depth"),
    ("model:\n  search:\n    max_depth: {low: 1.5}\n", 3, "model.search.max_depth"),
    ("model:\n  search:\n    reg_lambda:\n      low: 0\n", 3, "model.search.reg_lambda"),
    ("model:\n  search:\n    num_leaves:\n      low: 4\n", 3, "model.search.num_leaves.high"),
    ("name: x\nmodel: null\n", 2, "model"),
    ("name: x\nexclude:\n", 2, "exclude"),
    ("model:\n  max_depth: 3\n", 2, "model.max_depth"),
    ("model:\n  hyperparameters:\n    <<: {max_depth: 3}\n", 3, None),
    ("name: x\n---\nname: y\n", 2, None),
    ("name: x\nname: [y\n", 3, None),
    ("text\n", 1, None),
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


@pytest.mark.parametrize("text", ["- name: x\n", "\ntext\n", "3\n"])
def test_a_file_that_is_no_mapping_is_refused_with_how_to_write_one(write, text):
    path = write(text)
    with pytest.raises(ConfigError, match="holds no keys") as caught:
        load_training_config(path)
    assert caught.value.field == f"{path}:{1 + text.startswith(chr(10))}"
    assert "key: value" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("include: [current_ratio]\nexclude:\n  - current_ratio\n", 3, "on include as well"),
        (
            "exclude: [current_ratio]\ndirections:\n  current_ratio: {direction: free, reason: why}\n",
            3,
            "left out of the model",
        ),
        (
            "include: [quick_ratio]\ndirections:\n  current_ratio: {direction: free, reason: why}\n",
            3,
            "left out of the model",
        ),
    ],
)
def test_what_cannot_be_in_force_together_is_refused(write, text, line, says):
    path = write(text)
    with pytest.raises(ConfigError, match=says) as caught:
        load_training_config(path)
    assert str(caught.value.field).startswith(f"{path}:{line}: ")


def test_a_rulebook_file_lies_beside_the_configuration_and_is_recorded_by_one_name(write, tmp_path, monkeypatch):
    own = (configs_dir() / "rulebooks" / "national-2025.yaml").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(own, "utf-8")
    path = write("rulebook: own.yaml\n")
    monkeypatch.chdir("/")
    found = load_training_config(path)
    assert found.rulebook == str(tmp_path / "own.yaml")
    assert found.recorded()["rulebook"] == flat(found)["rulebook"] == "rulebook.yaml"
    monkeypatch.chdir(tmp_path)
    assert load_training_config(changes=["rulebook=own.yaml"]).rulebook == "own.yaml"
    assert load_training_config().recorded() == load_training_config().model_dump(mode="json")


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


def test_a_list_is_replaced_and_not_added_to(write):
    path = write("exclude: [rd_intensity, current_ratio]\ninclude: [quick_ratio, cash_ratio]\n")
    found = load_training_config(path, changes=["exclude=[quick_ratio]", "include=null"])
    assert (load_training_config(path).include, load_training_config(path).exclude) == (
        ["quick_ratio", "cash_ratio"], ["rd_intensity", "current_ratio"],
    )  # fmt: skip
    assert (found.include, found.exclude) == (None, ["quick_ratio"])


def test_a_null_takes_away_what_an_earlier_document_put_under_the_name(write):
    path = write(
        "directions:\n  current_ratio: {direction: free, reason: a}\n  cash_ratio: {direction: free, reason: b}\n"
    )
    found = load_training_config(path, changes=["directions.current_ratio=null", "model.search.subsample=null"])
    assert list(found.directions) == ["cash_ratio"]
    assert found.model.search.keys() == load_training_config().model.search.keys() - {"subsample"}
    assert load_training_config(changes=["model.search=null"]).model.search == {}
    assert load_training_config(write("directions: null\n")).directions == {}


def test_a_change_may_hold_an_equals_sign_spaces_and_chinese():
    found = load_training_config(changes=[" card.owner = a=b：中文", "card.limits=[一, 二]"])
    assert (found.card.owner, found.card.limits) == ("a=b：中文", ["一", "二"])


@pytest.mark.parametrize("name", list(Hyperparameters.model_fields))
def test_a_hyperparameter_may_be_named_without_its_section(name):
    found = load_training_config(changes=[f"model.{name}=1" if name != "num_leaves" else "model.num_leaves=7"])
    assert getattr(found.model.hyperparameters, name) == (7 if name == "num_leaves" else 1)


def test_a_change_to_the_range_of_a_search_is_no_hyperparameter():
    found = load_training_config(changes=["model.search.max_depth.low=1", "model.search.num_leaves={low: 4, high: 9}"])
    assert (found.model.search["max_depth"].low, found.model.search["max_depth"].high) == (1, 4)
    assert found.model.search["num_leaves"].high == 9
    assert found.model.hyperparameters == load_training_config().model.hyperparameters


def test_a_name_that_somebody_may_have_meant_is_offered():
    with pytest.raises(ConfigError) as caught:
        load_training_config(changes=["model.max_dpeth=3"])
    assert str(caught.value.remedy).startswith("did you mean max_depth? known keys of model: hyperparameters, search")
    with pytest.raises(ConfigError) as caught:
        load_training_config(changes=["modle.seed=3"])
    assert "known keys: name, rulebook, variant, include" in str(caught.value.remedy)


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
        ("model=3", "valid dictionary"),
        ("model.hyperparameters.depth=3", "unknown key"),
        ("card.limits.0=x", "valid list"),
        ("model.search.max_depth.low=5", "low is above high"),
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


def test_a_fault_lies_with_whoever_wrote_it_last(write):
    path = write("name: fine\nvariant: both\n")
    with pytest.raises(ConfigError) as caught:
        load_training_config(path, changes=["name=other"])
    assert caught.value.field == f"{path}:2: variant"
    with pytest.raises(ConfigError) as caught:
        load_training_config(path, changes=["variant=raw", "variant=neither"])
    assert caught.value.field == "--set variant=neither: variant"
    assert load_training_config(path, changes=["variant=neither", "variant=raw"]).variant == "raw"


def test_a_change_may_turn_a_line_of_the_file_into_a_fault(write):
    path = write("name: fine\ninclude:\n  - current_ratio\n  - innovation_score\n")
    with pytest.raises(ConfigError, match="variant: raw leaves the points out") as caught:
        load_training_config(path, changes=["variant=raw"])
    assert caught.value.field == f"{path}:4: include.1"


def test_a_rulebook_that_only_documents_is_refused_with_its_reason(write):
    path = write("rulebook: national-2022\n")
    with pytest.raises(ConfigError, match="national-2022 cannot be used: ") as caught:
        load_training_config(path)
    assert caught.value.field == f"{path}:1: rulebook"
    with pytest.raises(ConfigError) as caught:
        load_training_config(path, changes=["rulebook=nope"])
    assert caught.value.field == "--set rulebook=nope: rulebook"


def test_a_range_without_the_start_matters_only_where_something_is_searched():
    assert load_training_config(changes=["model.max_depth=5"]).model.hyperparameters.max_depth == 5
    for trials in ("model.trials=2", "model.trials=50"):
        with pytest.raises(ConfigError, match="does not hold the starting value 5"):
            load_training_config(changes=["model.max_depth=5", trials])
    with pytest.raises(ValidationError):
        load_training_config(changes=["model.max_depth=5"]).with_model(trials=3)


def test_one_seed_is_that_of_the_model_and_of_the_folds():
    config = load_training_config(changes=["model.max_depth=3", "long_run_rate=0.1"])
    found = config.with_seed(9)
    assert (found.model.seed, found.split_seed) == (9, 9)
    assert flat(found) == flat(config) | {"model.seed": 9, "split_seed": 9}
    assert (config.model.seed, config.split_seed) == (0, None)
    with pytest.raises(ValidationError):
        config.with_seed(-1)


def test_a_value_set_in_code_is_checked_like_one_of_a_file():
    config = load_training_config()
    assert flat(config.with_model(trials=7, patience=9)) == flat(config) | {"model.trials": 7, "model.patience": 9}
    for change in ({"trials": -1}, {"inner_folds": 1}, {"unknown": 1}):
        with pytest.raises(ValidationError):
            config.with_model(**change)


def test_what_was_given_is_kept_to_the_letter_through_copies(write):
    text = "# why\nexclude: [rd_intensity]   # noise\n"
    path = write(text)
    found = load_training_config(path, changes=["model.seed=1"])
    for each in (found, found.with_seed(3), found.with_model(trials=1), found.model_copy(update={"name": "other"})):
        assert (each.given, each.given_path, each.changes) == (text, path, ("model.seed=1",))
    assert load_training_config(write("")).given == ""


def test_without_a_file_nothing_was_given():
    shipped = load_training_config(changes=["model.seed=1"])
    assert (shipped.given, shipped.given_path, shipped.changes) == (None, None, ("model.seed=1",))
    made = TrainingConfig.model_validate(shipped.model_dump(mode="json"))
    assert (made.given, made.given_path, made.changes) == (None, None, ())


def test_where_a_configuration_came_from_is_no_part_of_what_it_says(write):
    one, other = write("model: {seed: 1}\n"), write("# also\n\nmodel:\n  seed: 1\n", "other.yaml")
    found = [load_training_config(one), load_training_config(other), load_training_config(changes=["model.seed=1"])]
    assert found[0] == found[1] == found[2] == TrainingConfig.model_validate(found[0].model_dump(mode="json"))
    assert found[0] != load_training_config(one, changes=["model.seed=2"])
    for each in found:
        assert not [key for key in flat(each) if "origin" in key or "given" in key or "changes" in key]
        assert "origin" not in each.model_dump_json()


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


def leaves(value, *key):
    """Walk a recorded configuration, by other means than the code under test."""
    inner = value.items() if isinstance(value, dict) and value else None
    if inner is None:
        yield ".".join(key), value
    for name, each in inner or ():
        yield from leaves(each, *key, name)


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
                    "reason": st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(str.strip),
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
        "reasons": st.fixed_dictionaries({}, optional={"reference_rows": st.integers(1, 9), "cut_off": st.just(0.1)}),
        "card": st.fixed_dictionaries({"limits": st.lists(st.text("ab 中文:#'\"-", max_size=20))}),
    },
)


def _without_contradictions(changes):
    """Return the changes without directions of features that are left out, and features on both lists."""
    include = changes.get("include")
    exclude = [name for name in changes.get("exclude", []) if name not in (include or [])]
    directions = {
        name: each
        for name, each in changes.get("directions", {}).items()
        if name not in exclude and (include is None or name in include)
    }
    kept = {"exclude": exclude, "directions": directions}
    return changes | {name: value for name, value in kept.items() if name in changes}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CHANGES)
@example({"directions": {"extra.calls": {"direction": "free", "reason": "a\x85b"}}})
@example({"directions": {"extra.calls": {"direction": "free", "reason": "\u2028\ufeff\r\n: '#\"\x07"}}})
def test_what_is_recorded_reads_back_as_the_same(tmp_path, changes):
    changes = _without_contradictions(changes)
    (tmp_path / "mine.yaml").write_text(dump_yaml(copy.deepcopy(changes)), "utf-8")
    config = load_training_config(tmp_path / "mine.yaml")
    meant = {name: each["reason"] for name, each in changes.get("directions", {}).items()}
    assert {name: each.reason for name, each in config.directions.items()} == meant
    recorded = config.model_dump(mode="json")
    (tmp_path / "recorded.yaml").write_text(dump_yaml(recorded), "utf-8")
    assert load_training_config(tmp_path / "recorded.yaml") == config
    assert TrainingConfig.model_validate(recorded) == config
    assert flat(config) == dict(leaves(recorded))
    assert not [key for key, value in flat(config).items() if isinstance(value, dict) and value]


def test_the_flat_form_has_a_dotted_key_for_every_leaf_and_keeps_an_empty_mapping():
    found = flat(load_training_config(changes=["directions.extra.calls={direction: free, reason: noise}"]))
    assert found["directions.extra.calls.reason"] == "noise"
    assert (found["model.hyperparameters.max_depth"], found["model.search.max_depth.low"]) == (4, 2)
    assert (found["model.search.num_leaves"], found["include"], found["exclude"]) == (None, None, [])
    assert flat(load_training_config())["directions"] == {}
