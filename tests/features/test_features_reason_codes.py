"""The catalogue of reasons is complete, and says nothing that cannot be filled in."""

import re

import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, MissingError
from icsml.features.catalogue import CATALOGUE
from icsml.features.reason_codes import ReasonCatalogue, load_reason_catalogue
from icsml.records.direction import Direction

SHIPPED = configs_dir() / "policy" / "reasons.yaml"


def changed(tmp_path, change):
    content = yaml.safe_load(SHIPPED.read_text("utf-8"))
    change(content)
    path = tmp_path / "reasons.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_every_feature_has_its_texts_in_both_languages():
    catalogue = load_reason_catalogue()
    assert set(catalogue.codes) == {feature.code for feature in CATALOGUE if feature.direction is not Direction.FREE}
    for forms in catalogue.codes.values():
        for text in (forms.adverse, forms.favourable):
            assert re.search(r"[\u4e00-\u9fff]", text.zh)
            assert text.en.isascii()


def test_the_shipped_catalogue_is_read_once():
    assert load_reason_catalogue() is load_reason_catalogue()
    assert load_reason_catalogue(SHIPPED) == load_reason_catalogue()


def test_a_bundle_keeps_what_its_features_need():
    kept = load_reason_catalogue().for_features(CATALOGUE[:3])
    assert list(kept.codes) == [feature.code for feature in CATALOGUE[:3]]
    assert kept.lacks(CATALOGUE[:3]) == []
    assert kept.lacks(CATALOGUE[:4]) == [CATALOGUE[3].code]
    assert ReasonCatalogue.model_validate(kept.model_dump(mode="json")) == kept


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["codes"].pop("LEV01"), "codes.LEV01: this reason code has no entry"),
        (lambda c: c["codes"].update(ZZZ01=c["codes"]["LEV01"]), "codes.ZZZ01: no feature has this code"),
        (lambda c: c["codes"]["LEV01"]["adverse"].update(en="{value} {amount} {reference}"), "{amount} is not known"),
        (lambda c: c["codes"]["LEV01"]["adverse"].update(en="{value.real}, {reference}"), "{value.real} is not known"),
        (lambda c: c["codes"]["LEV01"]["adverse"].update(en="{value:.2f}, {reference}"), "{value} is not known"),
        (lambda c: c["codes"]["LEV01"]["adverse"].update(en="{value}, {reference"), "expected '}' before end"),
        (lambda c: c["codes"]["LEV01"]["favourable"].update(zh="{value}"), "codes.LEV01: a text lacks {reference}"),
        (lambda c: c["codes"]["LEV01"]["favourable"].pop("zh"), "Field required"),
        (lambda c: c["missing"]["not_provided"]["adverse"].update(en="{reference}"), "a text lacks {fields}"),
        (lambda c: c["neutral"]["adverse"].update(en="{label}, {reference}"), "neutral: a text lacks {value}"),
        (lambda c: c["references"].pop("approval-margin"), "approval-margin is not named"),
        (lambda c: c["references"].update(nobody=c["references"]["approval-margin"]), "references"),
        (lambda c: c["references"]["approval-margin"]["without_value"].update(en="{value}"), "{value} is not known"),
        (lambda c: c.update(adverse_reasons=0), "adverse_reasons"),
        (lambda c: c.update(adverse_at_least=-0.1), "adverse_at_least"),
        (lambda c: c.update(adverse_coverage_at_least=1.1), "adverse_coverage_at_least"),
        (lambda c: c.update(free_features="any"), "free_features"),
        (lambda c: c["codes"]["LEV01"].update(signed_by=" "), "signed_by"),
        (lambda c: c.update(merge_above=1.5), "merge_above"),
        (lambda c: c.update(format=1), "format"),
        (lambda c: c.update(colour="red"), "unknown key"),
    ],
)
def test_a_catalogue_that_would_mislead_is_refused(tmp_path, change, said):
    with pytest.raises(ConfigError) as caught:
        load_reason_catalogue(changed(tmp_path, change))
    assert caught.value.code == "ICS-FEA-008"
    assert said in str(caught.value)


def test_a_catalogue_that_sets_no_least_size_lets_any_adverse_reason_be_told(tmp_path):
    assert load_reason_catalogue().adverse_at_least == 0.02
    assert load_reason_catalogue(changed(tmp_path, lambda c: c.pop("adverse_at_least"))).adverse_at_least == 0.0


def test_no_catalogue_no_texts(tmp_path):
    with pytest.raises(MissingError, match="ICS-FEA-008"):
        load_reason_catalogue(tmp_path / "none.yaml")
