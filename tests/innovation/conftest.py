"""Column arrays, and one small rulebook that uses every function of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from icsml.innovation import Rulebook, evaluate, load_rulebook, parse_rulebook
from icsml.innovation.rulebooks.value_functions import FieldValue
from icsml.records.columns import Columns
from icsml.records.field import Kind
from icsml.records.fields import FIELDS

SMALL = """\
format: 2
id: small
edition: trial
scope: regional
title: {en: Small, zh: 小}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: 2020-12-31, provenance: assumed}
known_since: 2020-06-01
sources:
  - {id: text, title: The text, where: nowhere}
totals: {base: 40, bonus: 10/3, provenance: published}
categories:
  - {id: work, label: {en: Work, zh: 工}, max: 40, provenance: {name: published, max: published}}
  - {id: extra, label: {en: Extra, zh: 外}, max: 10/3, bonus: true, provenance: {name: published, max: published}}
indicators:
  - id: patents
    label: {en: Patents, zh: 专利}
    category: work
    domain: innovation
    max: 10
    missing: zero
    value: {kind: sum, fields: [ip_class1, ip_class2]}
    points: {kind: bands, steps: [{above: 5, points: 100%}, {above: 0, points: 50%}], otherwise: 0}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: growth
    label: {en: Growth, zh: 增}
    category: work
    domain: financial
    max: 10
    missing: zero
    value: {kind: growth, now: revenue_cny, before: revenue_prev_cny}
    points: {kind: ramp, anchors: [[-0.1, 0], [0, 20%], [0.15, 100%]]}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: debt
    label: {en: Debt, zh: 债}
    category: work
    domain: financial
    max: 10
    better: lower
    missing: zero
    value: {kind: ratio, numerator: total_liabilities_cny, denominator: total_assets_cny}
    points: {kind: bands, steps: [{at_most: 0.55, points: 10}, {at_most: 0.75, points: 5}], otherwise: 0}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: rd
    label: {en: R&D, zh: 研}
    category: work
    domain: innovation
    max: 10
    missing: zero
    best_of:
      - id: sales
        label: {en: To sales, zh: 销}
        value: {kind: ratio, numerator: rd_expense_cny, denominator: revenue_cny}
        points: {kind: bands, steps: [{at_least: 0.06, points: 10}, {at_least: 0.03, points: 5}], otherwise: 0}
      - id: cost
        label: {en: To cost, zh: 本}
        max: 8
        value: {kind: ratio, numerator: rd_expense_cny, denominator: total_cost_cny}
        points: {kind: bands, steps: [{at_least: 0.3, points: 8}, {at_least: 0.1, points: 5}], otherwise: 0}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: listed
    label: {en: Listed, zh: 榜}
    category: extra
    domain: innovation
    max: 10/3
    missing: zero
    value: high_growth_list
    points: {kind: flag, points: 100%}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
  - id: violation
    label: {en: Violation, zh: 违}
    category: extra
    domain: financial
    max: 0
    min: -5
    better: lower
    missing: zero
    value: serious_violation
    points: {kind: flag, points: 100%}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
eligibility:
  conditions:
    - {id: staff, label: {en: Staff, zh: 人}, value: staff_total, at_most: 500, provenance: published, sources: [text]}
    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: 20, provenance: published, sources: [text]}
    - {id: work, label: {en: Work, zh: 工}, value: {kind: category, category: work}, above: 0,
       provenance: published, sources: [text]}
  bypass:
    active: true
    waives: [pass, work]
    any_of:
      - {id: hte, label: {en: HTE, zh: 高企}, value: high_tech_enterprise, is: true, provenance: published,
         sources: [text]}
"""


def columns_of(rows: int = 1, fields: Mapping[str, Any] | None = None) -> Columns:
    """Column arrays in which everything but the given fields is missing."""
    columns: dict[str, Any] = {}
    for field in FIELDS:
        if field.numeric:
            columns[field.name] = np.full(rows, np.nan)
        elif field.kind is Kind.DATE:
            columns[field.name] = np.full(rows, np.datetime64("NaT"), dtype="datetime64[D]")
        else:
            columns[field.name] = np.full(rows, None, dtype=object)
    columns["enterprise_id"] = np.array([f"E{row}" for row in range(rows)], dtype=object)
    for name, values in (fields or {}).items():
        assert name in columns, name
        columns[name] = np.broadcast_to(np.asarray(values, dtype=columns[name].dtype), rows).copy()
    return columns


@pytest.fixture(scope="session")
def blank() -> Callable[..., Columns]:
    return columns_of


@pytest.fixture(scope="session")
def small_text() -> str:
    return SMALL


@pytest.fixture(scope="session")
def points_at(small: Rulebook) -> Callable[..., tuple[Any, Any]]:
    """Points, and codes of the rules, of some values by a points function alone."""

    def points_at(function, values, *, full=100, better="higher"):
        changed = {"value": FieldValue(field="revenue_cny"), "points": function, "max": Fraction(full)}
        first = small.indicators[0]
        indicator = first.model_copy(update=changed | {"better": better, "missing": "zero", "best_of": ()})
        document = dict(small) | {"indicators": (indicator,), "eligibility": None}
        points = evaluate(Rulebook.model_construct(**document), columns_of(len(values), {"revenue_cny": values}))
        return points.points[first.id], points.rules[first.id].codes

    return points_at


@pytest.fixture(scope="session")
def small() -> Rulebook:
    return parse_rulebook(SMALL, "small.yaml")


@pytest.fixture(scope="session")
def tech_sme() -> Rulebook:
    return load_rulebook("tech-sme-2017")


@pytest.fixture(scope="session")
def national() -> Rulebook:
    return load_rulebook("national-2025")
