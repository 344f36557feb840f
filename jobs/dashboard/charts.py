"""Charts, drawn as SVG by presentation attributes and classes: the policy forbids styles in a page."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.choices import Fate, Status
from jobs.dashboard.words import WORDS
from jobs.reading.board import SHOWN, Mark

# Of a strip: what succeeded stands on the line, as high as it took long; what went wrong hangs below it.
STEP, LINE, ABOVE, BELOW = 5, 16, 14, 6
# Of what succeeded in one digit: the stylesheet draws it ABOVE high.
HIGHEST = 9


def strip(marks: Sequence[Mark], begins: str = "<svg class=strip") -> SafeString:
    """The latest fates, oldest first: the shape says which went wrong, hollow ones had no run."""
    longest = max((mark.seconds or 0 for mark in marks if not mark.is_bad), default=0) or 1
    drawn: dict[str, _Path] = {name: _Path() for name in ("bad", "idle", "gap")}
    heights = [0] * len(marks)
    start = SHOWN - len(marks)
    for place, mark in enumerate(marks):
        at = (start + place) * STEP + 2
        height = max(round(ABOVE * (mark.seconds or 0) / longest), 2)
        if mark.fate == Status.SUCCEEDED:
            heights[place] = max(round(HIGHEST * (mark.seconds or 0) / longest), 1)
        elif mark.fate == Status.CANCELLED:
            drawn["idle"].stroke(at, LINE, -height)
        elif mark.fate == Fate.MISSED:
            drawn["gap"].box(at, LINE + 1, BELOW)
        elif mark.fate == Fate.SKIPPED:
            drawn["idle"].stroke(at, LINE, -1)
        else:
            drawn["bad"].stroke(at, LINE + 1, BELOW)
    parts = [("", _outline(start * STEP, heights)), *((f" class={name}", path.text) for name, path in drawn.items())]
    paths = format_html_join("", '<path{} d="{}"/>', ((name, text) for name, text in parts if text))
    return format_html(begins + ' role=img aria-label="{}">{}</svg>', said(marks), paths)


def _outline(x: int, heights: Sequence[int]) -> str:
    """What succeeded as one outline, half as long as a bar for each. The stylesheet cuts it into bars."""
    if not any(heights):
        return ""
    levels = [0, *heights, 0]
    moves = (f"{STEP}{'' if after > before else ' '}{before - after}" for before, after in pairwise(levels))
    return f"M{x - STEP // 2} {LINE}l{' '.join(moves)}"


class _Path:
    """Strokes and boxes, each moved to from the one before: 500 rows of thirty are to fit into a page."""

    def __init__(self) -> None:
        self.text = ""
        self._at = (0, 0)

    def stroke(self, x: int, y: int, height: int) -> None:
        self._move(x, y)
        self.text += f"v{height}"
        self._at = (x, y + height)

    def box(self, x: int, y: int, height: int) -> None:
        self._move(x - 1, y)
        self.text += f"h3v{height}h-3z"

    def _move(self, x: int, y: int) -> None:
        dx, dy = x - self._at[0], y - self._at[1]
        self.text += f"m{dx}{'' if dy < 0 else ' '}{dy}" if self.text else f"M{x} {y}"
        self._at = (x, y)


def said(marks: Sequence[Mark]) -> str:
    """The same in words: "28 ok, 2 failed"."""
    if not marks:
        return "no runs yet"
    fates = Counter[str]()
    for mark in marks:
        fates[mark.fate] += mark.count
    return ", ".join(f"{count} {WORDS[fate]}" for fate, count in fates.most_common())
