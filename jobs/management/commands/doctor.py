"""`manage.py doctor`: is this deployment sound, and what is to mend."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.formats import counted
from jobs.health import doctor
from jobs.management.printing import add_format, as_json


class Command(BaseCommand):
    help = "Check this deployment from inside, and say what to mend. Ends with 1 where anything is wrong."
    # It tells of them itself.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_format(parser)

    def handle(self, *, format: str, **options: Any) -> None:
        found = []
        for finding in doctor.findings():
            found.append(finding)
            if format == "table":
                self.stdout.write(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.check:<12}  {finding.says}")
        if format == "json":
            self.stdout.write(as_json([asdict(finding) for finding in found]))
        wrong = [finding for finding in found if not finding.ok]
        if wrong:
            raise CommandError(f"{counted(len(wrong), 'check')} of {len(found)} found something to mend.")
