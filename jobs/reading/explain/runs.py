"""What became of an occurrence that has a run, by the run's status."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from jobs.choices import ENDED, AttemptStatus, Reason, Status
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.formats import counted, format_duration
from jobs.ledger import obstacles
from jobs.models import Attempt, Run
from jobs.reading.explain.evidence import Answer, Cause, Clock, run_in_the_way, sentence
from jobs.reading.explain.unrecorded import NOBODY_ON_DUTY

# Of a run with more attempts only the first and the last are described.
TOLD_ATTEMPTS = 3


def explain_run(job: Job, run: Run, clock: Clock) -> Answer:
    cause = CAUSES.get(Status(run.status), Cause.RAN)
    if run.scheduled_for is not None:
        head = f"{job.name} was due at {clock.full(run.scheduled_for)}."
    else:
        what = f", which retries run {run.retry_of_id}," if run.retry_of_id else ""
        head = f"Run {run.pk} of {job.name}{what} was requested by {run.requested_by} at {clock.full(run.created_at)}."
    attempts = list(Attempt.objects.filter(run=run).order_by("number"))
    sentences = [head, *_describe_attempts(run, attempts, clock), *RUN.get(Status(run.status), _nothing)(run, clock)]
    if run.status == Status.CANCELLED and attempts and attempts[-1].status != AttemptStatus.CANCELLED:
        sentences.append(f"It was cancelled by {run.cancelled_by} before it was retried.")
    if run.status in ENDED - {Status.SUCCEEDED}:
        sentences += _retries(run, clock)
    return cause, sentences


def _retries(run: Run, clock: Clock) -> Iterator[str]:
    """The runs that retried this one: they are for no occurrence of their own."""
    for retry in Run.objects.filter(retry_of=run).order_by("pk"):
        asked = f"{retry.requested_by} asked for it at {clock.short(retry.created_at)}"
        yield f"Run {retry.pk} retried it ({asked}): {Status(retry.status).label.lower()}."


def _describe_attempts(run: Run, attempts: Sequence[Attempt], clock: Clock) -> Iterator[str]:
    for attempt in attempts if len(attempts) <= TOLD_ATTEMPTS else (attempts[0], attempts[-1]):
        if attempt is attempts[-1] and len(attempts) > TOLD_ATTEMPTS:
            yield f"{counted(len(attempts) - 2, 'attempt')} more came in between."
        name = f"Run {run.pk}" if len(attempts) == 1 else f"Attempt {attempt.number}"
        if len(attempts) > 1 and attempt is attempts[0]:
            name += f" of run {run.pk}"
        yield f"{name} started {_start(run, attempt, clock)} and {_end(run, attempt, clock)}"


def _start(run: Run, attempt: Attempt, clock: Clock) -> str:
    at = f"at {clock.short(attempt.started_at)}"
    if attempt.number > 1 or run.scheduled_for is None:
        return at
    late = attempt.started_at - run.scheduled_for
    return f"{at}, on time," if late < timedelta(seconds=1) else f"{at}, {format_duration(late)} late,"


def _end(run: Run, attempt: Attempt, clock: Clock) -> str:
    if attempt.finished_at is None:
        return f"is running, for {format_duration(clock.ago(attempt.started_at))} now.{_progress(run)}"
    lasted = format_duration(attempt.wall or attempt.finished_at - attempt.started_at)
    status = AttemptStatus(attempt.status)
    by = f" by {run.cancelled_by}" if status is AttemptStatus.CANCELLED and run.cancelled_by else ""
    error = f": {sentence(attempt.error)}" if attempt.error else "."
    return f"{ENDS[status]}{by} after {lasted}{error}"


ENDS = {
    AttemptStatus.SUCCEEDED: "succeeded",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.TIMED_OUT: "timed out",
    AttemptStatus.CANCELLED: "was cancelled",
    AttemptStatus.LOST: "was lost",
    AttemptStatus.INTERRUPTED: "was interrupted",
}


def _progress(run: Run) -> str:
    if not run.progress or run.progress.get("done") is None:
        return ""
    total = f" of {run.progress['total']:,}" if run.progress.get("total") else ""
    return f" It has done {run.progress['done']:,}{total}."


def _nothing(run: Run, clock: Clock) -> Iterable[str]:
    return []


def _running(run: Run, clock: Clock) -> Iterator[str]:
    if run.cancel_requested_at:
        yield f"{run.cancelled_by} cancelled it at {clock.short(run.cancel_requested_at)}."
    if run.lease_expires_at and run.lease_expires_at < clock.now:
        yield f"Its lease ran out at {clock.short(run.lease_expires_at)}: the next tick will declare it lost."


def _cancelled(run: Run, clock: Clock) -> Iterator[str]:
    if run.attempt == 0:
        yield f"Run {run.pk} never started. {sentence(run.error)}"


def _skipped(run: Run, clock: Clock) -> Iterator[str]:
    if run.reason == Reason.OVERLAP and run.blocked_by:
        yield f"Run {run.pk} was skipped: {run_in_the_way(run.blocked_by, clock, run.created_at)}."
    elif run.reason == Reason.PREDECESSOR:
        yield f"Run {run.pk} was skipped. {sentence(run.error)}"
        yield from (f"Run {cause.pk} of {cause.job}: {sentence(cause.error)}" for cause in _chain(run) if cause.error)
    else:
        yield f"Run {run.pk} was skipped. {sentence(run.error)}"


def _chain(run: Run) -> Iterable[Run]:
    """The runs of the steps before this one, back to the one where the trouble began."""
    return Run.objects.raw(
        """
        WITH RECURSIVE chain AS (
            SELECT *, 1 AS place FROM nightshift_run WHERE id = %s
            UNION ALL
            SELECT r.*, chain.place + 1 FROM chain JOIN nightshift_run r ON r.id = chain.blocked_by_id
             WHERE chain.reason = 'predecessor'
        )
        SELECT * FROM chain ORDER BY place
        """,
        [run.blocked_by_id],
    )


def _missed(run: Run, clock: Clock) -> Iterator[str]:
    deadline = f", {clock.short(run.start_by)}" if run.start_by else ""
    queued = clock.short(run.created_at)
    yield f"Run {run.pk} was queued at {queued} and missed: nothing picked it up before its start deadline{deadline}."


def _queued(run: Run, clock: Clock) -> Iterator[str]:
    what = "is queued" if run.attempt == 0 else f"is queued for attempt {run.attempt + 1}"
    yield f"Run {run.pk} {what}: {_why_it_waits(run, clock)}"
    if run.attempt == 0 and run.start_by:
        yield f"If nothing picks it up by {clock.short(run.start_by)}, it is missed."


def _why_it_waits(run: Run, clock: Clock) -> str:
    if found := obstacles.obstacle(run.pk, clock.now):
        return found.sentence(clock.short)
    running = Run.objects.filter(status=Status.RUNNING).count()
    if running >= conf.JOBS_MAX_RUNNING:
        at_work = "1 run is running" if running == 1 else f"{running:,} runs are running"
        return f"it waits for a free slot. {at_work}, and an instance runs at most {conf.JOBS_MAX_RUNNING}."
    waited = clock.ago(run.not_before)
    if waited > NOBODY_ON_DUTY:
        return (
            f"nothing blocks it, but it has waited for {format_duration(waited)}. "
            "No host seems to be running: is the app up?"
        )
    return "nothing blocks it. An executor picks it up within a minute."


RUN: dict[Status, Callable[[Run, Clock], Iterable[str]]] = {
    Status.QUEUED: _queued,
    Status.RUNNING: _running,
    Status.CANCELLED: _cancelled,
    Status.SKIPPED: _skipped,
    Status.MISSED: _missed,
}


CAUSES = {
    Status.QUEUED: Cause.QUEUED,
    Status.RUNNING: Cause.RUNNING,
    Status.SKIPPED: Cause.SKIPPED,
    Status.MISSED: Cause.MISSED,
}
