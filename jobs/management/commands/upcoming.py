"""`manage.py upcoming`: when all jobs are due next."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from jobs.declarations.registry import registry
from jobs.formats import counted, local_time, utc_time
from jobs.ledger import in_force, states
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format, whole_number
from jobs.reading import upcoming
from jobs.reading.upcoming import Coming
from jobs.schedule.describe import describe

HEADINGS = ("UTC", "BY THE JOB'S CLOCK", "JOB", "TIMES", "SCHEDULE")


class Command(LedgerCommand):
    help = "List the next occurrences of all jobs, in UTC and in each job's time zone."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hours",
            type=whole_number("hours", 366 * 24),
            default=24,
            help="How many hours to look ahead (default: %(default)s).",
        )
        parser.add_argument(
            "--each",
            action="store_true",
            help=f"List every occurrence, also of jobs with more than {upcoming.FOLD}, as --format json does.",
        )
        add_format(parser)

    def handle(self, *, hours: int, each: bool, format: str, **options: Any) -> None:
        now = states.clock()
        until = now + timedelta(hours=hours)
        fold = None if each or format == "json" else upcoming.FOLD
        found = upcoming.upcoming(registry.values(), now, until, fold, in_force.by_job(at=now))
        if format == "json":
            self.out.json([_facts(coming) for coming in found])
        elif found:
            words = {coming.schedule: describe(coming.schedule.expression) for coming in found}
            self.out.table(HEADINGS, [_cells(coming, words[coming.schedule]) for coming in found])
        else:
            self.stdout.write(f"Nothing is due in the next {counted(hours, 'hour')}.")


def _facts(coming: Coming) -> dict[str, Any]:
    return {
        "job": coming.job.name,
        "scheduled_for": coming.first,
        "local": coming.first.astimezone(coming.schedule.zone).isoformat(),
        "time_zone": coming.schedule.zone.key,
        "in_words": describe(coming.schedule.expression),
        "note": coming.skipped,
    }


def _cells(coming: Coming, words: str) -> tuple[str, ...]:
    zone = coming.schedule.zone
    return (
        utc_time(coming.first),
        f"{local_time(coming.first, zone)} {zone.key}",
        coming.job.name,
        f"{coming.count:,}" if coming.count > 1 else "1",
        f"{coming.skipped}: {words}" if coming.skipped else words,
    )
