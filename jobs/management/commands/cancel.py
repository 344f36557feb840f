"""`manage.py cancel RUN…`: cancel runs."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.choices import Status
from jobs.ledger import triggers
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import row_number
from jobs.models import Run
from jobs.reading.transcript import UnknownRun


class Command(LedgerCommand):
    help = "Cancel runs. A queued run ends at once. A running one gets SIGTERM, and SIGKILL after its grace period."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "runs", nargs="+", type=row_number, metavar="RUN", help="The run's number, as `manage.py runs` shows it."
        )

    def handle(self, *, runs: list[int], **options: Any) -> None:
        by = operator()
        unknown: list[int] = []
        for run in runs:
            status = triggers.cancel(run, by)
            found = Run.objects.filter(pk=run).first()
            if found is None:
                unknown.append(run)
            else:
                self.stdout.write(_sentence(found, status))
        if unknown:
            raise CommandError("\n".join(str(UnknownRun(run)) for run in unknown))


def _sentence(run: Run, status: Status | None) -> str:
    name = f"Run {run.pk} of {run.job}"
    if status is None:
        return f"{name} has already ended: {run.status}."
    if status is Status.RUNNING:
        return f"{name} is being cancelled. `manage.py runs {run.job}` shows when it has ended."
    return f"{name} is cancelled. It was queued."
