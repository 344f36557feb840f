"""`manage.py rewind JOB… --reason WHY`: set a ledger back that reaches beyond now."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.commandline.ledger import Refusal
from jobs.commandline.verb import chosen
from jobs.commandline.words import add_jobs
from jobs.declarations.registry import UnknownJob, registry
from jobs.formats import utc_time
from jobs.ledger import rewinding
from jobs.management.here import Here
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator


class Command(LedgerCommand):
    help = (
        "Set the ledger of jobs back to now, if it reaches into the future because the database's clock was ahead. "
        "No occurrence gets a second run."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_jobs(parser)
        parser.add_argument("--reason", required=True, help="The reason; it is shown to others.")

    def handle(self, *, jobs: list[str], all: bool, reason: str, **options: Any) -> None:
        refused: list[str] = []
        try:
            names = chosen(Here(), jobs, all)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        for name in names:
            try:
                former = rewinding.rewind(registry[name], by=operator(), reason=reason)
            except (rewinding.NotAhead, UnknownJob) as error:
                refused.append(str(error))
            else:
                self.stdout.write(f"The ledger of {name} is set back to now, from {utc_time(former)}.")
        # With --all, jobs that aren't ahead aren't worth a line.
        if refused and not all:
            raise CommandError("\n".join(refused))
