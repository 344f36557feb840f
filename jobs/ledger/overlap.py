"""What becomes of one more run of a job while others of it are queued or running: its overlap policy. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from jobs.choices import Misfire, Overlap
from jobs.declarations.job import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """A run of the job that is active, or ended after the watermark. It is in the way from `since` on, unless it
    yields to all others.
    """

    run: int
    since: datetime
    finished_at: datetime | None = None
    started: bool = True
    caught_up: bool = False
    yields: bool = False

    @property
    def active(self) -> bool:
        return self.finished_at is None


def in_the_way(activity: Iterable[Activity]) -> list[Activity]:
    """Those that an overlap policy looks at."""
    return [run for run in activity if not run.yields]


class Collision(Enum):
    """What an overlap policy says to one more run."""

    START = "start"
    WAIT = "wait"
    SKIP = "skip"
    REPLACE = "replace"


def collide(job: Job, activity: Iterable[Activity]) -> tuple[Collision, int | None]:
    """What to do with one more run of the job, and the run it collides with."""
    active = [run for run in in_the_way(activity) if run.active]
    if not active:
        return Collision.START, None
    waiting = next((run for run in active if not run.started), None)
    latest = active[-1].run
    match job.overlap:
        case Overlap.ALLOW if job.max_running is None or len(active) < job.max_running:
            return Collision.START, None
        case Overlap.QUEUE if waiting is None:
            return Collision.WAIT, latest
        case Overlap.QUEUE if waiting is not None:
            return Collision.SKIP, waiting.run
        case Overlap.REPLACE:
            return (Collision.REPLACE if replaced(job, active) else Collision.WAIT), latest
    return Collision.SKIP, latest


def collides_with_none(job: Job) -> bool:
    """Whether one more run of the job starts whatever else of it is queued or runs."""
    return job.overlap is Overlap.ALLOW and job.max_running is None


def replaced(job: Job, activity: Iterable[Activity]) -> list[int]:
    """The runs that one more run of the job replaces. What `misfire="all"` caught up is to run, each of it."""
    return [
        run.run for run in in_the_way(activity) if run.active and not (run.caught_up and job.misfire is Misfire.ALL)
    ]
