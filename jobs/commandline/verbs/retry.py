"""`retry RUN`: run again what has ended."""

import argparse
from argparse import ArgumentParser
from typing import Any

from jobs.choices import Status
from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_confirm, row_number


class Retry(Verb):
    help = (
        "Run again what has ended: a new run with the arguments of that one, or with others (--with). "
        "The host executes it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.usage = "%(prog)s RUN [--confirm WORD] [--with ARGS ...]"
        parser.add_argument("run", type=row_number, metavar="RUN", help="The number of the run that has ended.")
        add_confirm(parser)
        parser.add_argument(
            "--with",
            dest="words",
            nargs=argparse.REMAINDER,
            metavar="ARGS",
            help="Everything after it is passed to the job, in place of the arguments of that run.",
        )

    def handle(
        self, ledger: Ledger, out: Out, *, run: int, words: list[str] | None, confirm: str, **options: Any
    ) -> None:
        new = ledger.retry(run, words, confirm)
        if new["status"] == Status.SKIPPED:
            raise Refusal(f"Run {new['id']} of {new['job']} was skipped. {new['error']}")
        out.say(
            f"Run {new['id']} of {new['job']} is queued; it retries run {run}. "
            f"`{ledger.program} output {new['id']}` shows what it writes."
        )
