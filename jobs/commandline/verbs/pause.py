"""`pause` and `resume`: skip jobs' occurrences for a while, and end that."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import UNTIL, Verb, chosen, each, ending, until
from jobs.commandline.words import add_jobs, add_reason


class Pause(Verb):
    help = "Pause jobs: their occurrences are skipped, with owner and reason. Runs that a person starts still run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_jobs(parser)
        add_reason(parser)
        parser.add_argument("--until", help=f"{UNTIL} Default: until you resume it.")

    def handle(self, ledger: Ledger, out: Out, *, jobs: list[str], all: bool, **options: Any) -> None:
        names = chosen(ledger, jobs, all)
        ends = {job: ending(ledger, job, "--until", options["until"]) for job in names}

        def pause(job: str) -> None:
            ledger.pause(job, options["reason"], ends[job])
            out.say(f"{job} is paused{until(ledger, job, ends[job])}.")

        each(names, pause)


class Resume(Verb):
    help = "Resume paused jobs. Occurrences during the pause stay skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_jobs(parser)

    def handle(self, ledger: Ledger, out: Out, *, jobs: list[str], all: bool, **options: Any) -> None:
        def resume(job: str) -> None:
            ledger.resume(job)
            out.say(f"{job} is resumed.")

        names = chosen(ledger, jobs, all)
        # With --all, jobs that aren't paused aren't worth a line.
        paused = {job["name"] for job in ledger.jobs() if job["is_paused"]} if all else set(names)
        each([name for name in names if name in paused], resume)
