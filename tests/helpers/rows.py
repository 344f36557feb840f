"""Rows of the ledger, for tests of those who read it."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from jobs.choices import ENDED, AttemptStatus, InterventionKind, Status
from jobs.ledger import claims, sql, states
from jobs.ledger.instance import Instance
from jobs.models import Attempt, Intervention, LastTick, Output, Run
from jobs.reading.transcript import pieces

HERE = Instance(name="here", supervisor="ns/1/1", release="1.2")
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def first_seen_at(monkeypatch, moment):
    """The process of this test first saw what is declared at this moment of the database's clock."""
    monkeypatch.setattr(states, "first_seen", lambda clock: moment)


def settled_ticks():
    """Ticks have seen the database for an hour: a lease that ran out says that its supervisor is gone."""
    now = states.clock()
    LastTick.objects.update_or_create(
        id=1, defaults={"at": now, "seen_at": now, "unbroken_since": now - timedelta(hours=1)}
    )


@contextmanager
def pruning():
    """In this block events may be deleted, as `manage.py prune_runs` does it."""
    sql.execute("SELECT set_config('nightshift.pruning', 'on', false)")
    try:
        yield
    finally:
        sql.execute("SELECT set_config('nightshift.pruning', '', false)")


def a_run(job="nightly", status=Status.SUCCEEDED, **fields):
    """A run; one that has ended took 90 seconds and ended at noon, unless told otherwise."""
    if status in ENDED:
        fields = {"finished_at": NOON} | fields
        if status not in {Status.SKIPPED, Status.MISSED}:
            fields = {"started_at": fields["finished_at"] - timedelta(seconds=90), "attempt": 1} | fields
    if status == Status.RUNNING:
        fields = {"started_at": NOON, "lease_expires_at": NOON.replace(year=2126), "attempt": 1} | fields
    return Run.objects.create(job=job, status=status, **{"trigger": "manual", "requested_by": "a test"} | fields)


def a_queued_run(job="nightly", **fields):
    return a_run(job, Status.QUEUED, **{"not_before": states.clock()} | fields)


def a_claimed_run(job="nightly", **fields):
    """A run that is running, and its claim."""
    run = a_queued_run(job, **fields)
    claim = claims.claim(run.pk, HERE)
    assert claim is not None
    return run, claim


def status_of(run):
    """The run's status, as the ledger has it now."""
    run.refresh_from_db()
    return run.status


def an_attempt(run, number=1, status=AttemptStatus.SUCCEEDED, written=(), **fields):
    """An attempt, with the pieces that it wrote: bytes, or (bytes, where stderr stands in them)."""
    pieces = [piece if isinstance(piece, tuple) else (piece, []) for piece in written]
    size = sum(len(body) for body, _ in pieces)
    lines_before = accumulate((body.count(b"\n") for body, _ in pieces), initial=0)
    attempt = Attempt.objects.create(run=run, number=number, status=status, **{"output_bytes": size} | fields)
    Output.objects.bulk_create(
        Output(attempt=attempt, number=place, at=NOON, body=body, stderr=stderr, lines_before=lines)
        for place, ((body, stderr), lines) in enumerate(zip(pieces, lines_before, strict=False))
    )
    return attempt


def a_pause(job="nightly", by="ada", **fields):
    """A pause that is in force from now on, unless told otherwise."""
    return Intervention.objects.create(
        job=job, kind=InterventionKind.PAUSE, by=by, **{"began_at": states.clock()} | fields
    )


def an_override(job="nightly", by="ada", **fields):
    """An override that is in force from now on, unless told otherwise."""
    return Intervention.objects.create(
        job=job, kind=InterventionKind.OVERRIDE, by=by, **{"began_at": states.clock()} | fields
    )


def output_text(attempt):
    """What the attempt wrote, as text."""
    return b"".join(pieces(attempt)).decode()
