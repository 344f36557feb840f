"""`manage.py statistics`: what became of the jobs, day by day."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.choices import Status, Trigger
from jobs.declarations.registry import UnknownJob
from jobs.formats import NOTHING, format_duration
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format
from jobs.reading import statistics
from jobs.reading.statistics import Figures, NoRange

HEADINGS = ("RUNS", "SUCCEEDED", "SUCCESS", "NO RUN", "RETRIES", "P50", "P95", "LATE P95", "CPU", "MEMORY", "WARNED")
MIB = 2**20


def day(text: str) -> date:
    """A date, for an option's `type`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date. Write one like 2026-01-31.") from None


class Command(LedgerCommand):
    help = (
        "Show how runs ended, how long they took and how late they started: of each job, or of one job by day. "
        "Days are those of UTC; the last 30 unless --from and --to say others."
    )
    # An operator looks here when something is wrong, perhaps with a declaration.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", help="Only this job, by day.")
        parser.add_argument("--from", dest="since", type=day, metavar="DATE", help="The first day: 2026-01-31.")
        parser.add_argument("--to", dest="until", type=day, metavar="DATE", help="The last day.")
        parser.add_argument("--trigger", choices=Trigger.values, help="Only runs with this trigger.")
        add_format(parser)

    def handle(
        self,
        *,
        job: str | None,
        since: date | None,
        until: date | None,
        trigger: str | None,
        format: str,
        **options: Any,
    ) -> None:
        begin, end = statistics.days(since, until)
        only = Trigger(trigger) if trigger else None
        try:
            found: Sequence[Figures]
            rows: list[tuple[str, Figures]]
            if job is None:
                found = jobs = statistics.by_job(begin, end, only)
                rows = [(each.job, each) for each in jobs]
            else:
                total = statistics.statistics(job, begin, end, only)
                found, rows = [total], [*((str(each.day), each) for each in total.days), ("all", total)]
        except (NoRange, UnknownJob) as error:
            raise CommandError(str(error)) from None
        if format == "json":
            self.out.json([statistics.facts(figures) for figures in found])
        elif not any(figures.runs or figures.gaps for figures in found):
            self.stdout.write(f"Nothing is counted{f' of {job}' if job else ''} from {begin} to {end}.")
        else:
            headings = ("DAY" if job else "JOB", *HEADINGS)
            self.out.table(headings, [(name, *_cells(figures)) for name, figures in rows])


def _cells(figures: Figures) -> tuple[str, ...]:
    return (
        str(figures.runs),
        str(figures.outcomes[Status.SUCCEEDED]),
        NOTHING if figures.success_share is None else f"{figures.success_share:.1%}",
        str(sum(figures.gaps.values()) + figures.outcomes[Status.SKIPPED] + figures.outcomes[Status.MISSED]),
        str(figures.retries),
        format_duration(figures.duration_p50),
        format_duration(figures.duration_p95),
        format_duration(figures.lateness_p95),
        format_duration(figures.cpu),
        NOTHING if figures.peak_memory is None else f"{figures.peak_memory // MIB} MiB",
        str(figures.warnings),
    )
