"""`manage.py prune_runs`: delete old runs and gaps."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from jobs.formats import counted
from jobs.ledger.retention import prune
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import whole_number

# A hundred years, within what a date can hold.
DAYS = 36_500


class Command(LedgerCommand):
    help = (
        "Delete old runs that have ended, with their attempts, output and events, and old gaps. Running and "
        "waiting runs stay, and so do each job's newest. `manage.py explain` can't explain deleted occurrences: the "
        "job's ledger then begins after the latest of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=whole_number("days", DAYS, least=0),
            default=30,
            help="Delete what ended longer ago than this (default: %(default)s).",
        )
        parser.add_argument(
            "--failed-days",
            type=whole_number("days", DAYS, least=0),
            default=90,
            help="Keep failed, timed-out and lost runs, gaps, ended pauses and overrides, and other events "
            "for this long (default: %(default)s).",
        )
        parser.add_argument(
            "--keep",
            type=whole_number("runs", 1_000_000_000, least=0),
            default=100,
            help="Keep this many of each job's newest runs (default: %(default)s).",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count what would be deleted.")

    def handle(self, *, days: int, failed_days: int, keep: int, dry_run: bool, **options: Any) -> None:
        gone = prune(
            age=timedelta(days=days),
            failures_age=timedelta(days=failed_days),
            keep=keep,
            dry_run=dry_run,
        )
        self.stdout.write(
            f"{'Would delete' if dry_run else 'Deleted'} {counted(gone.runs, 'run')} with "
            f"{counted(gone.attempts, 'attempt')}, {counted(gone.gaps, 'gap')}, {counted(gone.events, 'event')} "
            f"and {counted(gone.interventions, 'ended intervention')}."
        )
