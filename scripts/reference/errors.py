"""``docs/reference/errors.md``, from the kinds of errors and the catalogue of codes, ``configs/errors/codes.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from icsml import errors
from icsml.texts.error_texts import ErrorCode, error_codes

__all__ = ["page"]

_HEAD = """# Errors

Every error that icsml raises on purpose has a stable code, the field or thing at fault, what is wrong and a remedy, in
one line on stderr:

```text
icsml: ICS-REC-001 revenu_cny: unknown field — see `icsml records schema` and `icsml records example`
```

A message names fields and never repeats a value of a customer's record. Codes are never given another meaning. This
page is made from `configs/errors/codes.yaml` by `python scripts/write_reference.py`; a test holds it and the source
together, both ways.

| Kind | Exit code |
| --- | --- |
{kinds}

The command line ends with 0 when it is done, 1 when a check said no, 2 on bad use or bad input, 3 when something it
needs is not there. The service answers with `application/problem+json` and the same codes; its status is named below
where the code belongs to the service alone. Otherwise bad input is 422, a conflict 409, and what the service itself
lacks 503. The title is that of the answer, in English or Chinese as `Accept-Language` asks.
The command line is English.
"""


def page() -> str:
    """Return the reference page as Markdown, one table a section."""
    kinds = "\n".join(f"| `{kind.__name__}` | {kind.exit_code} |" for kind in _kinds(errors.IcsmlError))
    return "\n".join([_HEAD.format(kinds=kinds), *(_section(*each) for each in error_codes().items())])


def _kinds(kind: type[errors.IcsmlError]) -> Iterator[type[errors.IcsmlError]]:
    yield kind
    for narrower in kind.__subclasses__():
        if narrower.__module__ == errors.__name__:
            yield from _kinds(narrower)


def _section(title: str, codes: Mapping[str, ErrorCode]) -> str:
    rows = "\n".join(_row(code, each) for code, each in codes.items())
    return f"## {title}\n\n| Code | Title | 标题 | Meaning | Remedy |\n| --- | --- | --- | --- | --- |\n{rows}\n"


def _row(code: str, entry: ErrorCode) -> str:
    status = f" ({entry.status})" if entry.status else ""
    return f"| {code} | {entry.title.en} | {entry.title.zh} | {entry.meaning}{status} | {entry.remedy} |"
