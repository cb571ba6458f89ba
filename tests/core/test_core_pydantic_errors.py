"""A message of the validating library keeps the case of all that it quotes, and loses the library's prefix."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from icsml.core.pydantic_errors import fault, message_of, within_sentence
from icsml.errors import InputError
from icsml.records.enterprise import parse_record


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Input should be 'Manufacturing' or 'B'", "input should be 'Manufacturing' or 'B'"),
        ("String should match pattern '^[A-T][0-9]{0,4}$'", "string should match pattern '^[A-T][0-9]{0,4}$'"),
        ("JSON is needed", "JSON is needed"),
        ("A date is needed", "a date is needed"),
        ("", ""),
    ],
)
def test_only_the_first_letter_becomes_small(message, expected):
    assert within_sentence({"type": "any", "msg": message}) == expected
    assert message_of({"type": "any", "msg": message}) == message


def first_error(raised):
    def validator(value):
        raise raised

    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Annotated[str, AfterValidator(validator)]).validate_python("x")
    return caught.value.errors()[0]


@pytest.mark.parametrize("read", [message_of, within_sentence])
def test_a_validator_speaks_in_its_own_words(read):
    error = first_error(ValueError("should be an ISO date"))
    assert error["msg"] == "Value error, should be an ISO date"
    assert read(error) == "should be an ISO date"


def test_a_fault_carries_its_key_and_remedy():
    error = first_error(fault(("a", 1), "is {wrong}", remedy="correct it"))
    assert message_of(error) == "is {wrong}"
    assert (error["ctx"]["key"], error["ctx"]["remedy"]) == (("a", 1), "correct it")


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("industry", "a letter from A to T with at most four digits is needed"),
        ("uscc", "a code of 18 digits and capital letters other than I, O, S, V and Z is needed"),
    ],
)
def test_a_record_is_told_the_form_in_words(field, message):
    with pytest.raises(InputError) as caught:
        parse_record({"enterprise_id": "E1", "as_of": "2026-06-30", field: "c1"})
    assert caught.value.message == message
