"""Each end, and each occurrence without a run, is counted once in the statistics of its day."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos import occurrences
from tests.chaos.history import ENDED, DayCount, History, Violation


def check(history: History, counts: Counter[str]) -> Iterator[Violation]:
    if history.days is None:
        return
    expected: Counter[DayCount] = Counter()
    for run in history.runs:
        if run.status in ENDED and run.finished_at is not None:
            expected[DayCount(run.job, run.finished_at.date(), run.trigger, run.status)] += 1
    for gap in history.gaps:
        trigger = "chain" if gap.reason == "predecessor" else "schedule"
        for at in occurrences.covers(gap):
            expected[DayCount(gap.job, at.date(), trigger, gap.reason)] += 1
    counts["ends and gaps counted by day"] += expected.total()
    for key in sorted(expected.keys() | history.days.keys()):
        if expected[key] != history.days[key]:
            text = f"{key.what} of {key.job} on {key.day} ({key.trigger}): {history.days[key]}, and was {expected[key]}"
            yield Violation(kind="day counted wrong", text=text)
