"""`manage.py next JOB`: when a job is due next."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs import ahead, states
from jobs.describe import describe
from jobs.management.printing import add_format, as_json, as_table, at_least_one
from jobs.management.schedules import scheduled
from jobs.presentation import NOTHING, local_time, relative, utc_time


class Command(BaseCommand):
    help = "List a job's next occurrences, by the clock of its zone and in UTC."
    # It may be a wrong declaration that one looks at.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument(
            "-n", type=at_least_one("occurrences"), default=10, dest="count", help="How many (default: %(default)s)."
        )
        add_format(parser)

    def handle(self, *, job: str, count: int, format: str, **options: Any) -> None:
        schedule, now = scheduled(job), states.clock()
        moments = ahead.following(schedule, now, count)
        changed = ahead.changed(schedule, moments)
        notes = {run: f"{ahead.named(note)} {ahead.what_happens(schedule, note)}" for run, note in changed.items()}
        if format == "json":
            rows = [
                {"job": job, "scheduled_for": moment, "local": moment.astimezone(schedule.zone).isoformat()}
                | {"time_zone": schedule.zone.key, "note": notes.get(moment, "")}
                for moment in moments
            ]
            self.stdout.write(as_json(rows))
            return
        self.stdout.write(f"{job}: {describe(schedule.expression)}, {schedule.zone.key}")
        if not moments:
            return
        headings = (f"DUE ({schedule.zone.key})", "UTC", "FROM NOW", *(["CHANGE OF THE CLOCK"] if notes else []))
        cells = [
            (local_time(moment, schedule.zone), utc_time(moment), relative(moment, now))
            + ((notes.get(moment, NOTHING),) if notes else ())
            for moment in moments
        ]
        self.stdout.write(as_table(headings, cells))
