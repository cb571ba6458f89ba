"""Actions as data: what the file may say, what it may not, and what a bundle keeps of it."""

from dataclasses import fields, replace

import numpy as np
import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError, MissingError, ModelError
from icsml.model.bundle import Bundle, BundleParts, read_bundle, write_bundle
from icsml.records.field import Domain
from icsml.records.fields import FIELD_BY_NAME
from icsml.recourse.actionable_fields import (
    ACTIONABLE,
    ActionSet,
    FieldLimit,
    GroupLimit,
    limited_fields,
    load_recourse_policy,
    size_class,
)

SHIPPED = configs_dir() / "policy" / "recourse.yaml"


@pytest.fixture
def written(tmp_path):
    """Write the shipped file with one thing changed; return how to load it."""

    def write(change):
        content = yaml.safe_load(SHIPPED.read_text("utf-8"))
        change(content)
        path = tmp_path / "recourse.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        return path

    return write


def action(content, name):
    return next(each for each in content["levers"] if each["id"] == name)


def test_the_shipped_actions_are_of_the_innovation_side_and_can_all_be_moved():
    policy = load_recourse_policy(SHIPPED)
    assert len(policy.levers) >= 8
    for each in policy.levers:
        assert each.field in ACTIONABLE
        assert FIELD_BY_NAME[each.field].domain is Domain.INNOVATION
        assert each.unit_cost_cny > 0
        assert each.label.en != each.label.zh
        assert each.effort.zh
        assert set(limited_fields(each)) <= set(policy.limits)


REFUSED = {
    "age": (
        lambda c: action(c, "rd_staff").update(field="founded_on", adds=["founded_on"]),
        "nothing a lever may move",
    ),
    "class II": (lambda c: action(c, "class1_grants").update(field="ip_class2", adds=["ip_class2"]), "nothing a lever"),
    "a list": (
        lambda c: action(c, "st_staff").update(field="high_growth_list", adds=["high_growth_list"]),
        "nothing a",
    ),
    "a prior year": (
        lambda c: action(c, "st_staff").update(field="rd_expense_prev_cny", adds=["rd_expense_prev_cny"]),
        "nothing a lever may move",
    ),
    "renaming staff": (lambda c: action(c, "rd_staff").update(adds=["staff_rd"]), "cannot rise without `staff_st`"),
    "bought rights": (
        lambda c: action(c, "class1_grants").update(adds=["ip_class1"]),
        "cannot rise without `ip_class1",
    ),
    "rights of nothing": (lambda c: action(c, "class1_grants").pop("within"), "needs `within: invention_applications`"),
    "relabelled revenue": (lambda c: action(c, "hightech_revenue").update(account="expense"), "do not go together"),
    "sales at a profit": (lambda c: action(c, "tech_contracts").update(unit_cost_cny=0.5), "at cost"),
    "free staff": (lambda c: action(c, "rd_staff").update(unit_cost_cny=0), "greater than 0"),
    "R&D at half price": (lambda c: action(c, "rd_expense").update(unit_cost_cny=0.5), "one yuan for one"),
    "a step down": (lambda c: action(c, "rd_staff").update(grid=[-0.5]), "greater than 0"),
    "beyond the peers": (lambda c: action(c, "rd_staff").update(grid=[1.5]), "less than or equal to 1"),
    "another field": (lambda c: action(c, "rd_staff").update(field="ip_class1"), "none of the fields"),
    "within nothing": (lambda c: action(c, "rd_staff").update(within="nothing"), "names no field"),
    "not limited": (lambda c: c["limits"].pop("staff_total"), "which is not limited"),
    "limit of nothing": (lambda c: c["limits"].update(nothing=None), "is no field"),
    "watch": (lambda c: c.update(watch=["staff_rd"]), "no field of the year before"),
    "twice": (lambda c: action(c, "rd_staff").update(id="st_staff"), "given twice"),
    "edges": (lambda c: c.update(size_edges=[20, 20]), "above the one before"),
    "no such key": (lambda c: c.update(direction="down"), "unknown key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_effort_is_refused_when_the_file_is_read(written, name):
    change, why = REFUSED[name]
    with pytest.raises(ConfigError, match="ICS-RCR-001") as caught:
        load_recourse_policy(written(change))
    assert why in caught.value.message
    assert "recourse.yaml:" in caught.value.field


def test_an_absent_file_is_told(tmp_path):
    with pytest.raises(MissingError, match="ICS-RCR-001"):
        load_recourse_policy(tmp_path / "none.yaml")


def test_the_finest_group_that_an_enterprise_belongs_to_counts():
    limit = FieldLimit(
        per=None,
        groups=(
            GroupLimit(technical_field="biomedicine", size=1, pairs=100, step=3.0),
            GroupLimit(technical_field=None, size=1, pairs=200, step=2.0),
            GroupLimit(technical_field=None, size=None, pairs=300, step=1.0),
        ),
    )
    assert [limit.step("biomedicine", 1), limit.step("new_energy", 1), limit.step(None, 1)] == [3.0, 2.0, 2.0]
    assert [limit.step("biomedicine", 0), limit.step("biomedicine", -1)] == [1.0, 1.0]


def test_a_size_begins_at_its_edge():
    assert size_class(np.array([0.0, 19.0, 20.0, 99.0, 300.0, np.nan]), (20.0, 100.0, 300.0)).tolist() == [
        0, 0, 1, 1, 3, -1,
    ]  # fmt: skip


def parts_of(bundle, **changes):
    names = [each.name for each in fields(BundleParts)]
    return replace(BundleParts(**{name: getattr(bundle, name) for name in names}), **changes)


def test_a_bundle_keeps_its_actions(bundle, tmp_path):
    assert isinstance(bundle.levers, ActionSet)
    again = write_bundle(tmp_path / "again", parts_of(bundle))
    assert again.levers == bundle.levers
    assert again.sha256 == bundle.sha256
    without = write_bundle(tmp_path / "without", parts_of(bundle, levers=None))
    assert without.levers is None
    assert without.sha256 != bundle.sha256


def test_actions_without_a_rulebook_are_refused(bundle, tmp_path):
    parts = BundleParts(name="x", model=bundle.companion, scale=bundle.scale, card="", levers=bundle.levers)
    with pytest.raises(ModelError, match="ICS-MOD-018 levers"):
        write_bundle(tmp_path / "bundle", parts)


def test_a_bundle_of_format_1_has_no_actions(request):
    demo = read_bundle(request.config.rootpath / "models" / "demo")
    assert isinstance(demo, Bundle)
    assert demo.levers is None
