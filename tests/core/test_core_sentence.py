"""A message of the validating library keeps the case of all that it quotes."""

import pytest

from icsml.core.sentence import within_sentence
from icsml.errors import InputError
from icsml.records.enterprise import parse_record


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Input should be 'Manufacturing' or 'B'", "input should be 'Manufacturing' or 'B'"),
        ("String should match pattern '^[A-T][0-9]{0,4}$'", "string should match pattern '^[A-T][0-9]{0,4}$'"),
        ("Value error, should be an ISO date", "should be an ISO date"),
        ("JSON is needed", "JSON is needed"),
        ("A date is needed", "a date is needed"),
        ("", ""),
    ],
)
def test_only_the_first_letter_becomes_small(message, said):
    assert within_sentence(message) == said


@pytest.mark.parametrize(("field", "pattern"), [("industry", "^[A-T]"), ("uscc", "[0-9A-HJ-NPQRTUWXY]")])
def test_a_record_is_told_the_pattern_as_it_is(field, pattern):
    with pytest.raises(InputError) as caught:
        parse_record({"enterprise_id": "E1", "as_of": "2026-06-30", field: "c1"})
    assert pattern in caught.value.message
    assert caught.value.message[0].islower()
