"""``extends``: an edition written as changes to another one.

The two documents are merged as YAML nodes, so that every part still knows the file and line it was written in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import yaml

from icsml.core.yaml import compose, construct, line_of
from icsml.errors import ConfigError, MissingError

__all__ = ["Text", "resolve"]

Text = tuple[str, str]
"""The text of a rulebook file, and its name."""

_OWN: Final = ("format", "id", "edition", "scope", "title", "issuer", "in_force", "known_since")
_NOT_INHERITED: Final = (*_OWN, "note", "corrects", "extends", "remove", "derived_from")
_MERGED: Final = ("eligibility", "provenance")
_BY_ID: Final = ("sources", "categories", "indicators", "definitions", "conditions", "vetoes", "any_of")


def resolve(text: str, name: str, find: Callable[[str], Text]) -> tuple[yaml.Node | None, bool]:
    """Return the document of a rulebook file, merged with the one it extends, and whether it extends any.

    Parameters
    ----------
    text, name : str
        The file.
    find : callable
        From the id of a rulebook to its text.

    Raises
    ------
    ConfigError
        ``ICS-RUL-001`` for what is no YAML, ``ICS-RUL-018`` for a cycle, ``ICS-RUL-019`` for a base that is not there
        or an overlay that does not state its own identity, ``ICS-RUL-020`` for a removal of what is not there.
    """
    return _resolve(text, name, find, ())


def _resolve(
    text: str, name: str, find: Callable[[str], Text], above: tuple[str, ...]
) -> tuple[yaml.Node | None, bool]:
    node = compose(text, name, code="ICS-RUL-001")
    base_id = _scalar(node, "extends")
    if not isinstance(node, yaml.MappingNode) or base_id is None:
        return node, False
    construct(node, name, code="ICS-RUL-001")  # a key written twice would vanish in the merge
    where = f"{line_of(node, ('extends',), name)}: extends"
    chain = above or (_scalar(node, "id") or name,)  # a base by the id it was read by, whatever its own
    if base_id in chain:
        cycle = " → ".join((*chain[chain.index(base_id) :], base_id))
        raise ConfigError("ICS-RUL-018", f"extends itself: {cycle}", field=where, remedy="let one of them stand alone")
    _refuse_anonymous(node, name)
    try:
        base_text, base_name = find(base_id)
    except MissingError as error:
        raise ConfigError("ICS-RUL-019", error.message, field=where, remedy=error.remedy) from error
    base, _ = _resolve(base_text, base_name, find, (*chain, base_id))
    if _scalar(base, "format") == "1":
        remedy = "write the base in format 2"
        raise ConfigError("ICS-RUL-019", f"{base_id} is of format 1, which has no overlays", field=where, remedy=remedy)
    if not isinstance(base, yaml.MappingNode) or _scalar(base, "evaluable") == "false":
        remedy = "extend one that can be evaluated"
        raise ConfigError("ICS-RUL-019", f"{base_id} is documented only, it has no points", field=where, remedy=remedy)
    _refuse_foreknown(base, node, base_id, name)
    return _overlaid(base, node, base_id, name), True


def _refuse_anonymous(node: yaml.MappingNode, name: str) -> None:
    absent = [key for key in _OWN if _get(node, key) is None]
    if absent:
        raise ConfigError(
            "ICS-RUL-019",
            "an overlay states this itself, and does not inherit it",
            field=f"{line_of(node, (), name)}: {absent[0]}",
            remedy="add it",
        )


def _refuse_foreknown(base: yaml.MappingNode, node: yaml.MappingNode, base_id: str, name: str) -> None:
    """Refuse an overlay that was known before its base, whose content it contains."""
    known, base_known = _scalar(node, "known_since"), _scalar(base, "known_since")
    if known is not None and base_known is not None and known < base_known:
        raise ConfigError(
            "ICS-RUL-013",
            f"lies before {base_id}, which it extends, was known",
            field=f"{line_of(node, ('known_since',), name)}: known_since",
            remedy=f"state {base_known} or later",
        )


def _overlaid(base: yaml.MappingNode, node: yaml.MappingNode, base_id: str, name: str) -> yaml.MappingNode:
    kept = [(key, value) for key, value in base.value if key.value not in _NOT_INHERITED]
    inherited = _without(yaml.MappingNode(base.tag, kept, base.start_mark, base.end_mark), node, name)
    if _get(node, "derived_from") is not None:
        raise ConfigError(
            "ICS-RUL-019",
            "is stated by the merged whole, not by an overlay",
            field=f"{line_of(node, ('derived_from',), name)}: derived_from",
            remedy="take it out",
        )
    pairs = [(key, value) for key, value in node.value if key.value not in ("extends", "remove")]
    merged = _merged(inherited, yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark))
    merged.value.append(_lineage(base, base_id))
    return merged


def _lineage(base: yaml.MappingNode, base_id: str) -> tuple[yaml.Node, yaml.Node]:
    older = _get(base, "derived_from")
    names = [item.value for item in older.value] if isinstance(older, yaml.SequenceNode) else []
    text = "tag:yaml.org,2002:str"
    mark = (base.start_mark, base.end_mark)
    items = [yaml.ScalarNode(text, identifier, *mark) for identifier in (base_id, *names)]
    return yaml.ScalarNode(text, "derived_from", *mark), yaml.SequenceNode("tag:yaml.org,2002:seq", items, *mark)


def _without(base: yaml.MappingNode, node: yaml.MappingNode, name: str) -> yaml.MappingNode:
    """Remove parts as the overlay declares: ``remove: {indicators: [a, b]}``, or all: ``remove: {stages: all}``."""
    removed = construct(_get(node, "remove"), name, code="ICS-RUL-001") or {}
    pairs = list(base.value)
    for key, names in removed.items() if isinstance(removed, dict) else [("remove", removed)]:
        index = next((i for i, (node_key, _) in enumerate(pairs) if node_key.value == key), None)
        listed = pairs[index][1] if index is not None else None
        known = _ids(listed)
        wanted = names if isinstance(names, list) and all(isinstance(identifier, str) for identifier in names) else []
        if listed is None or index is None or (names != "all" and (not wanted or not set(wanted) <= set(known))):
            raise ConfigError(
                "ICS-RUL-020",
                "there is nothing of that name to remove in the base",
                field=f"{line_of(node, ('remove', str(key)), name)}: remove.{key}",
                remedy=f"a list of ids of {', '.join(known)}" if known else "a list of ids, or all",
            )
        if names == "all":
            del pairs[index]
            continue
        items = [item for item in listed.value if _scalar(item, "id") not in wanted]
        pairs[index] = (pairs[index][0], yaml.SequenceNode(listed.tag, items, listed.start_mark, listed.end_mark))
    return yaml.MappingNode(base.tag, pairs, base.start_mark, base.end_mark)


def _merged(base: yaml.MappingNode, over: yaml.MappingNode) -> yaml.MappingNode:
    """Return the base with every key that the overlay writes.

    Lists of things with an ``id`` are merged by it, ``eligibility`` and ``provenance`` key by key; anything else is
    replaced whole.
    """
    written = {key.value: (key, value) for key, value in over.value}
    pairs = []
    for key, value in base.value:
        if key.value not in written:
            pairs.append((key, value))
            continue
        new_key, new = written.pop(key.value)
        pairs.append((new_key, _joined(key.value, value, new)))
    pairs += written.values()
    return yaml.MappingNode(base.tag, pairs, over.start_mark, over.end_mark)


def _joined(key: str, old: yaml.Node, new: yaml.Node) -> yaml.Node:
    if key in _MERGED and isinstance(old, yaml.MappingNode) and isinstance(new, yaml.MappingNode):
        return _merged(old, new)
    if not (isinstance(old, yaml.SequenceNode) and isinstance(new, yaml.SequenceNode)):
        return new
    if key in _BY_ID and _ids(old) and _ids(new):
        return _merged_by_id(old, new)
    return new


def _merged_by_id(old: yaml.SequenceNode, new: yaml.SequenceNode) -> yaml.SequenceNode:
    written = {_scalar(item, "id"): item for item in new.value}
    known = set(_ids(old))
    items = [
        _merged(item, written[_scalar(item, "id")]) if _scalar(item, "id") in written else item for item in old.value
    ]
    items += [item for item in new.value if _scalar(item, "id") not in known]
    return yaml.SequenceNode(old.tag, items, new.start_mark, new.end_mark)


def _ids(node: yaml.Node | None) -> list[str]:
    if not isinstance(node, yaml.SequenceNode):
        return []
    return [name for item in node.value if (name := _scalar(item, "id")) is not None]


def _get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for node_key, value in pairs if node_key.value == key), None)


def _scalar(node: yaml.Node | None, key: str) -> str | None:
    value = _get(node, key)
    return str(value.value) if isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null" else None
