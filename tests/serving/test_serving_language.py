"""Accept-Language: quality values, regions and scripts of a language, and what is not well formed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from icsml.serving.language import preferred_language
from icsml.texts.languages import languages


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("ZH-cn", "zh"),
        ("zh-Hans", "zh"),
        ("zh-Hans-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,zh;q=0.9", "en"),
        ("en;q=0.3 , zh ; q=0.4", "zh"),
        ("zh, en", "zh"),
        ("en, zh", "en"),
        ("fr, de", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("*", "en"),
        ("*, zh;q=0.5", "en"),
        ("en;q=0, *", "zh"),
        ("zh;q=0, *;q=0.1", "en"),
        ("zh;q=0", "en"),
        ("en;q=0, zh;q=0", "en"),
        ("zh-TW;q=0.2, en;q=0.5, zh;q=0.9", "zh"),
        ("zh;q=1.001, en;q=0.1", "en"),
        ("zh;q=0.1234, en;q=0.1", "en"),
        ("zh;q=1, en;q=1.000", "zh"),
        ("zhongwen", "en"),
        ("chinesisch, zh", "zh"),
        (",,zh,", "zh"),
        ("zh;level=1, en;q=0.1", "en"),
    ],
)
def test_the_preferred_one_is_taken(accepted, language):
    assert preferred_language(accepted) == language


RANGES = st.from_regex(r"(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2})", fullmatch=True)
WEIGHTS = st.integers(0, 1000)


@given(st.text())
@example("zh;q=" + "9" * 5000)
def test_anything_gives_a_language(accepted):
    assert preferred_language(accepted) in languages()


@given(zh=WEIGHTS, en=WEIGHTS, others=st.lists(RANGES.filter(lambda name: name[:2].lower() not in ("zh", "en", "*"))))
def test_the_greater_weight_wins_whatever_else_stands_there(zh, en, others):
    others = [name for name in others if not name.startswith("*")]
    accepted = ", ".join([*others, f"zh-CN;q={zh / 1000:.3f}", *others, f"en;q={en / 1000:.3f}"])
    assert preferred_language(accepted) == ("zh" if zh and zh >= en else "en")


@given(st.lists(st.tuples(RANGES, WEIGHTS), max_size=6))
def test_case_and_space_do_not_matter(parts):
    plain = ",".join(f"{name};q={weight / 1000:.3f}" for name, weight in parts)
    spaced = " ,\t".join(f"{name.swapcase()} ;  Q={weight / 1000:.3f}" for name, weight in parts)
    assert preferred_language(plain) == preferred_language(spaced)


@pytest.fixture
def page(client, keys, record):
    url = client.post("/v1/assessments", json=record).headers["Location"] + "/report"
    client.headers["Authorization"] = f"Bearer {keys.audit}"

    def get(accepted=None, **params):
        headers = {} if accepted is None else {"Accept-Language": accepted}
        answer = client.get(url, params=params, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Vary"] == "Accept-Language"
        assert f'<html lang="{answer.headers["Content-Language"]}' in answer.text
        return answer.headers["Content-Language"], answer.content

    return get


def test_a_page_is_in_the_language_asked_for(page):
    chinese, english = page(lang="zh"), page(lang="en")
    assert (chinese[0], english[0]) == ("zh", "en")
    assert page() == page("fr") == english
    assert page("zh-CN,zh;q=0.9,en;q=0.8") == chinese
    assert page("zh", lang="en") == english
    assert page("en", lang="zh") == chinese


def test_the_same_page_is_not_sent_again(client, keys, record):
    url = client.post("/v1/assessments", json=record).headers["Location"] + "/report"
    client.headers["Authorization"] = f"Bearer {keys.audit}"
    tag = client.get(url, headers={"Accept-Language": "zh"}).headers["ETag"]
    again = client.get(url, headers={"Accept-Language": "zh", "If-None-Match": tag})
    assert (again.status_code, again.headers["Vary"]) == (304, "Accept-Language")
    assert client.get(url, headers={"Accept-Language": "en", "If-None-Match": tag}).status_code == 200
