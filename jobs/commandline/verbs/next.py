"""`next JOB`: when a job is due next."""

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo

from jobs.commandline.ledger import Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format, whole_number
from jobs.formats import NOTHING, local_time, relative, utc_time


class Next(Verb):
    help = "List a job's next occurrences, in its time zone and in UTC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", metavar="JOB")
        parser.add_argument(
            "-n",
            type=whole_number("occurrences", 10_000),
            default=10,
            dest="count",
            help="How many (default: %(default)s).",
        )
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, job: str, count: int, format: str, **options: Any) -> None:
        found = ledger.following(job, count)
        if format == "json":
            out.json(found.occurrences)
            return
        out.say(f"{job}: {found.in_words}")
        if not found.occurrences:
            return
        now, zone = ledger.clock(), ZoneInfo(found.time_zone)
        has_notes = any(facts["note"] for facts in found.occurrences)
        headings = (f"DUE ({zone.key})", "UTC", "FROM NOW", *(["NOTE"] if has_notes else []))
        cells = [
            (local_time(moment := facts["scheduled_for"], zone), utc_time(moment), relative(moment, now))
            + ((facts["note"] or NOTHING,) if has_notes else ())
            for facts in found.occurrences
        ]
        out.table(headings, cells)
