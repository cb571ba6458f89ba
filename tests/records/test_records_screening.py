"""Compiled screening is what its rules say, cell by cell, of plain columns and of a table alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.records.columns import Table, as_table, layout, take
from icsml.records.extra import ExtraFeature
from icsml.records.field import Kind, Outside
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.screening import PARTS, broken_rules, is_part_above, screen, within_ranges
from icsml.texts.label import Label

LABEL = Label(en="a", zh="甲")
EXTRAS = tuple(
    ExtraFeature(name=f"X{number}", label=LABEL, group="g", range=bounds, outside=outside)
    for number, (bounds, outside) in enumerate(
        [
            ((0.0, 1.0), Outside.MISSING),
            ((None, 5.0), Outside.MISSING),
            ((0.0, 1.0), Outside.REFUSE),
            ((None, None), Outside.REPORT),
        ]
    )
)
RANGES = {field.name: (field.low, field.high, field.outside) for field in FIELDS if field.numeric}
RANGES |= {extra.column: (*extra.range, extra.outside) for extra in EXTRAS}
ORDERS = (
    ("statement_published_at", "as_of"),
    ("statement_period_end", "as_of"),
    ("statement_period_end", "statement_published_at"),
    ("founded_on", "as_of"),
)
WHOLE, TOP = 100.0, 100.0 * (1.0 + 1e-6)
USUAL = (np.nan, 0.0, 1.0, 0.5, WHOLE)
ODD = (WHOLE, TOP, np.nextafter(TOP, np.inf), 99.0, 101.0, 0.0, -0.0, -1.0, 1.7e308, 1e-300, np.nan, np.inf, -np.inf)
DAYS = ("NaT", "2024-01-01", "2024-01-02", "2023-12-31")
CODES = (None, "91350100M000100Y43", "91350100M000100Y44")


@st.composite
def columns(draw):
    """Rows of usual values; some columns have odd ones."""
    rows, seed = draw(st.sampled_from([1, 2, 3, 40])), draw(st.integers(0, 2**32))
    rng, made = np.random.default_rng(seed), {}
    odd = draw(st.sampled_from([0.0, 0.03, 0.3, 1.0]))
    for name in (*FIELD_BY_NAME, *(extra.column for extra in EXTRAS)):
        kind = FIELD_BY_NAME[name].kind if name in FIELD_BY_NAME else Kind.NUMBER
        if name in RANGES:
            made[name] = rng.choice(ODD if rng.random() < odd else USUAL, rows)
        elif kind is Kind.DATE:
            made[name] = rng.choice(np.array(DAYS, dtype="datetime64[D]"), rows)
        else:
            made[name] = rng.choice(np.array(CODES if name == "uscc" else (None, "a"), dtype=object), rows)
    return made


def is_outside(name, value):
    low, high, _ = RANGES[name]
    return (low is not None and value < low) or (high is not None and value > high)


def is_above(part, whole):
    most = float(whole) * (1.0 + 1e-6)
    return bool(whole >= 0.0 and math.isfinite(most) and part > most)


def expected_out_of_range(cells):
    """By field, the rows outside its range or above a whole; only fields with any."""
    rows = len(cells["enterprise_id"])
    outside = {name: [is_outside(name, value) for value in cells[name]] for name in RANGES}
    for part, whole in PARTS:
        above = [is_above(cells[part][row], cells[whole][row]) for row in range(rows)]
        outside[part] = [a or b for a, b in zip(outside[part], above, strict=True)]
    return {name: flags for name, flags in outside.items() if any(flags)}


def expected_broken(cells):
    """What breaks a rule that refuses, and in which rows."""
    broken = []
    for earlier, later in ORDERS:
        broken.append((earlier, [bool(a > b) for a, b in zip(cells[earlier], cells[later], strict=True)]))
    undatable = ~np.isnat(cells["statement_published_at"]) & np.isnat(cells["as_of"])
    broken.append(("as_of", undatable.tolist()))
    broken.append(("uscc", [code == CODES[2] for code in cells["uscc"]]))
    for name in layout(EXTRAS).numbers:
        if name in RANGES:
            broken.append((name, [math.isinf(value) for value in cells[name]]))
            if RANGES[name][2] is Outside.REFUSE:
                broken.append((name, [is_outside(name, value) for value in cells[name]]))
    return [(name, flags) for name, flags in broken if any(flags)]


def is_known(value):
    if value is None or isinstance(value, str):
        return value is not None
    return not np.isnat(value) if isinstance(value, np.datetime64) else not math.isnan(value)


@settings(max_examples=120, deadline=None)
@given(columns())
def test_screening_is_what_the_rules_say_of_each_cell(cells):
    table = as_table(cells, layout(EXTRAS))
    expected = expected_out_of_range(cells)
    for given_columns in (cells, table):
        kept, out_of_range = within_ranges(given_columns, EXTRAS)
        assert {name: flags.tolist() for name, flags in out_of_range.items()} == expected
        assert list(kept) == [*FIELD_BY_NAME, *(extra.column for extra in EXTRAS)]
        for name, values in cells.items():
            removed = name in RANGES and RANGES[name][2] is Outside.MISSING
            wanted = [np.nan if removed and is_outside(name, value) else value for value in values]
            np.testing.assert_array_equal(kept[name], np.array(wanted, dtype=values.dtype))
        broken = broken_rules(given_columns, EXTRAS)
        assert [(rule.field, rule.flags.tolist()) for rule in broken] == expected_broken(cells)
    for part, whole in PARTS:
        above = [is_above(cells[part][row], cells[whole][row]) for row in range(len(cells[part]))]
        assert is_part_above(cells, part, whole).tolist() == is_part_above(table, part, whole).tolist() == above


@settings(max_examples=60, deadline=None)
@given(columns())
def test_what_is_present_is_counted_after_a_row_was_accepted(cells):
    sound = ~np.any([flags for _, flags in expected_broken(cells)] or [np.zeros(len(cells["uscc"]), bool)], axis=0)
    if not sound.all():
        with pytest.raises(InputError, match="ICS-REC-002"):
            screen(cells, EXTRAS)
    cells = take(cells, sound)
    for given_columns in (cells, as_table(cells, layout(EXTRAS))):
        found = screen(given_columns, EXTRAS)
        counted = [sum(is_known(values[row]) for values in cells.values()) for row in range(int(sound.sum()))]
        assert found.present.tolist() == counted
        assert (found.present + found.missing == len(cells)).all()


def test_a_screened_table_is_not_changed_in_place():
    cells = {name: np.array([0.0]) for name in RANGES}
    cells |= {field.name: np.array(["NaT"], dtype="datetime64[D]") for field in FIELDS if field.kind is Kind.DATE}
    cells |= {field.name: np.array([None], dtype=object) for field in FIELDS if field.name not in cells}
    table = as_table(cells | {EXTRAS[0].column: np.array([7.0])}, layout(EXTRAS))
    kept, _ = within_ranges(table, EXTRAS)
    assert isinstance(kept, Table)
    assert math.isnan(kept[EXTRAS[0].column][0])
    assert table[EXTRAS[0].column][0] == 7.0
    with pytest.raises(ValueError, match="read-only"):
        table["revenue_cny"][0] = 1.0
