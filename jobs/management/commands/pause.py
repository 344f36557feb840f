"""`manage.py pause JOB…`: skip a job's occurrences for a while."""

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.declarations.job import Job
from jobs.declarations.registry import UnknownJob, registry
from jobs.ledger import interventions, states
from jobs.management.ledger_command import LedgerCommand
from jobs.management.moments import UnreadableEnd, end
from jobs.management.operator import operator
from jobs.reading.explain import zone_of


class Command(LedgerCommand):
    help = "Pause jobs: their occurrences are skipped, with owner and reason. Runs that a person starts still run."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_jobs(parser)
        parser.add_argument("--reason", default="", help="The reason; it is shown to others.")
        parser.add_argument(
            "--until",
            help="30m, 2h, 3d, or a time in the job's time zone: 2026-01-31T02:00. Default: until you resume it.",
        )

    def handle(self, *, jobs: list[str], all: bool, reason: str, until: str | None, **options: Any) -> None:
        now = states.clock()
        refused: list[str] = []
        for job in chosen(jobs, all):
            try:
                ends_at = end(until, zone_of(job), now) if until else None
                interventions.pause(job, by=operator(), reason=reason, until=ends_at)
            except UnreadableEnd as error:
                raise CommandError(f"--until: {error}") from None
            except (interventions.AlreadyPaused, interventions.PauseEndsInThePast) as error:
                refused.append(str(error))
            else:
                period = (
                    f" until {ends_at.astimezone(zone_of(job)):%Y-%m-%d %H:%M} {zone_of(job).key}" if ends_at else ""
                )
                self.stdout.write(f"{job.name} is paused{period}.")
        if refused:
            raise CommandError("\n".join(refused))


def add_jobs(parser: ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
    parser.add_argument("--all", action="store_true", help="All declared jobs.")


def chosen(names: Sequence[str], all: bool, find: Callable[[str], Job] = registry.__getitem__) -> list[Job]:
    """The jobs that were named. Raises CommandError if one isn't found, or none is named."""
    if bool(names) == all:
        raise CommandError("Give the names of jobs, or --all. `manage.py jobs` lists them.")
    try:
        return [find(name) for name in (registry if all else names)]
    except UnknownJob as error:
        raise CommandError(str(error)) from None
