"""`manage.py retry RUN…`: run again what has ended."""

import argparse
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.choices import Status
from jobs.commandline.words import row_number
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import UnknownJob
from jobs.ledger.retrying import StillActive, UnknownRun, retry
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator


class Command(LedgerCommand):
    help = (
        "Run again what has ended: a new run with the arguments of that one, or with others (--with). "
        "The host executes it."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.usage = "%(prog)s RUN [--with ARGS ...]"
        parser.add_argument("run", type=row_number, metavar="RUN", help="The number of the run that has ended.")
        parser.add_argument(
            "--with",
            dest="words",
            nargs=argparse.REMAINDER,
            metavar="ARGS",
            help="Everything after it is passed to the job, in place of the arguments of that run.",
        )

    def handle(self, *, run: int, words: list[str] | None, **options: Any) -> None:
        try:
            new = retry(run, words, requested_by=operator())
        except InvalidArguments as error:
            raise CommandError(f"Run {run} can't be retried with these arguments: {error}") from None
        except (UnknownRun, StillActive, UnknownJob, UnknownCommand, BrokenCommand) as error:
            raise CommandError(str(error)) from None
        if new.status == Status.SKIPPED:
            raise CommandError(f"Run {new.pk} of {new.job} was skipped. {new.error}")
        self.stdout.write(
            f"Run {new.pk} of {new.job} is queued; it retries run {run}. "
            f"`manage.py output {new.pk}` shows what it writes."
        )
