"""`manage.py hold --reason WHY`: let nothing start by itself, until `hold --end`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.commandline.moments import UnreadableEnd, end
from jobs.formats import counted
from jobs.ledger import holds, in_force, states
from jobs.management.commands.missed import HEADINGS, cells
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import as_table
from jobs.models import Intervention


class Command(LedgerCommand):
    help = (
        "Hold everything: no job starts by itself, and what is queued waits. Runs that a person starts still run, "
        "unless --all-starts is given. --end ends it, and lists what it swallowed. Without options: show the hold."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", help="The reason; it is shown to others.")
        parser.add_argument("--until", help="30m, 2h, 3d, or a time like 2026-01-31T02:00. Default: until you end it.")
        parser.add_argument("--all-starts", action="store_true", help="Hold also what people and programs ask for.")
        parser.add_argument("--end", action="store_true", help="End the hold.")

    def handle(self, *, reason: str | None, until: str | None, all_starts: bool, end: bool, **options: Any) -> None:
        try:
            if end:
                self._end()
            elif reason is not None:
                self._begin(reason, until, all_starts)
            elif until or all_starts:
                raise CommandError("Give the --reason: others see it while nothing starts.")
            else:
                self._show()
        except (holds.AlreadyHeld, holds.HoldEndsInThePast, holds.NotHeld) as error:
            raise CommandError(str(error)) from None

    def _begin(self, reason: str, until: str | None, all_starts: bool) -> None:
        try:
            ends_at = end(until, timezone.get_current_timezone(), states.clock()) if until else None
        except UnreadableEnd as error:
            raise CommandError(f"--until: {error}") from None
        holds.hold(by=operator(), reason=reason, until=ends_at, all_starts=all_starts)
        self._show()

    def _end(self) -> None:
        held = holds.end_hold(by=operator())
        self.stdout.write("The hold is ended: jobs start by themselves again.")
        self._show_swallowed(held)

    def _show(self) -> None:
        held = in_force.hold()
        if held is None:
            self.stdout.write("Nothing is held.")
            if latest := holds.latest():
                self._show_swallowed(latest)
            return
        until = f" until {timezone.localtime(held.until):%Y-%m-%d %H:%M %Z}" if held.until else ""
        what = "nothing starts" if held.all_starts else "nothing starts by itself"
        self.stdout.write(f"Everything is held by {held.by}{until}, {what}: {held.reason}")
        self._show_swallowed(held)

    def _show_swallowed(self, held: Intervention) -> None:
        """What has no run because of the hold, and hasn't been run since."""
        gaps = holds.swallowed(held)
        if not gaps:
            return
        number = sum(gap.count for gap in gaps)
        self.stdout.write(
            f"{counted(number, 'occurrence')} had no run for it. `manage.py missed JOB --gap N` runs those of a gap:"
        )
        self.stdout.write(as_table(HEADINGS, [cells(gap) for gap in gaps]))
