"""`jobs`: what is declared, how it last went, when it is due next."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.formats import NOTHING, clock, relative

HEADINGS = ("JOB", "SCHEDULE", "LAST RUN", "NEXT RUN")


class Jobs(Verb):
    help = "List the declared jobs with their schedule, latest run and next run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_format(parser)
        parser.add_argument("--tree", action="store_true", help="Show pipelines: each step below its predecessor.")
        parser.add_argument("--words", action="store_true", help="Show schedules in words.")

    def handle(self, ledger: Ledger, out: Out, *, format: str, tree: bool, words: bool, **options: Any) -> None:
        jobs, now = ledger.jobs(), ledger.now()
        if format == "json":
            out.json(jobs)
        elif not jobs:
            out.say('No jobs are declared. Write declare("clearsessions", schedule="0 0 3 * * *") in a schedule.py.')
        else:
            order = _as_tree(jobs) if tree else [(0, job) for job in jobs]
            out.table(HEADINGS, [_cells(job, depth, now, words) for depth, job in order])


def _as_tree(jobs: Sequence[Facts]) -> list[tuple[int, Facts]]:
    known = {job["name"]: job for job in jobs}
    graph = Graph(Job(name=job["name"], command=job["command"], after=tuple(job["after"])) for job in jobs)
    return [(depth, known[job.name]) for depth, job in graph.as_tree()]


def _cells(job: Facts, depth: int, now: datetime, words: bool) -> tuple[str, ...]:
    return (
        "   " * (depth - 1) + "└─ " + job["name"] if depth else job["name"],
        _schedule(job, words),
        _last_run(job["last_run"], now),
        _next_run(job, now),
    )


def _schedule(job: Facts, words: bool) -> str:
    if job["schedule"]:
        schedule = job["in_words"] if words else job["schedule"]
        return f"{schedule} {job['time_zone']}{_overridden(job)}"
    return f"after {', '.join(job['after'])}" if job["after"] else "by hand"


def _overridden(job: Facts) -> str:
    if job["override_flaw"]:
        return " (override can't be read: see `manage.py drift`)"
    return " (overridden)" if job["overridden_by"] else ""


def _last_run(run: Facts | None, now: datetime) -> str:
    if run is None:
        return NOTHING
    return f"{run['status']} {relative(run['finished_at'] or run['started_at'] or run['created_at'], now)}"


def _next_run(job: Facts, now: datetime) -> str:
    if job["disabled_by"]:
        return "disabled in Azure"
    if job["is_paused"]:
        end = f" until {clock(job['paused_until'], now)}" if job["paused_until"] else ""
        return f"paused by {job['paused_by'] or 'nobody knows'}{end}"
    if job.get("held_by"):
        end = f" until {clock(job['held_until'], now)}" if job["held_until"] else ""
        return f"held by {job['held_by']}{end}"
    return relative(job["next_run_at"], now)
