"""`manage.py output RUN`: what an attempt wrote."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import row_number, whole_number, write
from jobs.reading.transcript import OutputDeleted, UnknownAttempt, UnknownRun, output_of, pieces


class Command(LedgerCommand):
    help = "Print what an attempt of a run wrote, byte for byte: stdout and stderr, in the order read."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=row_number, help="The run's number, as `manage.py runs` shows it.")
        parser.add_argument(
            "--attempt", type=whole_number("attempts", 1_000_000), help="The attempt's number (default: the latest)."
        )
        parser.add_argument("--stderr", action="store_true", help="Only stderr.")

    def handle(self, *, run: int, attempt: int | None, stderr: bool, **options: Any) -> None:
        try:
            found = output_of(run, attempt)
        except (UnknownRun, UnknownAttempt, OutputDeleted) as error:
            raise CommandError(str(error)) from None
        for piece in pieces(found, stderr_only=stderr):
            write(sys.stdout, piece)
