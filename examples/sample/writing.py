"""The month as rows of the ledger: runs with their attempts and output, gaps, pauses, an override, state rows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from django.db import transaction

from examples.sample.history import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    NEW,
    PAUSES,
    RELEASED,
    SECOND,
    STORIES,
    Story,
    was_stopped,
)
from jobs.choices import Door, EventKind, Fate, InterventionKind, Reason, Status, Trigger
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import states, statistics
from jobs.ledger.statistics import Swallowed
from jobs.models import Attempt, Event, Gap, Intervention, JobState, LastTick, Output, Run
from jobs.schedule.zones import rules_of

# Of each job the newest runs have output.
PRINTED = 20
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


def write(length: timedelta = MONTH, *, at_work: bool = False) -> int:
    """Write the latest part of the month for the declared jobs that have no state row. Gives how many runs it wrote."""
    month = Month(states.clock(), length)
    known = set(JobState.objects.values_list("job", flat=True))
    jobs = [job for job in registry.values() if job.name not in known]
    for job in jobs:
        if job.schedule and job.name in STORIES and job.name not in NEW:
            _tell(month, job, STORIES[job.name])
    with transaction.atomic():
        _write_states(month, jobs)
        _write_runs(month)
        _write_gaps(month)
        _write_interventions(month, {job.name for job in jobs})
        if at_work and jobs:
            _write_active(month)
    return len(month.runs)


def _tell(month: Month, job: Job, story: Story) -> None:
    """The occurrences of the month, each as a run or in a gap."""
    assert job.schedule
    chance = Random(job.name)  # noqa: S311 — the same month each time
    # A run must be over by now.
    moments = list(job.schedule.between(_beginning(month, job), month.now - 3 * story.takes))
    for why, group in groupby(enumerate(moments), lambda each: _kept_from(job.name, each[1], month.now)):
        if why:
            month.gaps.append(_gap(job, *why, [moment for _, moment in group]))
            continue
        for place, moment in group:
            month.runs.append(_run(month, job, story, moment, len(moments) - place - 1, chance))


def _beginning(month: Month, job: Job) -> datetime:
    """Since when the job's ledger has been kept: of one that is due each minute, as on a laptop, a day is enough."""
    assert job.schedule
    is_frequent = (job.schedule.period(month.now) or DAY) < 5 * MINUTE
    return month.now - DAY if is_frequent else month.start


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
    release = "a1b2c3d" if ago > RELEASED else "f4e5d6c"
    attempts = []
    started = moment + chance.uniform(0.1, 1.4) * SECOND
    if status == Status.SUCCEEDED and chance.random() < story.retried:
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


def _write_states(month: Month, jobs: list[Job]) -> None:
    JobState.objects.bulk_create(
        JobState(
            job=job.name,
            fingerprint=job.fingerprint,
            declared=job.fingerprint,
            zone_rules=rules_of(job.schedule.zone.key) if job.schedule else "",
            ledger_from=_beginning(month, job) if job.schedule else None,
            ledger_through=month.now if job.schedule else None,
            next_due_at=job.schedule.next(month.now) if job.schedule else None,
        )
        for job in jobs
    )
    tick = {"at": month.now, "seen_at": month.now, "unbroken_since": month.start, "instance": HOST}
    LastTick.objects.update_or_create(id=1, defaults=tick)


def _write_runs(month: Month) -> None:
    # Ids ascend with the time of writing, as in any ledger.
    month.runs.sort(key=lambda each: each[0].created_at)
    Run.objects.bulk_create([run for run, _ in month.runs], batch_size=500)
    for run, attempts in month.runs:
        for attempt in attempts:
            attempt.run = run
    Attempt.objects.bulk_create([attempt for _, attempts in month.runs for attempt in attempts], batch_size=500)
    Output.objects.bulk_create(_printed(month), batch_size=500)


