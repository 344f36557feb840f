"""`manage.py runs`: the latest runs."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.choices import Status
from jobs.declarations.registry import UnknownJob, registry
from jobs.formats import NOTHING, clock, format_duration, relative
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format, whole_number
from jobs.models import Run
from jobs.reading import keyset
from jobs.reading.overview import run_facts

HEADINGS = ("RUN", "JOB", "TRIGGER", "DUE", "STARTED", "TOOK", "STATUS", "NOTE")


class Command(LedgerCommand):
    help = "List the latest runs, of one job or of all."
    # An operator looks here when something is wrong, perhaps with a declaration.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", help="Only this job's runs.")
        parser.add_argument("--status", choices=Status.values, help="Only runs with this status.")
        parser.add_argument("--pinned", action="store_true", help="Only pinned runs, which stay for ever.")
        parser.add_argument(
            "--limit", type=whole_number("runs", 100_000), default=20, help="How many (default: %(default)s)."
        )
        add_format(parser)

    def handle(
        self, *, job: str | None, status: str | None, pinned: bool, limit: int, format: str, **options: Any
    ) -> None:
        if pinned:  # few: they have an index of their own
            chosen = {name: value for name, value in (("job", job), ("status", status)) if value}
            runs = list(Run.objects.filter(pinned=True, **chosen).latest_first()[:limit])
        else:
            runs = list(keyset.runs(Run.objects.all(), job, status)[:limit])
        if job and not runs:
            _must_be_known(job)
        if format == "json":
            self.out.json([run_facts(run) for run in runs])
        elif not runs:
            self.stdout.write(
                f"No {f'{status} ' if status else ''}{'pinned ' if pinned else ''}runs{f' of {job}' if job else ''}."
            )
        else:
            now = timezone.localtime()
            self.out.table(HEADINGS, [_cells(run, now) for run in runs])


def _must_be_known(job: str) -> None:
    try:
        registry[job]
    except UnknownJob as error:
        # A job that is declared no more may have runs still.
        if not Run.objects.filter(job=job).exists():
            raise CommandError(str(error)) from None


def _cells(run: Run, now: datetime) -> tuple[str, ...]:
    return (
        str(run.pk),
        run.job,
        run.trigger,
        clock(run.scheduled_for, now),
        relative(run.started_at, now),
        format_duration(run.duration),
        run.status,
        _note(run),
    )


def _note(run: Run) -> str:
    if run.error or run.result is None:
        return run.error or NOTHING
    return run.result if isinstance(run.result, str) else json.dumps(run.result)
