"""`manage.py drift`: what differs from the code, by whom and until when."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from jobs.formats import plain
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format, as_json, as_table
from jobs.reading.drift import drift


class Command(LedgerCommand):
    help = "List what differs from the code: pauses, overrides, disabled functions, app settings."

    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_format(parser)

    def handle(self, *, format: str, **options: Any) -> None:
        found = drift()
        if format == "json":
            self.stdout.write(as_json([asdict(difference) for difference in found]))
            return
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
                f"{timezone.localtime(difference.until):%Y-%m-%d %H:%M %Z}" if difference.until else "–",
                plain(difference.reason) or "–",
            )
            for difference in found
        ]
        self.stdout.write(as_table(headings, rows))
