"""`output RUN`: what an attempt wrote."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.following import watch
from jobs.commandline.ledger import Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import row_number, whole_number


class Output(Verb):
    help = "Print what an attempt of a run wrote, byte for byte: stdout and stderr, in the order read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=row_number, help="The run's number, as `manage.py runs` shows it.")
        parser.add_argument(
            "--attempt", type=whole_number("attempts", 1_000_000), help="The attempt's number (default: the latest)."
        )
        # Django takes an option named stderr for a stream.
        parser.add_argument("--stderr", action="store_true", dest="stderr_only", help="Only stderr.")
        parser.add_argument(
            "--follow", action="store_true", help="Go on while the run writes, also in later attempts, until it ends."
        )

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        run: int,
        attempt: int | None,
        stderr_only: bool,
        follow: bool,
        **options: Any,
    ) -> None:
        def show(data: bytes, is_stderr: bool) -> bool:
            return out.show(data if is_stderr or not stderr_only else b"", False)

        if follow:
            watch(ledger, out, run, show, f"{attempt}.0.0" if attempt else None)
            return
        for data in ledger.output(run, attempt, stderr_only):
            if not out.show(data, False):
                return
