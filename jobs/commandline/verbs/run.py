"""`run JOB [ARGS…]` and `follow RUN`: start a job, and see it to its end."""

import argparse
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, NamedTuple

from jobs.choices import Status
from jobs.commandline.following import follow, silence
from jobs.commandline.ledger import Ledger, Refusal, Terms
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb, ending
from jobs.commandline.words import add_confirm, row_number

# What is ours among the words after the job.
OWN = ("--detach", "--follow", "--wait")
AFTER_JOB = (
    "ARGS, if given, replace the declared arguments. Everything after JOB is passed to the job, except "
    f"{', '.join(OWN)}; after JOB -- those are passed too. JOB -- alone runs the job without arguments."
)
NAMELESS = "Give a job's name: `manage.py run clearsessions`. `manage.py jobs` lists them."


class Words(NamedTuple):
    """What was typed: the job, its arguments (None: those declared), and which of our options stood among them."""

    job: str
    arguments: list[str] | None
    own: frozenset[str]


class Run(Verb):
    """Where the host executes it. `manage.py run` without --detach does it itself."""

    help = f"Run a job now, show what it writes, and exit with its exit code. {AFTER_JOB}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.usage = "%(prog)s [--detach] [--follow | --wait] [--at WHEN] [OPTIONS] JOB [--] [ARGS ...]"
        parser.add_argument("--detach", action="store_true", help="Only queue the run, and let the host execute it.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--follow",
            action="store_true",
            help="Show what the run writes until it has ended, retries included, and exit with its exit code.",
        )
        how.add_argument(
            "--wait", action="store_true", help="The same without showing what it writes: only how it ended."
        )
        parser.add_argument(
            "--at", metavar="WHEN", help="Run it later: 30m, 2h, or a time in the job's time zone, 2026-01-31T02:00."
        )
        add_confirm(parser)
        parser.add_argument(
            "--preset",
            metavar="NAME",
            default="",
            help="Run it with the arguments of this preset, and ARGS after them. `manage.py presets JOB` lists them.",
        )
        parser.add_argument(
            "--label", action="append", default=[], dest="labels", help="Give the run a label; may be given again."
        )
        parser.add_argument("--despite-hold", action="store_true", help="Run it also while everything is held.")
        # One list, since argparse would take a `--` out between the job and its arguments.
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="JOB [ARGS …]", help="The job and its arguments."
        )

    def handle(self, ledger: Ledger, out: Out, *, words: list[str], at: str | None = None, **options: Any) -> None:
        typed, chosen = split(words), own(words, options)
        later = ending(ledger, typed.job, "--at", at)
        if later and later <= ledger.clock():
            raise Refusal(f"--at: {at} has passed. Give a time in the future, or omit --at.")
        run = ledger.start(typed.job, typed.arguments, later, terms(options))
        name = f"Run {run['id']} of {run['job']}"
        if run["status"] == Status.SKIPPED:
            raise Refusal(f"{name} was skipped. {run['error']}")
        if later:
            due = f"{later.astimezone(ledger.zone(typed.job)):%Y-%m-%d %H:%M:%S %Z}"
            out.say(f"{name} is queued for {due}. `{ledger.program} cancel {run['id']}` cancels it.")
        elif "--detach" in chosen:
            out.say(f"{name} is queued. `{ledger.program} follow {run['id']}` shows what it writes.")
        if chosen & {"--follow", "--wait"} or not (later or "--detach" in chosen):
            follow(ledger, out, run["id"], silence if "--wait" in chosen else out.show)


class Follow(Verb):
    help = (
        "Show what a run writes while it is at work, and exit with its exit code once it has ended. Retries are waited "
        "for. Ctrl-C ends this command only: the run goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=row_number, help="The run's number, as `manage.py runs` shows it.")

    def handle(self, ledger: Ledger, out: Out, *, run: int, **options: Any) -> None:
        follow(ledger, out, run, out.show)


def terms(options: dict[str, Any]) -> Terms:
    return Terms(
        options.get("confirm") or "",
        options.get("labels") or (),
        bool(options.get("despite_hold")),
        options.get("preset") or "",
    )


def split(words: Sequence[str]) -> Words:
    """Raises Refusal where no job is named."""
    if not words:
        raise Refusal(NAMELESS)
    job, *rest = words
    if rest[:1] == ["--"]:
        return Words(job, rest[1:], frozenset())
    end = rest.index("--") if "--" in rest else len(rest)
    arguments = [word for word in rest[:end] if word not in OWN] + rest[end:]
    return Words(job, arguments or None, frozenset(OWN).intersection(rest[:end]))


def own(words: Sequence[str], options: dict[str, Any]) -> frozenset[str]:
    """Which of our options were given, before the job or after it. Raises Refusal where two exclude each other."""
    chosen = split(words).own | {option for option in OWN if options.get(option.removeprefix("--"))}
    if {"--follow", "--wait"} <= chosen:
        raise Refusal("Give --follow or --wait, not both: --wait shows nothing of what the run writes.")
    return chosen
