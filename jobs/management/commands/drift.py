"""`manage.py drift`: what differs from the code, by whom and until when; or what did before."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from jobs.formats import NOTHING, plain
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format
from jobs.reading.drift import Difference, drift
from jobs.reading.history import Past
from jobs.reading.history import history as past


class Command(LedgerCommand):
    help = (
        "List what differs from the code: pauses, overrides, disabled functions, app settings. "
        "With --history: all pauses and overrides, including those that have ended."
    )

    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_format(parser)
        parser.add_argument("--history", action="store_true", help="Show pauses and overrides, newest first.")

    def handle(self, *, format: str, history: bool, **options: Any) -> None:
        if format == "json":
            self.out.json([asdict(row) for row in (past() if history else drift())])
        elif history:
            self._show_history(past())
        else:
            self._show(drift())

    def _show(self, found: list[Difference]) -> None:
        if not found:
            self.stdout.write("Nothing differs from the code.")
            return
        headings = ("JOB", "WHAT", "DECLARED", "NOW", "BY", "UNTIL", "REASON")
        rows = [
            (
                difference.job,
                difference.what,
                difference.declared,
                difference.now,
                difference.by,
                _moment(difference.until),
                plain(difference.reason) or NOTHING,
            )
            for difference in found
        ]
        self.out.table(headings, rows)

    def _show_history(self, found: list[Past]) -> None:
        if not found:
            self.stdout.write("Nobody has paused or overridden a job.")
            return
        headings = ("JOB", "WHAT", "BY", "SINCE", "UNTIL", "ENDED", "ENDED BY", "REASON")
        rows = [
            (
                row.job,
                plain(row.what),
                row.by,
                _moment(row.since),
                _moment(row.until),
                _moment(row.ended_at),
                _ended_by(row),
                plain(row.reason) or NOTHING,
            )
            for row in found
        ]
        self.out.table(headings, rows)


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}" if moment else NOTHING


def _ended_by(row: Past) -> str:
    return (row.ended_by or "itself") if row.ended_at else NOTHING
