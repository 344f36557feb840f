"""The commands that a page of the documentation shows: the lines after `$` in its ```console blocks."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command_lines(page):
    """Each line, in the page's order, without its output."""
    blocks = re.findall(r"^```console\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
