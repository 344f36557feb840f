"""Which files are generated, and by what."""

from collections.abc import Callable
from pathlib import Path

from tools.reference import commands, settings

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[str, Callable[[], str]] = {
    ".env.example": settings.example,
    "docs/reference/settings.md": settings.page,
    "docs/reference/commands.md": commands.page,
}


def write() -> None:
    for path, text in PAGES.items():
        (ROOT / path).write_text(text())
