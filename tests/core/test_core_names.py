from icsml.core.names import nearest


def test_the_nearest_name_is_suggested_or_nothing():
    assert nearest("revenue_cn", ["staff_total", "revenue_cny"]) == "did you mean revenue_cny?"
    assert nearest("zzz", ["staff_total", "revenue_cny"]) == ""
    assert nearest("a", iter(())) == ""
