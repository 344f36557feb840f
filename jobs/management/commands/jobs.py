"""`manage.py jobs`: what is declared, how it last went, when it is due next."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from jobs.declarations.graph import Graph
from jobs.declarations.registry import registry
from jobs.formats import NOTHING, clock, relative
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format
from jobs.reading.overview import Overview, overview, run_facts

HEADINGS = ("JOB", "SCHEDULE", "LAST RUN", "NEXT RUN")


class Command(LedgerCommand):
    help = "List the declared jobs with their schedule, latest run and next run."

    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_format(parser)
        parser.add_argument("--tree", action="store_true", help="Show pipelines: each step below its predecessor.")
        parser.add_argument("--words", action="store_true", help="Show schedules in words.")

    def handle(self, *, format: str, tree: bool, words: bool, **options: Any) -> None:
        rows = overview()
        if format == "json":
            self.out.json([_facts(row) for row in rows])
        elif not rows:
            self.stdout.write(
                'No jobs are declared. Write declare("clearsessions", schedule="0 0 3 * * *") in a schedule.py.'
            )
        else:
            known = {row.name: row for row in rows}
            depths = Graph(registry.values()).as_tree() if tree else ((0, job) for job in registry.values())
            now = timezone.localtime()
            self.out.table(HEADINGS, [_cells(known[job.name], depth, now, words) for depth, job in depths])


def _facts(row: Overview) -> dict[str, Any]:
    last = row.last_run
    return {name: getattr(row, name) for name in Overview.__slots__} | {"last_run": run_facts(last) if last else None}


def _cells(row: Overview, depth: int, now: datetime, words: bool) -> tuple[str, ...]:
    return (
        "   " * (depth - 1) + "└─ " + row.name if depth else row.name,
        _schedule(row, words),
        _last_run(row, now),
        _next_run(row, now),
    )


def _schedule(row: Overview, words: bool) -> str:
    if row.schedule:
        schedule = row.in_words if words else row.schedule
        return f"{schedule} {row.time_zone}{_overridden(row)}"
    return f"after {', '.join(row.after)}" if row.after else "by hand"


def _overridden(row: Overview) -> str:
    if row.override_flaw:
        return " (override can't be read: see `manage.py drift`)"
    return " (overridden)" if row.overridden_by else ""


def _last_run(row: Overview, now: datetime) -> str:
    run = row.last_run
    if run is None:
        return NOTHING
    return f"{run.status} {relative(run.finished_at or run.started_at or run.created_at, now)}"


def _next_run(row: Overview, now: datetime) -> str:
    if row.disabled_by:
        return "disabled in Azure"
    if row.is_paused:
        end = f" until {clock(row.paused_until, now)}" if row.paused_until else ""
        return f"paused by {row.paused_by or 'nobody knows'}{end}"
    return relative(row.next_run_at, now)
