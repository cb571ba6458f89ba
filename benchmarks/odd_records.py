"""Decide on records made to be odd, and write down what is said of them in both languages.

    python benchmarks/odd_records.py MODEL > docs/explanation/odd-records.md

MODEL is a bundle folder. The records are those of tests/decision/odd_records.yaml, which the tests hold.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from icsml.decision.decide import decide
from icsml.model.bundle import Bundle, read_bundle
from icsml.records.decision import Decision
from icsml.records.enterprise import example_record, parse_record

__all__ = ["decided", "odd_records", "page"]

RECORDS = Path(__file__).resolve().parents[1] / "tests" / "decision" / "odd_records.yaml"
_MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
_HEAD = """# Odd records

Records made to be odd, each the example of `icsml records example` with what is said changed, and what a model trained
on simulated data decides on them. The figures show the machinery and are no evidence about any firm. Made by
`python benchmarks/odd_records.py MODEL`; what must be said of each is held by
[`test_of_an_odd_record_is_said_what_must_be`](../../tests/decision/test_decision_odd_records.py).
"""


def odd_records() -> dict[str, dict[str, Any]]:
    """Return the cases by name, each with its whole ``record``."""
    cases: dict[str, dict[str, Any]] = {}
    for case in yaml.safe_load(RECORDS.read_text("utf-8")):
        base = cases[case["like"]]["record"] if "like" in case else example_record()
        cases[case["name"]] = case | {"record": _record(base, case)}
    return cases


def _record(base: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    record = dict(base) | case.get("set", {})
    if "only" in case:
        record = {name: record[name] for name in case["only"]}
    for name, value in record.items():
        if name.endswith("_cny") and value is not None and (case.get("wan") or case.get("zero")):
            record[name] = value / 10_000 if case.get("wan") else 0.0
    return {name: value for name, value in record.items() if value is not None}


def decided(bundle: Bundle, record: Mapping[str, Any]) -> Decision:
    """Return the decision on a record."""
    return decide(bundle, parse_record(dict(record)), decision_id="odd", decided_at=_MOMENT).decision


def page(bundle: Bundle) -> str:
    """Return the page."""
    return "\n".join(
        [_HEAD, *(_section(name, decided(bundle, case["record"])) for name, case in odd_records().items())]
    )


def _section(name: str, found: Decision) -> str:
    withheld = f", were the absent known {found.pd_if_withheld.pd:.2%}" if found.pd_if_withheld else ""
    lines = [f"## {name[0].upper()}{name[1:]}\n", f"PD {found.pd:.2%}{withheld}, grade {found.grade or '–'}.\n"]
    for title, entries in (("A person must decide", found.refer or ()), ("Warnings", _besides(found))):
        if entries:
            lines.append(f"{title}:\n")
            lines += [f"- `{each.code}` {each.text.en} / {each.text.zh}" for each in entries]
            lines.append("")
    if found.adverse_reasons:
        lines.append("Adverse reasons:\n")
        lines += [f"- {each.code} ({each.kind}): {each.text.en} / {each.text.zh}" for each in found.adverse_reasons]
        lines.append("")
    if found.to_provide:
        lines.append(
            f"To be provided: {', '.join(each.label.en for each in found.to_provide)} /"
            f" {'、'.join(each.label.zh for each in found.to_provide)}\n"
        )
    return "\n".join(lines)


def _besides(found: Decision) -> list[Any]:
    """Return the warnings that speak of this record, and of nothing that every decision of the model says."""
    general = {"SYNTHETIC_MODEL", "ASSUMED_POINTS", "NO_RECOURSE", "NO_COMPANION"}
    referred = {(each.code, each.field) for each in found.refer or ()}
    return [e for e in found.warnings if e.code not in general and (e.code, e.field) not in referred]


if __name__ == "__main__":
    sys.stdout.write(page(read_bundle(Path(sys.argv[1]))))
