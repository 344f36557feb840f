"""The month as rows of the ledger: runs with their attempts and output, gaps, pauses, an override, state rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from django.db import transaction

from examples.sample.history import DAY, HOUR, MINUTE, MONTH, NEW, PAUSES, STORIES
from examples.sample.month import HOST, Month
from jobs.choices import Cause, Door, EventKind, InterventionKind, Status, Trigger
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import states, statistics
from jobs.ledger.statistics import Swallowed
from jobs.models import Attempt, Event, Gap, Incident, Intervention, JobState, LastTick, Output, Run
from jobs.schedule.zones import rules_of

# Of each job the newest runs have output.
PRINTED = 20
CAUSES = {Status.FAILED: Cause.FAILED, Status.TIMED_OUT: Cause.FAILED, Status.LOST: Cause.LOST}


def write(length: timedelta = MONTH, *, at_work: bool = False) -> int:
    """Write the latest part of the month for the declared jobs that have no state row. Gives how many runs it wrote."""
    month = Month(states.clock(), length)
    known = set(JobState.objects.values_list("job", flat=True))
    jobs = [job for job in registry.values() if job.name not in known]
    for job in jobs:
        if job.schedule and job.name in STORIES and job.name not in NEW:
            month.add(job, STORIES[job.name])
    with transaction.atomic():
        _write_states(month, jobs)
        _write_runs(month)
        _write_gaps(month)
        _write_incidents(month)
        _write_interventions(month, {job.name for job in jobs})
        if at_work and jobs:
            _write_active(month)
    return len(month.runs)


def _write_states(month: Month, jobs: list[Job]) -> None:
    JobState.objects.bulk_create(
        JobState(
            job=job.name,
            fingerprint=job.fingerprint,
            declared=job.fingerprint,
            zone_rules=rules_of(job.schedule.zone.key) if job.schedule else "",
            ledger_from=month.beginning(job) if job.schedule else None,
            ledger_through=month.through if job.schedule else None,
            next_due_at=job.schedule.next(month.through) if job.schedule else None,
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
    printed = list(_printed(month))
    Attempt.objects.bulk_create([attempt for _, attempts in month.runs for attempt in attempts], batch_size=500)
    Output.objects.bulk_create(printed, batch_size=500)


def _printed(month: Month) -> Iterator[Output]:
    seen: defaultdict[str, int] = defaultdict(int)
    for run, attempts in reversed(month.runs):
        seen[run.job] += 1
        if seen[run.job] > PRINTED:
            continue
        for attempt in attempts:
            body = _lines(run, attempt).encode()
            attempt.output_bytes = len(body)
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


def _write_incidents(month: Month) -> None:
    """One for each job whose latest runs went wrong; on one of them somebody works."""
    for job in dict.fromkeys(run.job for run, _ in month.runs):
        newest = (run for run, _ in reversed(month.runs) if run.job == job)
        if wrong := list(takewhile(lambda run: run.status in CAUSES, newest)):
            last, first = wrong[0], wrong[-1]
            is_lost = last.status == Status.LOST
            assert last.finished_at
            assert first.finished_at
            Incident.objects.create(
                job=job,
                cause=CAUSES[Status(last.status)],
                opened_at=first.finished_at,
                last_at=last.finished_at,
                count=len(wrong),
                first_run_id=first.pk,
                last_run_id=last.pk,
                error=last.error,
                detail="A run was lost." if is_lost else "A run failed.",
                acknowledged_by="grace" if is_lost else "",
                acknowledged_at=last.finished_at + 3 * MINUTE if is_lost else None,
                acknowledged_note="The instance was replaced." if is_lost else "",
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