def _printed(month: Month) -> Iterator[Output]:
    seen: defaultdict[str, int] = defaultdict(int)
    for run, attempts in reversed(month.runs):
        seen[run.job] += 1
        if seen[run.job] > PRINTED:
            continue
        for attempt in attempts:
            body = _lines(run, attempt).encode()
            errors = body.find(b"Traceback")
            at, stderr = attempt.started_at, [errors, len(body)] if errors >= 0 else []
            yield Output(attempt=attempt, number=0, at=at, body=body, stderr=stderr)


def _lines(run: Run, attempt: Attempt) -> str:
    done = "".join(f"{part * 10} of 40 done\n" for part in range(1, 5))
    if attempt.status == Status.SUCCEEDED:
        return f"{run.job} begins.\n{done}{run.result}\n"
    if attempt.status == Status.FAILED:
        where = '  File "/app/shop/tasks.py", line 71, in handle\n    self.send(batch)\n'
        return f"{run.job} begins.\n10 of 40 done\nTraceback (most recent call last):\n{where}{attempt.error}\n"
    return f"{run.job} begins.\n10 of 40 done\n"


def _write_gaps(month: Month) -> None:
    month.gaps.sort(key=lambda gap: gap.recorded_at)
    Gap.objects.bulk_create(month.gaps)
    statistics.count(
        Swallowed(gap.job, gap.reason, gap.fingerprint, gap.first, gap.last, gap.count) for gap in month.gaps
    )


def _write_interventions(month: Month, jobs: set[str]) -> None:
    now = month.now
    for pause in (pause for pause in PAUSES if pause.job in jobs):
        began, ended = now - pause.since, now - pause.until if pause.until else None
        Intervention.objects.create(
            job=pause.job,
            kind=InterventionKind.PAUSE,
            by=pause.by,
            reason=pause.reason,
            began_at=began,
            ended_at=ended,
            ended_by=pause.by if ended else "",
        )
        _event(began, EventKind.PAUSED, pause.job, pause.by, f"{pause.job} was paused by {pause.by}.", pause.reason)
        if ended:
            _event(ended, EventKind.RESUMED, pause.job, pause.by, f"{pause.job} was resumed by {pause.by}.")
    if "check_stock" in jobs:
        began = now - 20 * HOUR
        Intervention.objects.create(
            job="check_stock",
            kind=InterventionKind.OVERRIDE,
            by="ada",
            reason="the scanner uploads at half past",
            began_at=began,
            until=now + 3 * DAY,
            schedule="0 35 * * * *",
        )
        message = "check_stock was overridden by ada: schedule 0 35 * * * *."
        _event(began, EventKind.OVERRIDDEN, "check_stock", "ada", message, "the scanner uploads at half past")


def _event(at: datetime, kind: EventKind, job: str, by: str, message: str, reason: str = "") -> None:
    Event.objects.create(at=at, kind=kind, job=job, by=by, door=Door.PAGE, message=message, reason=reason)


def _write_active(month: Month) -> None:
    """Two runs that seem to be at work, and one that waits."""
    now = month.now
    _active(
        "archive_documents", now - 97 * MINUTE, {"done": 31200, "total": 42000, "message": "2019"}, Trigger.SCHEDULE
    )
    _active("nightly_backup", now - 8 * MINUTE, {"done": 4100, "total": 11800}, Trigger.MANUAL)
    Run.objects.create(
        job="price_forecast",
        trigger=Trigger.MANUAL,
        requested_by="grace",
        created_at=now - 4 * MINUTE,
        not_before=now - 4 * MINUTE,
    )


def _active(job: str, since: datetime, progress: dict[str, object], trigger: Trigger) -> None:
    run = Run.objects.create(
        job=job,
        trigger=trigger,
        requested_by="" if trigger == Trigger.SCHEDULE else "ada",
        status=Status.RUNNING,
        arguments=list(registry[job].arguments),
        created_at=since,
        not_before=since,
        started_at=since,
        attempt=1,
        lease_expires_at=since + timedelta(days=365),
        progress=progress,
    )
    attempt = Attempt.objects.create(
        run=run, number=1, started_at=since, instance=HOST, supervisor=f"{HOST}/1/1", release="f4e5d6c"
    )
    Output.objects.create(attempt=attempt, number=0, at=since, body=f"{job} begins.\n10 of 40 done\n".encode())
