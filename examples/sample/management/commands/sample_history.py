"""manage.py sample_history: a month of history, for looking at the pages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from examples.sample import writing
from jobs.conf import conf
from jobs.formats import counted


class Command(BaseCommand):
    help = "Writes a month of believable history for the declared jobs that have no ledger yet. For a laptop only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at-work", action="store_true", help="also write runs that seem to be at work, which no host holds"
        )

    def handle(self, *, at_work: bool, **options: Any) -> None:
        if not conf.LOCAL:
            raise CommandError("This is no laptop: a ledger that people rely on gets no invented history.")
        runs = writing.write(at_work=at_work)
        self.stdout.write(f"Wrote {counted(runs, 'run')}." if runs else "Each job has a ledger already.")
