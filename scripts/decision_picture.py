#!/usr/bin/env python3
"""Draw docs/images/decision.png: the page of one decision, by a model trained on a simulated book (half a minute)."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import icsml

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "decision.png"
A4_WIDTH, PADDING, SHARPNESS, COLOURS = 794, 36, 1.5, 32


def page(folder: Path) -> str:
    """Return the page of the example record: the book, the model and the decision of docs/tutorial/first-hour.md."""
    icsml.synthesize(2000, 7, "small", folder / "book")
    bundle = icsml.train_bundle(folder / "book", icsml.load_training_config()).bundle
    record = icsml.parse_record(icsml.example_record())
    decided_at = datetime(2026, 7, 1, tzinfo=UTC)
    decision = icsml.decide(bundle, record, decision_id="example (simulated)", decided_at=decided_at).decision
    return icsml.decision_page(decision.model_dump(mode="json"), "en")


def photograph(html: str) -> Image.Image:
    """Return the page as it prints, cut at its foot."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-gpu"])
        tab = browser.new_page(viewport={"width": A4_WIDTH, "height": 100}, device_scale_factor=SHARPNESS)
        tab.emulate_media(media="print")
        tab.set_content(html)
        tab.add_style_tag(content=f"body {{ padding: {PADDING}px; print-color-adjust: exact }}")
        picture = tab.screenshot(full_page=True)
        browser.close()
    return Image.open(BytesIO(picture))


def main() -> None:
    """Draw the picture, in few colours so that it stays small."""
    with tempfile.TemporaryDirectory() as folder:
        html = page(Path(folder))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    photograph(html).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
