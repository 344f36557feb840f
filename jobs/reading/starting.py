"""What becomes of one more run of a job, were it asked for now, and what earlier ones were asked for with."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from jobs.choices import Status
from jobs.declarations.job import Job
from jobs.formats import counted
from jobs.ledger import states
from jobs.ledger.in_force import InForce
from jobs.ledger.overlap import Collision, collide
from jobs.models import Run
from jobs.reading import keyset

# Among so many of the latest runs, sets of arguments are looked for.
LOOKED_AT = 200
BECOMES = {
    Collision.START: "",
    Collision.WAIT: "Run {run} is active: by {rule} this one would wait until it has ended.",
    Collision.SKIP: "Run {run} is active: by {rule} this one would be skipped.",
    Collision.REPLACE: "Run {run} is active: by {rule} it would be cancelled, and this one would follow.",
}


class Used(NamedTuple):
    """Arguments, and the latest run that had them."""

    run: int
    words: list[str]
    by: str
    at: datetime


def what_will_happen(job: Job, current: InForce, is_for_later: bool = False) -> list[str]:
    """What stands in the way of one more run, in sentences. Up to two queries.

    A run for a later moment is in nobody's way until then.
    """
    found = list(_interventions(current))
    if is_for_later:
        return [*found, "It is queued until that moment, and then waits until nothing is in its way."]
    collision, other = collide(job, states.active(job.name))
    if collision is not Collision.START:
        rule = f"max_running={job.max_running}" if job.max_running else f"overlap={job.overlap.value!r}"
        return [*found, BECOMES[collision].format(run=other, rule=rule)]
    return [*found, *(_full(job) or ["It starts as soon as an instance has room for it."])]


def last_used(job: Job, most: int = 5) -> list[Used]:
    """The sets of arguments that people and programs used last, each with the latest run that had it. One query."""
    newest = keyset.runs(Run.objects.all(), job.name).values_list(
        "pk", "arguments", "requested_by", "created_at", "scheduled_for"
    )
    found: dict[tuple[str, ...], Used] = {}
    for run, words, by, at, occurrence in newest[:LOOKED_AT]:
        if occurrence is None and by and tuple(words) not in found:
            found[tuple(words)] = Used(run, words, by, at)
    return list(found.values())[:most]


def _interventions(current: InForce) -> Iterator[str]:
    if current.hold and current.hold.all_starts:
        yield f"Everything is held by {current.hold.by}: this one would wait for the end of that."
    if current.pause:
        yield f"The job is paused by {current.pause.by}. What a person starts runs all the same."


def _full(job: Job) -> list[str]:
    """That the job's group has no room."""
    if not job.group:
        return []
    at_work = list(
        Run.objects.filter(status=Status.RUNNING, concurrency_group=job.group).order_by("pk").values_list("pk", "job")
    )
    if len(at_work) < job.group_limit:
        return []
    names = ", ".join(f"run {run} of {name}" for run, name in at_work)
    what = f"Its group {job.concurrency_group!r}" if job.concurrency_group else "Its max_running"
    return [f"{what} allows {counted(job.group_limit, 'run')} at a time, now {names}: this one would wait."]
