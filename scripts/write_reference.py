"""Write every generated file anew: ``python scripts/write_reference.py``."""

from pathlib import Path

from reference import files

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    for name, text in files().items():
        (ROOT / name).write_text(text, "utf-8")
