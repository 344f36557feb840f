"""`manage.py prune_runs`: delete old output, runs and gaps."""

from typing import Any

from django.core.management.base import CommandParser

from jobs.conf import MOST_DAYS, MOST_KEPT
from jobs.declarations.keep import Keep
from jobs.formats import counted
from jobs.ledger.retention import Pruned, prune
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import whole_number
from jobs.progress import cancelled, report


class Command(LedgerCommand):
    help = (
        "Delete old output, then old runs that have ended, with their attempts and events, and old gaps. A job's "
        "`keep` says how long its runs stay; the options are for jobs that declare nothing of it. Running, waiting and "
        "pinned runs stay, and so do each job's newest. `manage.py explain` can't explain deleted occurrences: the "
        "job's ledger then begins after the latest of them. It may be stopped at any time; the next call goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        days = whole_number("days", MOST_DAYS, least=0)
        parser.add_argument("--days", type=days, help=f"Delete what ended longer ago than this ({_default('DAYS')}).")
        parser.add_argument(
            "--output-days",
            type=days,
            help=f"Delete the output of runs that ended longer ago than this ({_default('OUTPUT_DAYS')}).",
        )
        parser.add_argument(
            "--failed-days",
            type=days,
            help="Keep failed, timed-out and lost runs with their output, gaps, ended pauses and overrides, and other "
            f"events for this long ({_default('FAILED_DAYS')}).",
        )
        parser.add_argument(
            "--keep",
            type=whole_number("runs", MOST_KEPT, least=0),
            help=f"Keep this many of each job's newest runs ({_default('RUNS')}). The latest always stays.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only count what would be deleted.")

    def handle(
        self,
        *,
        days: int | None,
        output_days: int | None,
        failed_days: int | None,
        keep: int | None,
        dry_run: bool,
        **options: Any,
    ) -> None:
        wanted = Keep(days=days, runs=keep, output_days=output_days, failed_days=failed_days)
        gone = prune(wanted, dry_run=dry_run, stop=cancelled, report=_progress)
        self.stdout.write(f"{'Would delete' if dry_run else 'Deleted'} {_sentence(gone)}.")
        if not gone.is_complete:
            self.stdout.write("It was asked to stop. The next call goes on.")


def _default(name: str) -> str:
    return f"default: JOBS_KEEP_{name}"


def _progress(gone: Pruned) -> None:
    report(gone.outputs + gone.runs, message=f"{counted(gone.outputs, 'output')}, {counted(gone.runs, 'run')}")


def _sentence(gone: Pruned) -> str:
    return (
        f"the output of {counted(gone.outputs, 'attempt')}, {counted(gone.runs, 'run')} with "
        f"{counted(gone.attempts, 'attempt')}, {counted(gone.gaps, 'gap')}, {counted(gone.repairs, 'repair')}, "
        f"{counted(gone.notes, 'note')}, {counted(gone.events, 'event')}, "
        f"{counted(gone.interventions, 'ended intervention')} and {counted(gone.incidents, 'incident')}"
    )
