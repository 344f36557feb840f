"""`manage.py explain JOB [WHEN]`: what happened to an occurrence."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.declarations.registry import UnknownJob, registry
from jobs.ledger import states
from jobs.management.ledger_command import LedgerCommand
from jobs.management.moments import UnreadableMoment, moment
from jobs.reading.explain import explain, zone_of


class Command(LedgerCommand):
    help = (
        "Explain what happened to the job's occurrence nearest to WHEN: why it ran, waits, was skipped or was missed."
    )
    # A wrong declaration may be the reason why someone asks.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument(
            "when",
            nargs="*",
            metavar="WHEN",
            help="2026-01-31T02:00, or 02:00 for the latest such time; in the job's time zone unless you give another. "
            "Default: the latest occurrence that was due.",
        )

    def handle(self, *, job: str, when: list[str], **options: Any) -> None:
        now = states.clock()
        try:
            declared = registry[job]
            at = moment(" ".join(when), zone_of(declared), now) if when else None
        except (UnknownJob, UnreadableMoment) as error:
            raise CommandError(str(error)) from None
        self.stdout.write("\n".join(explain(declared, at, now).sentences))
