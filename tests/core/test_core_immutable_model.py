"""Copies of immutable models."""

from __future__ import annotations

from functools import cached_property

from icsml.core.immutable_model import ImmutableModel


class Price(ImmutableModel):
    net: int

    @cached_property
    def gross(self) -> int:
        return self.net * 2


def test_a_changed_copy_does_not_keep_what_was_derived_from_the_original():
    price = Price(net=1)
    assert price.gross == 2
    assert price.model_copy(update={"net": 5}).gross == 10
    assert price.gross == 2
