"""`manage.py next JOB`: when a job is due next."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandParser

from jobs.declarations.registry import registry
from jobs.formats import NOTHING, local_time, relative, utc_time
from jobs.ledger import in_force, states
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format, whole_number
from jobs.management.schedules import scheduled
from jobs.reading import upcoming
from jobs.reading.upcoming import Stretch
from jobs.schedule.describe import describe


class Command(LedgerCommand):
    help = "List a job's next occurrences, in its time zone and in UTC."
    # It may be a wrong declaration that one looks at.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument(
            "-n",
            type=whole_number("occurrences", 10_000),
            default=10,
            dest="count",
            help="How many (default: %(default)s).",
        )
        add_format(parser)

    def handle(self, *, job: str, count: int, format: str, **options: Any) -> None:
        schedule, now = scheduled(job), states.clock()
        parts = upcoming.stretches(registry[job], in_force.by_job([job], now).get(job, InForce()), now)
        moments = upcoming.following(parts, count)
        notes = _notes(parts, moments)
        if format == "json":
            rows = [
                {"job": job, "scheduled_for": moment, "local": moment.astimezone(schedule.zone).isoformat()}
                | {"time_zone": schedule.zone.key, "note": notes.get(moment, "")}
                for moment, _ in moments
            ]
            self.out.json(rows)
            return
        self.stdout.write(f"{job}: {_in_words(parts, schedule.zone)}")
        if not moments:
            return
        headings = (f"DUE ({schedule.zone.key})", "UTC", "FROM NOW", *(["NOTE"] if notes else []))
        cells = [
            (local_time(moment, schedule.zone), utc_time(moment), relative(moment, now))
            + ((notes.get(moment, NOTHING),) if notes else ())
            for moment, _ in moments
        ]
        self.out.table(headings, cells)


def _notes(parts: Sequence[Stretch], moments: Sequence[tuple[datetime, Stretch]]) -> dict[datetime, str]:
    """What skips an occurrence, and what a change of the clock does to it."""
    notes = {moment: part.skipped for moment, part in moments if part.skipped}
    for part in parts:
        changed = upcoming.changed(part.schedule, [moment for moment, its_part in moments if its_part is part])
        for moment, note in changed.items():
            what = f"{upcoming.named(note)} {upcoming.what_happens(part.schedule, note)}"
            notes[moment] = f"{notes[moment]}; {what}" if moment in notes else what
    return notes


def _in_words(parts: Sequence[Stretch], zone: ZoneInfo) -> str:
    """Each schedule with its zone: "At 05:00 every day, UTC, until Fri 2027-04-02 00:00:00 +00:00; then …"."""
    lines = []
    for schedule, same in groupby(parts, key=lambda part: part.schedule):
        *_, last = same
        end = f", until {local_time(last.until + INSTANT, zone)}" if last.until < upcoming.FOREVER else ""
        lines.append(f"{describe(schedule.expression)}, {schedule.zone.key}{end}")
    return "; then ".join(lines)
