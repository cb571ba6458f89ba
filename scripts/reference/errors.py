"""``docs/reference/errors.md``, from the kinds of errors and the catalogue of codes, ``errors.yaml``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from icsml import errors

__all__ = ["ErrorCode", "catalogue", "page"]

_HEAD = """# Errors

Every error that icsml raises on purpose has a stable code, the field or thing at fault, what is wrong and a remedy, in
one line on stderr:

```text
icsml: ICS-REC-001 revenu_cny: unknown field — see `icsml records schema` and `icsml records example`
```

A message names fields and never repeats a value of a customer's record. Codes are never given another meaning. This
page is made from `scripts/reference/errors.yaml` by `python scripts/write_reference.py`; a test holds it and the source
together, both ways.

| Kind | Exit code |
| --- | --- |
{kinds}

The command line ends with 0 when it is done, 1 when a check said no, 2 on bad use or bad input, 3 when something it
needs is not there. The service answers with `application/problem+json` and the same codes; its status is named below
where the code belongs to the service alone. Otherwise bad input is 422, a conflict 409, and what the service itself
lacks 503.
"""


class ErrorCode(BaseModel):
    """What a code means and what to do; the HTTP status where the code belongs to the service alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    remedy: str
    status: int | str | None = None

    def row(self, code: str) -> str:
        """Return the row of the page."""
        status = f" ({self.status})" if self.status else ""
        return f"| {code} | {self.meaning}{status} | {self.remedy} |"


_Code = Annotated[str, Field(pattern=r"^ICS-[A-Z]{3}-[0-9]{3}$")]
_CATALOGUE = TypeAdapter(dict[str, dict[_Code, ErrorCode]])


def catalogue() -> dict[str, dict[str, ErrorCode]]:
    """Return every code by section of the page, in the order of the page."""
    return _CATALOGUE.validate_python(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8")))


def page() -> str:
    """Return the reference page as Markdown, one table a section."""
    kinds = "\n".join(f"| `{kind.__name__}` | {kind.exit_code} |" for kind in _kinds(errors.IcsmlError))
    return "\n".join([_HEAD.format(kinds=kinds), *(_section(*each) for each in catalogue().items())])


def _kinds(kind: type[errors.IcsmlError]) -> Iterator[type[errors.IcsmlError]]:
    yield kind
    for narrower in kind.__subclasses__():
        if narrower.__module__ == errors.__name__:
            yield from _kinds(narrower)


def _section(title: str, codes: dict[str, ErrorCode]) -> str:
    rows = "\n".join(each.row(code) for code, each in codes.items())
    return f"## {title}\n\n| Code | Meaning | Remedy |\n| --- | --- | --- |\n{rows}\n"
