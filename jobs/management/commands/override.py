"""`manage.py override JOB`: another schedule, zone or other arguments, for a while."""

import shlex
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.commandline.out import Colour
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import UnknownJob, registry
from jobs.ledger import interventions, overrides, states
from jobs.ledger.pipelines import DifferentSchedules
from jobs.management.ledger_command import LedgerCommand
from jobs.management.moments import UnreadableEnd, end
from jobs.management.operator import operator
from jobs.reading.explain import zone_of
from jobs.schedule.describe import describe
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone

REFUSALS = (
    interventions.AlreadyOverridden,
    interventions.NeverDue,
    interventions.NotOverridden,
    interventions.NothingToOverride,
    interventions.OverrideEndsBeforeItBegins,
    interventions.OverrideEndsInThePast,
    DifferentSchedules,
    InvalidExpression,
    UnknownZone,
    InvalidArguments,
    UnknownCommand,
    BrokenCommand,
    UnknownJob,
)


class Command(LedgerCommand):
    help = (
        "Temporarily replace a job's schedule, time zone or arguments, with owner and reason. "
        "The tick starts an overridden job, to the minute. `manage.py drift` shows what holds."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
        parser.add_argument("--schedule", default="", help="An NCRONTAB expression: '0 30 5 * * *'.")
        parser.add_argument("--time-zone", default="", help="An IANA name: Europe/Berlin.")
        parser.add_argument(
            "--arguments", help="Arguments in one string, as on the command line: '--days 3'; '' for none."
        )
        parser.add_argument("--reason", default="", help="The reason; it is shown to others.")
        parser.add_argument(
            "--until",
            help="30m, 2h, 3d, or a time in the job's time zone: 2026-01-31T02:00. Default: until you end it.",
        )
        parser.add_argument("--end", action="store_true", help="End the current override.")

    def handle(self, *, job: str, until: str | None, **options: Any) -> None:
        try:
            if options["end"]:
                interventions.end_override(interventions.declared_or_left(job), by=operator())
                self.stdout.write(f"{job} uses its declaration again.")
                return
            declared = registry[job]
            zone = zone_of(declared)
            ends_at = end(until, zone, states.clock()) if until else None
            interventions.override(
                declared,
                schedule=options["schedule"],
                time_zone=options["time_zone"],
                arguments=None if options["arguments"] is None else shlex.split(options["arguments"]),
                by=operator(),
                reason=options["reason"],
                until=ends_at,
            )
        except UnreadableEnd as error:
            raise CommandError(f"--until: {error}") from None
        except REFUSALS as error:
            raise CommandError(str(error)) from None
        period = f" until {ends_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}" if ends_at else ""
        self.stdout.write(f"{job} is overridden{period}. `manage.py drift` shows how.")
        if options["schedule"] or options["time_zone"]:
            self._show_schedule(overrides.effective(declared).schedule)

    def _show_schedule(self, schedule: Schedule | None) -> None:
        """In words, with what `manage.py check` would warn of: it sees declarations only."""
        assert schedule
        self.stdout.write(f"{describe(schedule.expression)}, {schedule.zone.key}")
        for surprise in schedule.expression.surprises:
            self.out.remark(surprise.message, Colour.YELLOW)
