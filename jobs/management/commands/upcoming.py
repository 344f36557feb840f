"""`manage.py upcoming`: what all jobs are due for."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs import ahead, states
from jobs.ahead import Coming
from jobs.declarations import registry
from jobs.describe import describe
from jobs.disabled import setting_that_disables
from jobs.management.printing import add_format, as_json, as_table, at_least_one
from jobs.models import JobState
from jobs.presentation import counted, local_time, utc_time

HEADINGS = ("UTC", "BY THE JOB'S CLOCK", "JOB", "TIMES", "SCHEDULE")


class Command(BaseCommand):
    help = "List the occurrences of all jobs in the hours ahead, in UTC and by the clock of each job's zone."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hours", type=at_least_one("hours"), default=24, help="How far to look (default: %(default)s)."
        )
        parser.add_argument(
            "--each",
            action="store_true",
            help=f"Also list each occurrence of jobs with more than {ahead.FOLD}, as --format json does.",
        )
        add_format(parser)

    def handle(self, *, hours: int, each: bool, format: str, **options: Any) -> None:
        now = states.clock()
        until = now + timedelta(hours=hours)
        fold = None if each or format == "json" else ahead.FOLD
        found = ahead.upcoming(registry.values(), now, until, fold)
        stopped = _stopped(now)
        if format == "json":
            self.stdout.write(as_json([_facts(coming, stopped) for coming in found]))
        elif found:
            words = {coming.job.name: describe(coming.schedule.expression) for coming in found}
            self.stdout.write(as_table(HEADINGS, [_cells(coming, words, stopped) for coming in found]))
        else:
            self.stdout.write(f"Nothing is due within {counted(hours, 'hour')}.")


def _stopped(now: datetime) -> dict[str, str]:
    """Jobs whose occurrences would be skipped, and why. One query for all."""
    paused = {
        state.job: f"paused by {state.paused_by or 'nobody knows'}"
        for state in JobState.objects.filter(paused_at__isnull=False)
        if state.is_paused(now)
    }
    disabled = {name: "disabled in Azure" for name in registry if setting_that_disables(name)}
    return paused | disabled


def _facts(coming: Coming, stopped: dict[str, str]) -> dict[str, Any]:
    return {
        "job": coming.job.name,
        "scheduled_for": coming.first,
        "local": coming.first.astimezone(coming.schedule.zone).isoformat(),
        "time_zone": coming.schedule.zone.key,
        "in_words": describe(coming.schedule.expression),
        "note": stopped.get(coming.job.name, ""),
    }


def _cells(coming: Coming, words: dict[str, str], stopped: dict[str, str]) -> tuple[str, ...]:
    name, zone = coming.job.name, coming.schedule.zone
    note = f"{stopped[name]}: " if name in stopped else ""
    return (
        utc_time(coming.first),
        f"{local_time(coming.first, zone)} {zone.key}",
        name,
        f"{coming.count:,}" if coming.count > 1 else "1",
        note + words[name],
    )
