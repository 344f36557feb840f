"""`explain JOB [WHEN]`: what happened to an occurrence."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.moments import UnreadableMoment, moment
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format


class Explain(Verb):
    help = (
        "Explain what happened to the job's occurrence nearest to WHEN: why it ran, waits, was skipped or was missed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument(
            "when",
            nargs="*",
            metavar="WHEN",
            help="2026-01-31T02:00, or 02:00 for the latest such time; in the job's time zone unless you give another. "
            "Default: the latest occurrence that was due.",
        )
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, job: str, when: list[str], format: str, **options: Any) -> None:
        zone = ledger.zone(job)
        try:
            at = moment(" ".join(when), zone, ledger.clock()) if when else None
        except UnreadableMoment as error:
            raise Refusal(str(error)) from None
        found = ledger.explain(job, at)
        if format == "json":
            out.json(found)
        else:
            out.say("\n".join(found["sentences"]))
