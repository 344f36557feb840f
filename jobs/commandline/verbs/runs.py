"""`runs`: the latest runs."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from jobs.choices import Status
from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.run_ends import took
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format, whole_number
from jobs.formats import NOTHING, clock, relative

HEADINGS = ("RUN", "JOB", "TRIGGER", "DUE", "STARTED", "TOOK", "STATUS", "NOTE")


class Runs(Verb):
    help = "List the latest runs, of one job or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", help="Only this job's runs.")
        parser.add_argument("--status", choices=Status.values, help="Only runs with this status.")
        parser.add_argument("--pinned", action="store_true", help="Only pinned runs, which stay for ever.")
        parser.add_argument(
            "--limit", type=whole_number("runs", 100_000), default=20, help="How many (default: %(default)s)."
        )
        add_format(parser)

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        job: str | None,
        status: str | None,
        pinned: bool,
        limit: int,
        format: str,
        **options: Any,
    ) -> None:
        runs = ledger.runs(job, status, pinned, limit)
        now = ledger.now()
        which = f"{f'{status} ' if status else ''}{'pinned ' if pinned else ''}runs{f' of {job}' if job else ''}"
        out.rows(format, runs, HEADINGS, lambda run: _cells(run, now), f"No {which}.")


def _cells(run: Facts, now: datetime) -> tuple[str, ...]:
    return (
        str(run["id"]),
        run["job"],
        run["trigger"],
        clock(run["scheduled_for"], now),
        relative(run["started_at"], now),
        took(run),
        run["status"],
        _note(run),
    )


def _note(run: Facts) -> str:
    if run["error"] or run["result"] is None:
        return run["error"] or NOTHING
    return run["result"] if isinstance(run["result"], str) else json.dumps(run["result"])
