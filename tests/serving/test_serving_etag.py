"""Whoever has the bytes is told so: tags, lists of tags, weak tags, and what is no list."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.serving.etag import matches

TAG = f'"{"a" * 64}"'
QUOTED = st.from_regex(r'(W/)?"[\x21\x23-\x7e]*"', fullmatch=True)


@pytest.mark.parametrize(
    "condition", ["*", " * ", TAG, f"W/{TAG}", f'"x",{TAG}', f'"a,b" , , {TAG},', f'W/"x", W/{TAG}', f",{TAG}"]
)
def test_it_matches(condition):
    assert matches(condition, TAG)


@pytest.mark.parametrize(
    "condition", ["", '"x"', TAG.strip('"'), f"w/{TAG}", f"*, {TAG}", f"{TAG} {TAG}", f'"x, {TAG}', f"{TAG}x"]
)
def test_it_does_not_match(condition):
    assert not matches(condition, TAG)


@given(st.lists(QUOTED), st.sampled_from([",", ", ", " , ,"]))
def test_a_list_matches_if_the_tag_is_in_it(tags, comma):
    assert matches(comma.join([*tags, f"W/{TAG}"]), TAG)
    assert not matches(comma.join(tags), TAG)


@pytest.mark.parametrize(
    "path", ["/v1/models/current", "{made}", "{made}/report", "{made}/report?lang=zh", "{made}/pack"]
)
def test_the_same_bytes_are_not_sent_again(client, keys, record, path):
    url = path.format(made=client.post("/v1/assessments", json=record).headers["Location"])
    client.headers["Authorization"] = f"Bearer {keys.audit}"
    first = client.get(url)
    assert first.status_code == 200
    assert first.headers["ETag"] == f'"{sha256(first.content).hexdigest()}"'
    again = client.get(url, headers={"If-None-Match": f'"x", {first.headers["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    for answer in (first, again):
        assert answer.headers.get_list("Cache-Control") == ["no-store"]
        assert answer.headers["ETag"] == first.headers["ETag"]
    assert client.get(url, headers={"If-None-Match": '"x"'}).content == first.content


def test_a_tag_tells_nothing_of_what_one_may_not_read(client, problem):
    answer = client.get("/v1/assessments/none", headers={"If-None-Match": "*"})
    problem(answer, 404)
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
