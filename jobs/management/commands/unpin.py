"""`manage.py unpin RUN…`: leave pinned runs to retention again."""

from typing import Any

from django.core.management.base import CommandParser

from jobs.ledger import pins
from jobs.management.commands import pin
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator


class Command(LedgerCommand):
    help = "Leave pinned runs to `prune_runs` again: they go when they are older than their job's runs are kept."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        pin.add_runs(parser)

    def handle(self, *, runs: list[int], reason: str, **options: Any) -> None:
        pin.each(runs, lambda run: self._unpin(run, reason))

    def _unpin(self, run: int, reason: str) -> bool:
        is_new = pins.unpin(run, by=operator(), reason=reason)
        if is_new is not None:
            self.stdout.write(f"Run {run} is {'no longer' if is_new else 'not'} pinned.")
        return is_new is not None
