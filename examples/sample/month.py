"""The month as objects: a run for each occurrence, with its attempts, or a gap. Nothing is written here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from examples.sample.history import DAY, MINUTE, MONTH, PAUSES, RELEASED, SECOND, Story, was_stopped
from jobs.choices import Fate, Reason, Status, Trigger
from jobs.declarations.job import Job
from jobs.models import Attempt, Gap, Run

HOST = "app-1"


@dataclass
class Month:
    """What is to be written."""

    now: datetime
    length: timedelta = MONTH
    runs: list[tuple[Run, list[Attempt]]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        return self.now - self.length

    @property
    def through(self) -> datetime:
        """Up to when the ledger is decided: a run that was due a moment before must be over by now."""
        return self.now - 5 * SECOND

    def add(self, job: Job, story: Story) -> None:
        """Add the job's occurrences, each as a run or in a gap."""
        assert job.schedule
        chance = Random(job.name)  # noqa: S311 — the same month each time
        moments = list(job.schedule.between(self.beginning(job), self.through))
        for why, group in groupby(enumerate(moments), lambda each: _kept_from(job.name, each[1], self.now)):
            if why:
                self.gaps.append(_gap(job, *why, [moment for _, moment in group]))
                continue
            for place, moment in group:
                self.runs.append(_run(self, job, story, moment, len(moments) - place - 1, chance))

    def beginning(self, job: Job) -> datetime:
        """Since when the job's ledger is kept: a day is enough of one that is due each minute, as on a laptop."""
        assert job.schedule
        is_frequent = (job.schedule.period(self.now) or DAY) < 5 * MINUTE
        return self.now - DAY if is_frequent else self.start


def _gap(job: Job, fate: Fate, reason: Reason, by: str, note: str, moments: list[datetime]) -> Gap:
    return Gap(
        job=job.name,
        fingerprint=job.fingerprint,
        first=moments[0],
        last=moments[-1],
        count=len(moments),
        fate=fate,
        reason=reason,
        by=by,
        note=note,
        recorded_at=moments[-1],
    )


def _kept_from(job: str, moment: datetime, now: datetime) -> tuple[Fate, Reason, str, str] | None:
    """Why there was no run at this moment."""
    if was_stopped(moment, now):
        return Fate.MISSED, Reason.TOO_LATE, "", ""
    for pause in PAUSES:
        if pause.job == job and now - pause.since < moment <= now - (pause.until or timedelta(0)):
            return Fate.SKIPPED, Reason.PAUSED, pause.by, pause.reason
    return None


def _run(
    month: Month, job: Job, story: Story, moment: datetime, later: int, chance: Random
) -> tuple[Run, list[Attempt]]:
    ago = month.now - moment
    status, error = story.ends(ago, later, chance)
    took = story.duration(1 - ago / MONTH, chance)
    if status == Status.TIMED_OUT:
        took = job.timeout
    elif status == Status.FAILED:
        took *= chance.uniform(0.1, 0.6)
    room = month.now - moment - 2 * SECOND
    took = min(took, room / 2)
    release = "a1b2c3d" if ago > RELEASED else "f4e5d6c"
    attempts = []
    started = moment + chance.uniform(0.1, 1.4) * SECOND
    if status == Status.SUCCEEDED and chance.random() < story.retried and room > 2 * took + MINUTE:
        attempts.append(
            _attempt(1, Status.FAILED, started, took / 3, release, chance, "ConnectionResetError: [Errno 104]")
        )
        started += took / 3 + 30 * SECOND
    attempts.append(_attempt(len(attempts) + 1, status, started, took, release, chance, error))
    run = Run(
        job=job.name,
        trigger=Trigger.SCHEDULE,
        scheduled_for=moment,
        status=status,
        arguments=list(job.arguments),
        created_at=moment,
        not_before=moment,
        started_at=started,
        finished_at=started + took,
        attempt=len(attempts),
        failures=len(attempts) - 1,
        error=error,
        result=story.prints.format(n=round(40 * took / story.takes)) if status == Status.SUCCEEDED else None,
    )
    return run, attempts


def _attempt(
    number: int, status: Status, started: datetime, took: timedelta, release: str, chance: Random, error: str
) -> Attempt:
    return Attempt(
        number=number,
        status=status,
        started_at=started,
        finished_at=started + took,
        exit_code={Status.SUCCEEDED: 0, Status.FAILED: 1}.get(status),
        signal="SIGTERM" if status == Status.TIMED_OUT else "",
        error=error,
        wall=took,
        cpu=took * chance.uniform(0.1, 0.5),
        peak_memory=chance.randint(60, 90) * 2**20,
        sql_statements=chance.randint(10, 400),
        instance=HOST,
        supervisor=f"{HOST}/1/1",
        release=release,
    )
