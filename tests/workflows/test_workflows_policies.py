"""A training may name its own texts of reasons and its own policy of assessment; both travel with the bundle."""

import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, MissingError
from icsml.features.reason_codes import load_reason_catalogue
from icsml.model.assessment_policy import load_assessment_policy
from icsml.registry import list_versions
from icsml.workflows.config import load_training_config
from icsml.workflows.register import train

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's tables under SQLAlchemy 2.1
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),  # MLflow silences it itself, pytest undoes that
]

POLICIES = configs_dir() / "policy"
QUICK = ("model.max_rounds=30", "model.patience=25", "model.inner_folds=3")


def changed(folder, name, change):
    content = yaml.safe_load((POLICIES / name).read_text("utf-8"))
    change(content)
    path = folder / f"own-{name}"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def own(tmp_path):
    """A configuration beside its own catalogue and policy, which it names by relative paths."""
    folder = tmp_path / "bank"
    folder.mkdir()
    changed(folder, "reasons.yaml", lambda c: c.update(free_features="signed", adverse_reasons=3))
    changed(folder, "assessment.yaml", lambda c: c["flags"].update(dishonest_debtor="warn"))
    path = folder / "training.yaml"
    path.write_text("reasons: {catalogue: own-reasons.yaml}\nassessment: own-assessment.yaml\n", "utf-8")
    return path


def test_a_catalogue_that_asks_for_signed_texts_keeps_the_model_from_being_champion(
    own, book_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    config = load_training_config(own, changes=QUICK)
    assert config.recorded()["reasons"]["catalogue"] == "reasons.yaml"
    assert config.recorded()["assessment"] == "assessment.yaml"
    done = train(book_folder, config)
    bundle = done.trained.bundle
    assert (bundle.catalogue.adverse_reasons, bundle.catalogue.free_features) == (3, "signed")
    assert bundle.assessment_policy.flags["dishonest_debtor"] == "warn"
    (why,) = [each for each in done.trained.metrics["blocking"] if "signed text" in each]
    assert "gross_margin" in why
    assert "debt_to_assets" not in why
    (version,) = list_versions()
    assert (version["name"], version["aliases"]) == ("icsml-pd", [])


@pytest.mark.parametrize(
    ("key", "code"), [("reasons: {catalogue: none.yaml}", "ICS-FEA-008"), ("assessment: none.yaml", "ICS-MOD-032")]
)
def test_a_policy_that_is_not_there_is_refused_before_training(tmp_path, key, code):
    path = tmp_path / "training.yaml"
    path.write_text(key, "utf-8")
    with pytest.raises(MissingError, match=code):
        load_training_config(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["flags"].update(revenue_cny="refer"), "is no flag of a record"),
        (lambda c: c["flags"].update(abnormal_list="ignore"), "abnormal_list"),
        (lambda c: c["information"][0]["fields"].append("revenu_cny"), "is no field of a record"),
        (lambda c: c["information"].append(c["information"][0]), "an id is given twice"),
        (
            lambda c: c["information"][1].update(required=["staff_total"]),
            "is not among the fields of the group 'statements'",
        ),
        (lambda c: c["withheld"].update(quantile=1.0), "quantile"),
        (lambda c: c["checks"].pop("accounts"), "accounts"),
        (lambda c: c.update(format=2), "format"),
    ],
)
def test_a_policy_that_cannot_hold_is_refused(tmp_path, change, said):
    with pytest.raises(ConfigError, match="ICS-MOD-032") as caught:
        load_assessment_policy(changed(tmp_path, "assessment.yaml", change))
    assert said in str(caught.value)


def test_without_files_the_shipped_ones_hold(bundle):
    assert bundle.assessment_policy == load_assessment_policy()
    assert bundle.catalogue.neutral == load_reason_catalogue().neutral
