"""Both pages in both languages, made by the commands, and a browser to open them in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from icsml.cli import main
from icsml.decision.decide import decide
from icsml.innovation.impact.rulebook_comparison import RulebookComparison
from icsml.model.bundle import Bundle
from icsml.records.enterprise import frame_records
from icsml.reports.report_facts import ReportFacts
from icsml.workflows.report import report_facts
from icsml.workflows.rulebook_diff import compare
from icsml.workflows.train import Trained

PAGES = [(kind, lang) for kind in ("diff", "list") for lang in ("en", "zh")]
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Report:
    """A page, the command that made it and what it printed as JSON."""

    path: Path
    lang: str
    command: tuple[str, ...]
    data: dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """A page in the browser, and what went on while it opened."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def reports(
    book_folder: Path, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Report]:
    """The four pages by kind and language."""
    folder = tmp_path_factory.mktemp("reports")
    book = str(book_folder / "enterprises.parquet")
    commands = {
        # A cut by points, so that not as many enter as leave.
        "diff": (
            *("rulebook", "diff", "national-2024", "national-2025", "--in", book),
            *("--cut-off", "50", "--model", str(bundle.folder)),
        ),
        "list": ("select", "--rulebook", "national-2024", "--in", book, "--top-share", "0.2", "--batch", "7"),
    }
    made = {}
    for kind, lang in PAGES:
        path = folder / f"{kind}-{lang}.html"
        out = ("--out", str(folder / f"{kind}-{lang}.parquet")) if kind == "list" else ()
        command = (*commands[kind], *out, "--lang", lang, "--html", str(path))
        made[kind, lang] = Report(path, lang, command, _run(*command))
    return made


@pytest.fixture(scope="session")
def comparison(book_folder: Path, bundle: Bundle) -> RulebookComparison:
    """The comparison of which the page of a change of rules is made."""
    source = book_folder / "enterprises.parquet"
    return compare("national-2024", "national-2025", source=source, cut_off=50, bundle=bundle)


def _run(*command: str) -> dict[str, Any]:
    with redirect_stdout(StringIO()) as out:
        assert main._run([*command, "--json"]) == 0
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture(scope="session")
def found(trained: Trained) -> ReportFacts:
    """What the auditor's report says of the small model on its book."""
    return report_facts(trained.bundle, trained.dataset, version="3")


@pytest.fixture(scope="session")
def decision(bundle: Bundle, enterprises: pd.DataFrame) -> dict[str, Any]:
    """A decision as JSON."""
    record = frame_records(enterprises.iloc[[5]])[0]
    at = datetime(2026, 7, 1, tzinfo=UTC)
    made = decide(bundle, record, decision_id="d-1", decided_at=at, version="3").decision
    found: dict[str, Any] = made.model_dump(mode="json")
    return found


@pytest.fixture(params=PAGES, ids="-".join)
def report(request: pytest.FixtureRequest, reports: dict[tuple[str, str], Report]) -> Report:
    """Each of the four pages."""
    return reports[request.param]


@pytest.fixture(params=["en", "zh"])
def diff(request: pytest.FixtureRequest, reports: dict[tuple[str, str], Report]) -> Report:
    """The page of a change of rules, in each language."""
    return reports["diff", request.param]


@pytest.fixture(params=["en", "zh"])
def listing(request: pytest.FixtureRequest, reports: dict[tuple[str, str], Report]) -> Report:
    """The page of a list, in each language."""
    return reports["list", request.param]


# Not for the session: while Playwright runs, no other test could start an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Where it could be had, its absence is a failure."""
    executable = shutil.which("chromium")
    if executable is None:
        wanting = "no chromium: run `make test`, or install it (Debian: chromium, fonts-wqy-microhei)"
        could_be_had = os.getuid() == 0 and shutil.which("apt-get") is not None
        (pytest.fail if os.environ.get("CI") or could_be_had else pytest.skip)(wanting)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=list(FLAGS), chromium_sandbox=False)
        yield started
        started.close()


@pytest.fixture(scope="module")
def open_page(browser: Browser) -> Callable[..., Opened]:
    """Open a file offline in a window of a width, once, recording every request and complaint."""

    @cache
    def open_(path: Path, width: int = 1200, *, is_mobile: bool = False) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, is_mobile=is_mobile)
        context.set_offline(True)
        opened = Opened(context.new_page(), path.as_uri())
        context.on("request", lambda request: opened.requests.append(request.url))
        context.on("console", lambda message: opened.complaints.append(message.text))
        context.on("weberror", lambda error: opened.complaints.append(str(error.error)))
        context.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        opened.page.goto(opened.url, wait_until="load")
        return opened

    return open_
