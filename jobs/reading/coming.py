"""The next occurrences of one job, each with what happens to it: skipped, or moved by a change of the clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from jobs.declarations.job import Job
from jobs.ledger.in_force import InForce
from jobs.reading import upcoming
from jobs.reading.upcoming import Stretch


class Coming(NamedTuple):
    """`note` says why it would be skipped, and what a change of the clock does to it; mostly empty."""

    at: datetime
    note: str


def coming(declared: Job, current: InForce, now: datetime, count: int) -> list[Coming]:
    """No query: what is in force is an argument."""
    return first_of(upcoming.stretches(declared, current, now), count)


def first_of(parts: Sequence[Stretch], count: int) -> list[Coming]:
    """The first occurrences of these stretches."""
    moments = upcoming.following(parts, count)
    notes = {moment: [part.skipped] if part.skipped else [] for moment, part in moments}
    for part in parts:
        within = [moment for moment, its_part in moments if its_part is part]
        for moment, note in upcoming.changed(part.schedule, within).items():
            notes[moment].append(f"{upcoming.named(note)} {upcoming.what_happens(part.schedule, note)}")
    return [Coming(moment, "; ".join(notes[moment])) for moment, _ in moments]
