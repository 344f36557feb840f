"""`upcoming`: when all jobs are due next."""

from argparse import ArgumentParser
from typing import Any
from zoneinfo import ZoneInfo

from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format, whole_number
from jobs.formats import counted, local_time, utc_time

HEADINGS = ("UTC", "BY THE JOB'S CLOCK", "JOB", "TIMES", "SCHEDULE")
# A job that is due more often in the time that is listed gets one row, or the others would drown in its own.
FOLD = 24


class Upcoming(Verb):
    help = "List the next occurrences of all jobs, in UTC and in each job's time zone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--hours",
            type=whole_number("hours", 366 * 24),
            default=24,
            help="How many hours to look ahead (default: %(default)s).",
        )
        parser.add_argument(
            "--each",
            action="store_true",
            help=f"List every occurrence, also of jobs with more than {FOLD}, as --format json does.",
        )
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, hours: int, each: bool, format: str, **options: Any) -> None:
        found = ledger.upcoming(hours, None if each or format == "json" else FOLD)
        if format == "json":
            found = [{name: value for name, value in facts.items() if name != "times"} for facts in found]
        out.rows(format, found, HEADINGS, _cells, f"Nothing is due in the next {counted(hours, 'hour')}.")


def _cells(facts: Facts) -> tuple[str, ...]:
    return (
        utc_time(facts["scheduled_for"]),
        f"{local_time(facts['scheduled_for'], ZoneInfo(facts['time_zone']))} {facts['time_zone']}",
        facts["job"],
        f"{facts['times']:,}",
        f"{facts['note']}: {facts['in_words']}" if facts["note"] else facts["in_words"],
    )
