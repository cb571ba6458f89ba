import pytest

from icsml.core.names import nearest, shown_path


def test_the_nearest_name_is_suggested_or_nothing():
    assert nearest("revenue_cn", ["staff_total", "revenue_cny"]) == "did you mean revenue_cny?"
    assert nearest("zzz", ["staff_total", "revenue_cny"]) == ""
    assert nearest("a", iter(())) == ""


@pytest.mark.parametrize(
    "path", ["revenue_cny", "extra.utility_arrears", "header.Idempotency-Key", "extra.[key]", "records.0"]
)
def test_a_path_of_a_field_is_shown(path):
    assert shown_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "Example Co.", "<b>", "企业", "a\u202eb", "a" * 65, "a..b", "1a", "a\n", "a.[key].x y"]
)
def test_anything_else_may_be_a_value(path):
    assert shown_path(path) == "(a field that is not shown)"
