"""`manage.py resume JOB…`: end a pause."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.ledger import interventions
from jobs.management.commands.pause import add_jobs, chosen
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator


class Command(LedgerCommand):
    help = "Resume paused jobs. Occurrences during the pause stay skipped."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_jobs(parser)

    def handle(self, *, jobs: list[str], all: bool, **options: Any) -> None:
        refused: list[str] = []
        for job in chosen(jobs, all, interventions.declared_or_left):
            try:
                interventions.resume(job, by=operator())
            except interventions.NotPaused as error:
                refused.append(str(error))
            else:
                self.stdout.write(f"{job.name} is resumed.")
        # With --all, jobs that weren't paused aren't worth a line.
        if refused and not all:
            raise CommandError("\n".join(refused))
