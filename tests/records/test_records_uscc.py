"""Check character of GB 32100-2015."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.records.uscc import check_character, is_valid_uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def test_the_example_of_the_standard():
    assert is_valid_uscc("91350100M000100Y43")


@given(st.text(ALPHABET, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_any_single_slip_is_caught(body, place, other):
    code = body + check_character(body)
    assert is_valid_uscc(code)
    slipped = code[:place] + other + code[place + 1 :]
    assert is_valid_uscc(slipped) == (slipped == code)


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100M000100Y43 ", "9135010OM000100Y43", "９1350100M000100Y43"]
)
def test_wrong_length_or_alphabet(code):
    assert not is_valid_uscc(code)
