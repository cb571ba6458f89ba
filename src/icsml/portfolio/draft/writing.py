"""A draft as the text of a mapping: every line with its evidence, what is open marked DECIDE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml

from icsml.portfolio.draft.column_guess import ColumnGuess, Draft, EntryKeys, Role
from icsml.portfolio.draft.outcome_column import OutcomeGuess
from icsml.portfolio.mapping import Source

__all__ = ["LICENCE", "mapping_text", "open_questions"]

LICENCE = "to be stated"
_WIDE = 1 << 20
_NO_OUTCOME = "no column looks like an outcome; without one the rows can be scored, not trained on"
_NO_DATE = "no column looks like the date of the decision; without one a split by time is not possible"
_NO_ID = "no column looks like the identifier of the firm; rows are numbered"


def mapping_text(draft: Draft, name: str, outcome: OutcomeGuess | None) -> str:
    """Return the YAML of a draft.

    Parameters
    ----------
    draft : Draft
        What was guessed.
    name : str
        Name of the data set.
    outcome : OutcomeGuess, optional
        The outcome's values.
    """
    lines = [
        *_head(draft),
        f"name: {_scalar(name)}",
        _line(f"licence: {LICENCE}", "", "under which terms may the rows be used?"),
        *_source(draft.source, draft.reading),
        *_missing(draft.missing),
        *_outcome(draft, outcome),
        *_identifier(draft),
        *_as_of(draft),
        *_fields(draft.under(Role.FIELD)),
        *_features(draft.under(Role.FEATURE)),
        *_listed("known_after", draft.under(Role.KNOWN_AFTER)),
        *_listed("ignore", draft.under(Role.IGNORE)),
        *_split(draft),
    ]
    return "\n".join(lines) + "\n"


def open_questions(columns: Iterable[ColumnGuess]) -> tuple[str, ...]:
    """Return the questions that a person has to settle, the keys of the mapping before its columns."""
    guesses = list(columns)
    roles = {column.role for column in guesses}
    general = ["licence: under which terms may the rows be used?"]
    for role, question in ((Role.OUTCOME, _NO_OUTCOME), (Role.ID, _NO_ID), (Role.AS_OF, _NO_DATE)):
        general += [] if role in roles else [f"{role}: {question}"]
    if Role.OUTCOME in roles:
        general.append("outcome.event, horizon_months: what happened, and within how many months of the decision?")
    weighty = [guess for guess in guesses if guess.decide and guess.role in _FIRST]
    rest = [guess for guess in guesses if guess.decide and guess.role not in _FIRST]
    return (*general, *(f"{guess.name}: {guess.decide}" for guess in (*weighty, *rest)))


_FIRST = (Role.OUTCOME, Role.ID, Role.AS_OF, Role.EVENT_DATE)


def _head(draft: Draft) -> Iterator[str]:
    yield _comment(
        f"Drafted from {draft.file.name}: {draft.rows:,} rows, {len(draft.columns)} columns. Guessed by headings and"
        " values; nothing is settled."
    )
    yield _comment("To decide:")
    yield from (_comment(f"- {question}") for question in draft.decide)


def _source(source: Source, reading: Mapping[str, str]) -> Iterator[str]:
    yield "source:"
    for key in ("file", "sheet", "encoding", "separator", "decimal", "header_row", "skip_rows"):
        value = getattr(source, key)
        if key == "file" or value != Source.model_fields[key].get_default():
            value = "tab" if value == "\t" else list(value) if isinstance(value, tuple) else value
            yield _line(f"  {key}: {_scalar(value)}", reading.get(key, ""))


def _missing(missing: Mapping[str, int]) -> Iterator[str]:
    if missing:
        counts = ", ".join(f"{word} {count:,}" for word, count in missing.items())
        yield _line(f"missing: {_scalar([_value(word) for word in missing])}", f"in several columns: {counts}")


def _outcome(draft: Draft, outcome: OutcomeGuess | None) -> Iterator[str]:
    if outcome is None:
        yield _line("outcome: null", "", _NO_OUTCOME)
        return
    yield "outcome:"
    yield _line(f"  column: {_scalar(outcome.column)}", outcome.evidence, outcome.decide)
    for key in ("positive", "negative", "unknown"):
        values = getattr(outcome, key)
        if values:
            yield f"  {key}: {_scalar([_value(word) for word in values])}"
    evidence = "by the heading" if outcome.event else ""
    yield _line(f"  event: {_scalar(outcome.event)}", evidence, "default, bankruptcy or charge_off; null is not known")
    yield _line("  horizon_months: null", "", "within how many months of the decision? null is not known")
    for event in draft.under(Role.EVENT_DATE):
        yield _line(f"  event_date: {_entry(event)}", event.evidence, event.decide)


def _identifier(draft: Draft) -> Iterator[str]:
    columns = draft.under(Role.ID)
    if columns:
        yield _line(f"enterprise_id: {_scalar(columns[0].name)}", columns[0].evidence, columns[0].decide)
    else:
        yield _line("enterprise_id: null", "", _NO_ID)


def _as_of(draft: Draft) -> Iterator[str]:
    columns = draft.under(Role.AS_OF)
    if columns:
        yield _line(f"as_of: {_entry(columns[0])}", columns[0].evidence, columns[0].decide)
    else:
        yield _line("as_of: null", "", _NO_DATE)


def _fields(columns: list[ColumnGuess]) -> Iterator[str]:
    if columns:
        yield "fields:"
    for column in columns:
        yield _line(f"  {column.target}: {_entry(column)}", column.evidence, column.decide)


def _features(columns: list[ColumnGuess]) -> Iterator[str]:
    if columns:
        yield "extra_features:"
    for column in columns:
        content = {"column": column.name, "name": column.target, "group": "undecided", "direction": "free"}
        yield _line(f"  - {_scalar(content | _tokens(column.keys))}", column.evidence, column.decide)


def _listed(key: str, columns: list[ColumnGuess]) -> Iterator[str]:
    if columns:
        yield f"{key}:"
    for column in columns:
        yield _line(f"  - {_scalar(column.name)}", column.evidence, column.decide)
        if column.skeleton:
            values = {_value(word): None for word in column.skeleton}
            yield _comment(f"  as a feature: {_scalar({'column': column.name, 'values': values})}", 4)


def _split(draft: Draft) -> Iterator[str]:
    if draft.under(Role.AS_OF) and draft.under(Role.OUTCOME):
        yield _comment("split: {test_from: DATE} tests out of time; without it, five folds")


def _entry(column: ColumnGuess) -> str:
    """Return a column, with the keys that it needs."""
    return _scalar({"column": column.name} | _tokens(column.keys) if column.keys else column.name)


def _tokens(keys: EntryKeys) -> dict[str, object]:
    """Return keys, the values of the column among them as a person would write them."""
    entry: dict[str, object] = {**keys}
    if "missing" in keys:
        entry["missing"] = [_value(word) for word in keys["missing"]]
    if "values" in keys:
        entry["values"] = {_value(word): to for word, to in keys["values"].items()}
    if "scale" in keys and float(keys["scale"]).is_integer():
        entry["scale"] = int(keys["scale"])
    return entry


def _value(word: str) -> str | int:
    """Return a value of a column: a whole number as one."""
    return int(word) if word.lstrip("-").isascii() and word.lstrip("-").isdigit() and str(int(word)) == word else word


def _scalar(value: object) -> str:
    """Return a value in flow style on one line."""
    dumped = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, allow_unicode=True, width=_WIDE, sort_keys=False
    )
    return str(dumped).strip().removeprefix("[").removesuffix("]")


class _Dumper(yaml.SafeDumper):
    """Writes text that would break a line in double quotes, and knows no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def _line(content: str, evidence: str, decide: str | None = None) -> str:
    parts = [evidence] if evidence else []
    parts += [f"DECIDE: {decide}"] if decide else []
    return f"{content}  {_comment('. '.join(parts))}" if parts else content


def _comment(text: str, indent: int = 0) -> str:
    """Return a comment of one line, whatever the table's words contain."""
    kept = "".join(char if char.isprintable() else "·" for char in text)
    return f"{' ' * indent}# {kept}"
