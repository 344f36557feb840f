"""`incidents`: what is wrong with the jobs, the worst first."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from jobs.choices import Cause
from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format, whole_number
from jobs.formats import NOTHING, plain, relative

HEADINGS = ("INCIDENT", "HOW BAD", "JOB", "CAUSE", "BEGAN", "TIMES", "WHO", "WHAT")
OURS = "(nightshift)"


class Incidents(Verb):
    help = (
        "List what is wrong with jobs: open incidents, the worst first. --all lists those that are over after them. "
        "`incident show N` tells more of one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", help="Only this job's incidents.")
        parser.add_argument(
            "--cause", choices=Cause.values, action="append", default=[], help="Only of this cause; may be repeated."
        )
        parser.add_argument("--all", action="store_true", help="Also those that are over.")
        parser.add_argument(
            "--limit", type=whole_number("incidents", 10_000), default=20, help="How many (default: %(default)s)."
        )
        add_format(parser)

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        job: str | None,
        cause: list[str],
        all: bool,
        limit: int,
        format: str,
        **options: Any,
    ) -> None:
        found = ledger.incidents(job, cause, None if all else True, limit)
        now = ledger.now()
        nothing = f"No {'' if all else 'open '}incidents{f' of {job}' if job else ''}."
        out.rows(format, found, HEADINGS, lambda incident: _cells(incident, now), nothing)


def _cells(incident: Facts, now: datetime) -> tuple[str, ...]:
    return (
        str(incident["id"]),
        incident["severity"],
        incident["job"] or OURS,
        incident["cause"],
        relative(incident["opened_at"], now),
        f"{incident['count']:,}",
        _who(incident),
        plain(incident["error"] or incident["detail"]),
    )


def _who(incident: Facts) -> str:
    if incident["resolved_at"]:
        return f"resolved by {incident['resolved_by']}" if incident["resolved_by"] else incident["resolution"]
    return incident["acknowledged_by"] or NOTHING
