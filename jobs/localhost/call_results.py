"""What became of the run of a call, for the line that the local host prints: `run 12 failed: exit 3`."""

from datetime import timedelta

from django.db import DatabaseError, connections
from django.utils import timezone

from jobs.choices import AttemptStatus, Reason, Status
from jobs.formats import clock, shorten
from jobs.ledger import sessions
from jobs.models import Attempt, Gap, Run

# A call that found no run to start has decided about an occurrence within this time.
RECENT = timedelta(minutes=2)
LENGTH = 100
OK = "ok"


def of_call(function: str, invocation_id: str, message: str = "") -> str:
    """Of the run that the message names, or that the invocation executed, or of the job's latest occurrence.

    "ok" if there is no such run: the function isn't a job's, or there is no ledger.
    """
    try:
        with sessions.ours():
            run = _run(message, invocation_id)
            return of_run(run) if run else _of_job(function)
    except DatabaseError:
        return OK
    finally:
        connections.close_all()


def _run(message: str, invocation_id: str) -> Run | None:
    if message.isdecimal() and len(message) <= 18:
        return Run.objects.filter(pk=int(message)).first()
    attempt = Attempt.objects.filter(invocation_id=invocation_id).select_related("run").first()
    return attempt.run if attempt else None


def _of_job(job: str) -> str:
    since = timezone.now() - RECENT
    gap = Gap.objects.filter(job=job, last__gte=since).order_by("-last", "-pk").first()
    run = Run.objects.filter(job=job, created_at__gte=since).order_by("-pk").first()
    if run and (gap is None or run.created_at > gap.last):
        return of_run(run)
    if gap is None:
        return OK
    way = f"run {gap.blocked_by_id} in the way" if gap.blocked_by_id else REASONS[Reason(gap.reason)]
    return f"{gap.fate}: {way}{f' by {gap.by}' if gap.by else ''}"


def of_run(run: Run) -> str:
    """In a few words: run 12 succeeded."""
    return f"run {run.pk} {_words(run)}"


def _words(run: Run) -> str:
    match Status(run.status):
        case Status.FAILED:
            return f"failed: {_why(run)}"
        case Status.TIMED_OUT:
            return "timed out"
        case Status.CANCELLED:
            return f"was cancelled by {run.cancelled_by}"
        case Status.LOST:
            return "was lost"
        case Status.SKIPPED if run.blocked_by_id and run.reason == Reason.OVERLAP:
            return f"skipped: run {run.blocked_by_id} in the way"
        case Status.SKIPPED | Status.MISSED as status:
            return f"{status}: {shorten(run.error, LENGTH)}"
        case Status.QUEUED if run.attempt:
            return f"failed: {_why(run)}; it is retried at {clock(run.not_before, timezone.localtime())}"
        case Status.QUEUED:
            return "is queued"
        case Status.RUNNING:
            return "is running"
    return str(run.status)


def _why(run: Run) -> str:
    """The exit code where the command said nothing else."""
    attempt = Attempt.objects.filter(run=run, number=run.attempt).first()
    if attempt and attempt.status == AttemptStatus.INTERRUPTED:
        return "interrupted"
    if attempt and attempt.exit_code and f"exit code {attempt.exit_code}" in run.error:
        return f"exit {attempt.exit_code}"
    return shorten(" ".join(run.error.split()), LENGTH)


REASONS = {reason: reason.label.lower() for reason in Reason}
