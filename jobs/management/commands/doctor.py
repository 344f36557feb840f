"""`manage.py doctor`: is this deployment sound, and what has to be fixed."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.commandline.out import Colour
from jobs.formats import counted
from jobs.health import doctor
from jobs.management.colours import HeedsNoColor
from jobs.management.printing import add_format


class Command(HeedsNoColor):
    help = "Check this deployment from inside, and say what to fix. The exit code is 1 if anything is wrong."
    # It reports them itself.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_format(parser)

    def handle(self, *, format: str, **options: Any) -> None:
        from jobs.azure import health  # no other command needs Azure's packages

        found = []
        for finding in doctor.findings(health.CHECKS):
            found.append(finding)
            if format == "table":
                says = f"{finding.check:<12}  {finding.says}"
                self.out.say(f"ok     {says}" if finding.ok else f"WRONG  {says}", None if finding.ok else Colour.RED)
        if format == "json":
            self.out.json([{"check": each.check, "ok": each.ok, "says": each.says} for each in found])
        wrong = [finding for finding in found if not finding.ok]
        if wrong:
            raise CommandError(f"{len(wrong)} of {counted(len(found), 'check')} failed.")
