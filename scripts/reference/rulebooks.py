"""``docs/reference/rulebooks/``, from the YAML of the shipped rulebooks; in ``rulebooks.md`` the points functions."""

from __future__ import annotations

from collections.abc import Iterator

from icsml.innovation.impact.change_wording import points_text
from icsml.innovation.rulebooks.decimals import number_text
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.exact_numbers import Weight
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.innovation.rulebooks.load import list_editions
from icsml.innovation.rulebooks.points_functions import FUNCTIONS
from icsml.innovation.rulebooks.rulebook import Edition, Outline, Rulebook
from icsml.innovation.rulebooks.value_functions import Age, FieldValue, Growth, Ratio, Sum, Value
from reference.markdown import summary, table, with_part

__all__ = ["DOCUMENTED", "overview", "pages"]

DOCUMENTED = "documented"
"""Name of the page of all editions that cannot be evaluated."""

_MADE = "<!-- Made from the YAML by `python scripts/write_reference.py`; not edited by hand. -->"


def overview(page: str) -> str:
    """Return ``rulebooks.md`` with its table of points functions made from their classes."""
    rows = [(f"`{function.example}`", summary(function)) for function in FUNCTIONS]
    return with_part(page, "points-functions", table(("`points`", "Gives"), rows))


def pages() -> dict[str, str]:
    """Return the pages as Markdown by name: one for each rulebook, one for all editions that are documented only."""
    editions = list_editions()
    outlines = [edition for edition in editions if isinstance(edition, Outline)]
    found = {edition.id: _rulebook_page(edition) for edition in editions if isinstance(edition, Rulebook)}
    return found | {DOCUMENTED: _outlines_page(outlines)}


def _rulebook_page(rulebook: Rulebook) -> str:
    parts = [
        f"# {rulebook.id}",
        _MADE,
        *_identity(rulebook),
        _facts(rulebook),
        *([f"> {rulebook.note.strip()}"] if rulebook.note else []),
        *_stages(rulebook),
        *_peers(rulebook),
        "## Categories",
        _categories(rulebook),
        "## Indicators",
        *(_indicator(each) for each in rulebook.indicators),
        *_eligibility(rulebook),
        *_definitions(rulebook),
        "## Sources",
        _sources(rulebook),
    ]
    return "\n\n".join(parts) + "\n"


def _identity(edition: Edition) -> list[str]:
    return [f"**{edition.title.en}** · {edition.title.zh}", f"{edition.issuer.en} · {edition.issuer.zh}"]


def _facts(rulebook: Rulebook) -> str:
    bonus = f" + {number_text(rulebook.totals.bonus, percent=False)} bonus" if rulebook.totals.bonus else ""
    rows = [
        ("Edition", rulebook.edition),
        ("Scope", str(rulebook.scope)),
        *([("Made from", ", ".join(f"`{each}`" for each in rulebook.derived_from))] if rulebook.derived_from else []),
        ("Points", f"{number_text(rulebook.totals.base, percent=False)}{bonus} (`{rulebook.totals.provenance}`)"),
        ("Provenance", f"`{rulebook.provenance}`; of the total alone `{rulebook.score_provenance}`"),
        ("In force", _in_force(rulebook)),
        ("Known since", str(rulebook.known_since)),
        ("A score is valid", _validity(rulebook)),
    ]
    return table(("", ""), rows)


def _in_force(edition: Edition) -> str:
    period = edition.in_force
    note = f" {period.note.strip()}" if period.note else ""
    return f"{period.since or 'not known'} to {period.until or 'open'} (`{period.provenance}`).{note}"


def _validity(rulebook: Rulebook) -> str:
    validity = rulebook.validity
    if validity is None:
        return "not stated"
    done = "refused" if validity.expired == "refuse" else "kept with a warning and its age"
    note = f" {validity.note.strip()}" if validity.note else ""
    return f"{validity.months} months, an older one is {done} (`{validity.provenance}`).{note}"


def _stages(rulebook: Rulebook) -> Iterator[str]:
    stages = rulebook.stages
    if stages is None:
        return
    labels = {each.id: f"{each.label.en} {each.label.zh}" for each in stages.list}
    percent = stages.rule.value.percent
    rows = [(each.text(percent=percent), labels[each.stage]) for each in stages.rule.steps]
    rows += [("otherwise", labels[stages.rule.otherwise]), ("missing", labels.get(stages.rule.missing, "no score"))]
    yield "## Stages"
    yield f"By {_value(stages.rule.value)}; names `{stages.provenance.names}`, rule `{stages.provenance.rule}`."
    yield table((_value(stages.rule.value), "stage"), rows)
    if stages.note:
        yield stages.note.strip()


def _peers(rulebook: Rulebook) -> Iterator[str]:
    peers = rulebook.peers
    if peers is None:
        return
    groups = "; ".join(" × ".join(group) for group in peers.groups)
    yield "## Peers"
    yield (
        f"Ranked within {groups}; then everybody. A group needs {peers.min_peers} known values, else the next coarser "
        f"one counts (`{peers.provenance}`)."
    )
    if peers.note:
        yield peers.note.strip()


