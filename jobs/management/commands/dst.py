"""`manage.py dst JOB`: what the changes of the clock do to a job."""

from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.core.management.base import CommandParser

from jobs.formats import format_duration, utc_time
from jobs.ledger import states
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format
from jobs.management.schedules import scheduled
from jobs.reading import upcoming
from jobs.schedule.clock_changes import Change
from jobs.schedule.occurrences import Note, Schedule

HEADINGS = ("", "TIME", "WHAT HAPPENS", "DUE (UTC)")
# What is due each minute has sixty occurrences in a doubled hour: one row says as much.
MOST = 6


class Command(LedgerCommand):
    help = "Show which of a job's occurrences clock changes move, double or drop in a year."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument("--year", type=year_of_the_calendar, help="Default: this year.")
        add_format(parser)

    def handle(self, *, job: str, year: int | None, format: str, **options: Any) -> None:
        schedule = scheduled(job)
        year = year or states.clock().year
        notes = list(schedule.dst_notes(year))
        if format == "json":
            self.out.json([_facts(note, schedule) for note in notes])
            return
        for change in schedule.clock_changes(year):
            self.stdout.write(_sentence(schedule, change))
            rows = list(_rows(schedule, [note for note in notes if _belongs(note, change)]))
            if rows:
                self.out.table(HEADINGS, rows)
            else:
                self.stdout.write(f"It affects no occurrence of {job}.")
        if not schedule.clock_changes(year):
            self.stdout.write(f"The clock of {schedule.zone.key} doesn't change in {year}.")


def year_of_the_calendar(text: str) -> int:
    if not text.isdecimal() or not 1900 <= int(text) <= 9000:
        raise ArgumentTypeError(f"{text!r} is not a year. Write one from 1900 to 9000.")
    return int(text)


def _sentence(schedule: Schedule, change: Change) -> str:
    before, after = change.at + change.before, change.at + change.after
    way = "forward" if after > before else "back"
    to = f"{after:%H:%M}" if after.date() == before.date() else f"{after:%H:%M on %Y-%m-%d}"
    return (
        f"On {before:%A, %Y-%m-%d} the clock of {schedule.zone.key} goes {way} by "
        f"{format_duration(abs(after - before))}, "
        f"from {before:%H:%M} to {to}."
    )


def _belongs(note: Note, change: Change) -> bool:
    return min(change.before, change.after) <= note.wall - change.at < max(change.before, change.after)


def _rows(schedule: Schedule, notes: Iterable[Note]) -> Iterator[tuple[str, ...]]:
    for kind, group in groupby(notes, key=lambda note: note.kind):
        together = list(group)
        first, last = together[0], together[-1]
        if len(together) > MOST:
            words = f"{len(together):,} times; the first {upcoming.what_happens(schedule, first)}"
            yield kind, f"{upcoming.named(first)} to {upcoming.named(last)}", words, _moments(first)
        else:
            for note in together:
                yield kind, upcoming.named(note), upcoming.what_happens(schedule, note), _moments(note)


def _moments(note: Note) -> str:
    return " and ".join(map(utc_time, note.runs))


def _facts(note: Note, schedule: Schedule) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "named": note.wall.isoformat(),
        "time_zone": schedule.zone.key,
        "scheduled_for": list(note.runs),
        "in_words": f"{upcoming.named(note)} {upcoming.what_happens(schedule, note)}",
    }
