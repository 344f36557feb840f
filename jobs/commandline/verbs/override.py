"""`override`: another schedule, zone or other arguments, for a while."""

import shlex
from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.out import Colour, Out
from jobs.commandline.verb import UNTIL, Verb, ending, until
from jobs.commandline.words import add_reason
from jobs.schedule.ncrontab import Expression


class Override(Verb):
    help = (
        "Temporarily replace a job's schedule, time zone or arguments, with owner and reason. "
        "The tick starts an overridden job, to the minute. `manage.py drift` shows what holds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
        parser.add_argument("--schedule", default="", help="An NCRONTAB expression: '0 30 5 * * *'.")
        parser.add_argument("--time-zone", default="", help="An IANA name: Europe/Berlin.")
        parser.add_argument(
            "--arguments", help="Arguments in one string, as on the command line: '--days 3'; '' for none."
        )
        add_reason(parser)
        parser.add_argument("--until", help=f"{UNTIL} Default: until you end it.")
        parser.add_argument("--end", action="store_true", help="End the current override.")

    def handle(self, ledger: Ledger, out: Out, *, job: str, end: bool, arguments: str | None, **options: Any) -> None:
        if end:
            ledger.end_override(job)
            out.say(f"{job} uses its declaration again.")
            return
        ends_at = ending(ledger, job, "--until", options["until"])
        try:
            words = None if arguments is None else shlex.split(arguments)
        except ValueError as error:
            raise Refusal(f"--arguments: {arguments!r} can't be read: {error}. Close each quote.") from None
        ledger.override(job, options["schedule"], options["time_zone"], words, options["reason"], ends_at)
        out.say(f"{job} is overridden{until(ledger, job, ends_at)}. `{ledger.program} drift` shows how.")
        if options["schedule"] or options["time_zone"]:
            _show(ledger, out, job, options["schedule"])


def _show(ledger: Ledger, out: Out, job: str, written: str) -> None:
    """The schedule in words, with what `manage.py check` would warn of: it sees declarations only."""
    [found] = [each for each in ledger.jobs() if each["name"] == job]
    out.say(f"{found['in_words']}, {found['time_zone']}")
    # Of what was written: the ledger gives it as it was understood.
    for surprise in Expression(written).surprises if written else ():
        out.remark(surprise.message, Colour.YELLOW)