def _categories(rulebook: Rulebook) -> str:
    rows = [
        (
            f"`{each.id}`",
            f"{each.label.en} {each.label.zh}",
            _weight(each.max),
            "bonus" if each.bonus else "base",
            f"`{each.provenance.name}`, `{each.provenance.max}`",
        )
        for each in rulebook.categories
    ]
    return table(("", "name", "max", "", "name and max are"), rows)


def _indicator(indicator: Indicator) -> str:
    least = f", at least {_weight(indicator.min)}" if indicator.deduction else ""
    trust = indicator.provenance
    parts = [
        f"### `{indicator.id}`",
        f"{indicator.label.en} · {indicator.label.zh}. Category `{indicator.category}`, domain {indicator.domain}, "
        f"at most {_weight(indicator.max)}{least}; {indicator.better} is better; missing: {indicator.missing}.",
        table(
            ("value", "points"),
            [
                (f"{_option(indicator, each)}{_value(each.value)}", points_text(each, "en"))
                for each in indicator.options
            ],
        ),
        f"Name `{trust.name}`, weight `{trust.weight}`, value `{trust.value}`, points `{trust.points}`"
        f"{_cited(indicator.sources)}.",
        *([indicator.note.strip()] if indicator.note else []),
    ]
    return "\n\n".join(parts)


def _option(indicator: Indicator, option: Option) -> str:
    return f"{option.id}: " if indicator.best_of else ""


def _cited(sources: tuple[str, ...]) -> str:
    return f" ({', '.join(sources)})" if sources else ""


def _value(value: Value) -> str:
    match value:
        case FieldValue():
            return f"`{value.field}`"
        case Sum():
            return " + ".join(f"`{name}`" for name in value.fields)
        case Ratio():
            factor = "" if value.per == 1 else f"{number_text(value.per, percent=False)} · "
            return f"{factor}({_value(value.numerator)}) / ({_value(value.denominator)})"
        case Growth():
            return f"growth of {_value(value.now)} over {_value(value.before)}"
        case Age():
            return f"years since `{value.since}`"


def _weight(weight: Weight) -> str:
    if isinstance(weight, dict):
        return ", ".join(f"{stage} {number_text(each, percent=False)}" for stage, each in weight.items())
    return number_text(weight, percent=False)


def _eligibility(rulebook: Rulebook) -> Iterator[str]:
    eligibility = rulebook.eligibility
    yield "## Eligibility"
    if eligibility is None:
        yield "No conditions are known."
        return
    rows = [_condition(each, "must hold") for each in eligibility.conditions]
    rows += [_condition(each, "veto" if each.active else "veto, not active") for each in eligibility.vetoes]
    if eligibility.bypass is not None:
        use = "another way in" if eligibility.bypass.active else "another way in, not active"
        rows += [_condition(each, use) for each in eligibility.bypass.any_of]
    rows += [
        ("", f"{each.label.en} {each.label.zh}", "presumed", f"`{each.provenance}`") for each in eligibility.presumed
    ]
    yield table(("asked", "", "", "provenance"), rows)
    if eligibility.bypass is not None:
        waived = ", ".join(f"`{each}`" for each in eligibility.bypass.waives)
        note = f" {eligibility.bypass.note.strip()}" if eligibility.bypass.note else ""
        yield f"Another way in waives {waived}.{note}"


def _condition(condition: Condition, use: str) -> tuple[str, str, str, str]:
    match condition.value:
        case Score():
            asked = "score"
        case CategoryPoints(category=name) | IndicatorPoints(indicator=name):
            asked = f"points of `{name}`"
        case value:
            asked = _value(value)
    label = f"{condition.label.en} {condition.label.zh}"
    return (f"{asked} {condition.rule}", label, use, f"`{condition.provenance}`")


def _definitions(rulebook: Rulebook) -> Iterator[str]:
    if rulebook.definitions:
        yield "## Definitions"
        rows = [
            (f"{each.term.en} {each.term.zh}", f"{each.meaning.en} {each.meaning.zh}", f"`{each.provenance}`")
            for each in rulebook.definitions
        ]
        yield table(("term", "meaning", "provenance"), rows)


def _sources(edition: Edition) -> str:
    rows = [(f"`{each.id}`", each.title, f"`{each.where.strip()}`") for each in edition.sources]
    return table(("", "source", "where"), rows)


def _outlines_page(outlines: list[Outline]) -> str:
    parts = [
        "# Editions that are documented only",
        _MADE,
        "Of these the structure is known and the table is not: the files in `configs/rulebooks/` say what is known, "
        "with its source, and what is missing. `icsml points` refuses them with that list. Whoever has the table "
        "completes the file: [put in the official weights](../../how-to/official-weights.md).",
    ]
    return "\n\n".join([*parts, *(_outline(each) for each in outlines)]) + "\n"


def _outline(outline: Outline) -> str:
    facts = "\n".join(f"- {each.text.en} {each.text.zh} (`{each.provenance}`)" for each in outline.facts)
    missing = "\n".join(f"- {each.en} {each.zh}" for each in outline.missing)
    parts = [
        f"## `{outline.id}`",
        *_identity(outline),
        f"{outline.scope}; in force {_in_force(outline)} Known since {outline.known_since}.",
        f"Known:\n\n{facts}",
        f"Missing:\n\n{missing}",
        *([outline.note.strip()] if outline.note else []),
        _sources(outline),
    ]
    return "\n\n".join(parts)
