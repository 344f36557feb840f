"""A job that was due at 02:00 on 14 March 2026, what became of it, and what is told of that."""

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger import endings, pipelines
from jobs.ledger.changed import Changed
from jobs.models import Gap, JobState
from jobs.reading.explain import explain
from tests.helpers.moments import at
from tests.helpers.rows import a_run, an_attempt

DUE = at("02:00")
HEAD = "nightly was due at 2026-03-14 02:00 UTC."


def a_ledger(job, **fields):
    return JobState.objects.create(
        job=job,
        **{
            "fingerprint": registry[job].fingerprint,
            "declared": registry[job].fingerprint,
            "ledger_from": at("2026-03-01 00:00"),
            "ledger_through": at("03:00"),
        }
        | fields,
    )


def a_gap(reason, fate="skipped", **fields):
    return Gap.objects.create(
        job="nightly",
        fingerprint=registry["nightly"].fingerprint,
        reason=reason,
        fate=fate,
        **{"first": DUE, "last": DUE, "count": 1, "recorded_at": DUE} | fields,
    )


def explained(job="nightly", when=None, now="03:00"):
    """The sentences about an occurrence, by default the latest."""
    return list(explain(registry[job], when and at(when), at(now)).sentences)


def a_scheduled_run(status=Status.SUCCEEDED, started="02:00:02", ended="02:01:32", **fields):
    """A run of the occurrence at 02:00, with one attempt."""
    run = a_run(
        status=status,
        scheduled_for=DUE,
        trigger="schedule",
        started_at=at(started),
        created_at=DUE,
        **({"finished_at": at(ended)} if ended else {}) | {"attempt": 1} | fields,
    )
    an_attempt(
        run,
        status=status,
        started_at=at(started),
        finished_at=ended and at(ended),
        error=fields.get("error", ""),
    )
    return run


def ends(run):
    run.refresh_from_db()
    end = Changed(run_id=run.pk, job=run.job, status=Status(run.status), scheduled_for=run.scheduled_for)
    endings.follow(end, pipelines.current())
