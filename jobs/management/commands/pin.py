"""`manage.py pin RUN…`: keep runs for ever."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.ledger import pins
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import row_number
from jobs.reading.transcript import UnknownRun


class Command(LedgerCommand):
    help = "Keep runs for ever, with their attempts, output and events: `prune_runs` leaves them. `unpin` ends it."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_runs(parser)

    def handle(self, *, runs: list[int], reason: str, **options: Any) -> None:
        each(runs, lambda run: self._pin(run, reason))

    def _pin(self, run: int, reason: str) -> bool:
        is_new = pins.pin(run, by=operator(), reason=reason)
        if is_new is not None:
            self.stdout.write(f"Run {run} is pinned{'' if is_new else ' already'}.")
        return is_new is not None


def add_runs(parser: CommandParser) -> None:
    parser.add_argument(
        "runs", nargs="+", type=row_number, metavar="RUN", help="The run's number, as `manage.py runs` shows it."
    )
    parser.add_argument("--reason", default="", help="The reason; it is shown to others.")


def each(runs: list[int], change: Callable[[int], bool]) -> None:
    """Change each of these runs; raises CommandError with those that don't exist, once the others are changed."""
    unknown = [run for run in runs if not change(run)]
    if unknown:
        raise CommandError("\n".join(str(UnknownRun(run)) for run in unknown))
