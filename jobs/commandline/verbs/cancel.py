"""`cancel`: end runs."""

from argparse import ArgumentParser
from typing import Any

from jobs.choices import Status
from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb, each
from jobs.commandline.words import add_reason, add_runs


class Cancel(Verb):
    help = "Cancel runs. A queued run ends at once. A running one gets SIGTERM, and SIGKILL after its grace period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_runs(parser)
        add_reason(parser)

    def handle(self, ledger: Ledger, out: Out, *, runs: list[int], reason: str, **options: Any) -> None:
        each(runs, lambda run: out.say(_sentence(ledger.program, ledger.run(run), ledger.cancel(run, reason))))


def _sentence(program: str, before: Facts, run: Facts) -> str:
    name = f"Run {run['id']} of {run['job']}"
    if run["status"] == Status.RUNNING:
        return f"{name} is being cancelled. `{program} runs {run['job']}` shows when it has ended."
    if run["status"] == Status.CANCELLED and before["status"] == Status.QUEUED:
        return f"{name} is cancelled. It was queued."
    return f"{name} has already ended: {run['status']}."
