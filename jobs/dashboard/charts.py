"""Charts, drawn as SVG by presentation attributes and classes: the policy forbids styles in a page."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from django.utils.safestring import SafeString

from jobs.choices import Fate, Status
from jobs.dashboard.words import WORDS
from jobs.reading.board import KEPT, SHOWN, Marks

# Of a strip: what succeeded stands on the line, as high as it took long; what went wrong hangs below it, and hollow
# what had no run.
LINE, ABOVE, BELOW = 16, 14, 6
# Of what succeeded in one digit: the stylesheet draws it ABOVE high.
HIGHEST = 4
KINDS = {
    Fate.MISSED.value: "gap",
    Fate.SKIPPED.value: "idle",
    Status.CANCELLED.value: "cut",
}


@lru_cache(KEPT)
def strip(marks: Marks, begins: str = "<svg class=strip") -> SafeString:
    """The latest fates, oldest first: the shape says which went wrong, hollow ones had no run.

    Neighbours of one kind are one stroke, which the stylesheet cuts into cells and stretches, each from 1 to 5 pixels:
    500 strips are to fit into a page.
    """
    longest = max((mark.seconds or 0 for mark in marks if mark.fate == Status.SUCCEEDED), default=0) or 1
    start, heights, kinds = SHOWN - len(marks), [], []
    for mark in marks:
        if mark.fate == Status.SUCCEEDED:
            heights.append(max(round(HIGHEST * (mark.seconds or 0) / longest), 1))
            kinds.append("")
        else:
            heights.append(0)
            kinds.append(KINDS.get(mark.fate, "bad"))
    parts = [_outline(start, heights), *(_strokes(kind, start, kinds) for kind in ROWS if kind in kinds)]
    # Numbers and words of ours: nothing in it needs to be escaped.
    return SafeString(f"{begins}><title>{said(marks)}</title>{''.join(parts)}</svg>")


def _outline(start: int, heights: Sequence[int]) -> str:
    """What succeeded as one outline, half as long as a bar for each. The stylesheet cuts it into bars."""
    if not any(heights):
        return ""
    levels = [0, *heights, 0]
    moves = (
        f"{count}{'' if change < 0 else ','}{change * count}"
        for change, count in _counted(before - after for before, after in pairwise(levels))
    )
    return f"<path d=M{f'{start - 0.4:g}'.replace('-0', '-')},{LINE}l{','.join(moves)} />"


# Of each kind the middles of its strokes, from the line downwards.
ROWS = {"cut": (-3,), "idle": (-1,), "gap": (1, BELOW), "bad": (4,)}


def _strokes(kind: str, start: int, kinds: Sequence[str]) -> str:
    """The strokes of a kind: one for each row of neighbours."""
    text, at, place = "", (0, 0), start
    for each, count in _counted(kinds):
        if each == kind:
            for below in ROWS[kind]:
                x, y = place, LINE + below
                dx, dy = x - at[0], y - at[1]
                text += f"m{dx}{'' if dy < 0 else ','}{dy}h{count}" if text else f"M{x},{y}h{count}"
                at = (x + count, y)
        place += count
    return f"<path class={kind} d={text} />"


def _counted[T](values: Iterable[T]) -> Iterator[tuple[T, int]]:
    return ((value, len(list(group))) for value, group in groupby(values))


def said(marks: Marks) -> str:
    """The same in words: "28 ok, 2 failed"."""
    if not marks:
        return "no runs yet"
    fates = Counter[str]()
    for mark in marks:
        fates[mark.fate] += mark.times
    return ", ".join(f"{count} {WORDS[fate]}" for fate, count in fates.most_common())
