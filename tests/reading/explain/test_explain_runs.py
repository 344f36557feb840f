"""What is told of an occurrence that has a run: it ran, it is at work, or it waits."""

import pytest

from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.ledger import claims, instance
from jobs.reading.explain import Cause, explain
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, a_run, an_attempt
from tests.reading.explain.story import DUE, HEAD, a_ledger, a_scheduled_run, explained

pytestmark = pytest.mark.django_db


# It ran


def test_it_ran(nightly):
    run = a_scheduled_run()
    found = explain(nightly, now=at("03:00"))
    assert found.text == f"{HEAD} Run {run.pk} started at 02:00:02, 2 s late, and succeeded after 1 min 30 s."
    assert (found.cause, found.occurrence, found.run, found.gap) == (Cause.RAN, DUE, run, None)


def test_it_ran_on_time(nightly):
    run = a_scheduled_run(started="02:00:00.4")
    assert explained() == [HEAD, f"Run {run.pk} started at 02:00, on time, and succeeded after 1 min 31 s."]


@pytest.mark.parametrize(
    ("status", "error", "end"),
    [
        (
            "failed",
            "ValueError: the third row is wrong",
            "failed after 1 min 30 s: ValueError: the third row is wrong.",
        ),
        (
            "timed_out",
            "Stopped at its timeout.",
            "timed out after 1 min 30 s: Stopped at its timeout.",
        ),
        ("lost", "Its supervisor vanished.", "was lost after 1 min 30 s: Its supervisor vanished."),
    ],
)
def test_it_ran_and_ended_badly(nightly, status, error, end):
    run = a_scheduled_run(Status(status), error=error)
    assert explained() == [HEAD, f"Run {run.pk} started at 02:00:02, 2 s late, and {end}"]


def test_it_was_cancelled_while_it_ran(nightly):
    run = a_scheduled_run(Status.CANCELLED, error="Cancelled while it ran.", cancelled_by="ada")
    assert explained() == [
        HEAD,
        f"Run {run.pk} started at 02:00:02, 2 s late, and was cancelled by ada after 1 min 30 s: "
        "Cancelled while it ran.",
    ]


def test_it_was_cancelled_before_it_started(nightly):
    run = a_run(
        status=Status.CANCELLED,
        scheduled_for=DUE,
        started_at=None,
        attempt=0,
        error="Cancelled by ada before it started.",
    )
    assert explained() == [HEAD, f"Run {run.pk} never started. Cancelled by ada before it started."]


def test_it_was_cancelled_before_it_was_tried_again(nightly):
    run = a_scheduled_run(Status.CANCELLED, error="no", cancelled_by="ada")
    run.attempts.update(status="failed")
    assert explained()[1:] == [
        f"Run {run.pk} started at 02:00:02, 2 s late, and failed after 1 min 30 s: no.",
        "It was cancelled by ada before it was retried.",
    ]


def test_it_was_lost_and_retried(nightly):
    run = a_scheduled_run(started="02:05:00", ended="02:06:00", attempt=2)
    run.attempts.update(number=2)
    an_attempt(
        run,
        status="lost",
        started_at=at("02:00:01"),
        finished_at=at("02:04:00"),
        error="Its supervisor vanished: no heartbeat came until its lease ran out.",
    )
    assert explained() == [
        HEAD,
        f"Attempt 1 of run {run.pk} started at 02:00:01, 1 s late, and was lost after 3 min 59 s: "
        "Its supervisor vanished: no heartbeat came until its lease ran out.",
        "Attempt 2 started at 02:05 and succeeded after 1 min.",
    ]


def test_of_many_attempts_the_first_and_the_last_are_explained(nightly):
    run = a_scheduled_run(Status.FAILED, attempt=5, error="no")
    for number in range(2, 6):
        an_attempt(
            run, number, "failed", started_at=at(f"02:{number}0"), finished_at=at(f"02:{number}0:05"), error="no"
        )
    assert explained() == [
        HEAD,
        f"Attempt 1 of run {run.pk} started at 02:00:02, 2 s late, and failed after 1 min 30 s: no.",
        "3 attempts more came in between.",
        "Attempt 5 started at 02:50 and failed after 5 s: no.",
    ]


# It is at work


def test_it_is_running(nightly):
    run = a_scheduled_run(
        Status.RUNNING, ended=None, lease_expires_at=at("03:01"), progress={"done": 1200, "total": 5000}
    )
    found = explain(nightly, now=at("03:00"))
    assert found.cause is Cause.RUNNING
    assert list(found.sentences) == [
        HEAD,
        f"Run {run.pk} started at 02:00:02, 2 s late, and is running, for 59 min 58 s now. It has done 1,200 of 5,000.",
    ]


def test_it_was_asked_to_end(nightly):
    a_scheduled_run(
        Status.RUNNING,
        ended=None,
        lease_expires_at=at("03:01"),
        cancel_requested_at=at("02:59"),
        cancelled_by="ada",
    )
    assert explained()[2:] == ["ada cancelled it at 02:59."]


def test_its_lease_ran_out(nightly):
    a_scheduled_run(Status.RUNNING, ended=None, lease_expires_at=at("02:50"))
    assert explained()[2:] == ["Its lease ran out at 02:50: the next tick will declare it lost."]


# It waits


def a_queued_run(**fields):
    return a_run(
        status=Status.QUEUED, scheduled_for=DUE, trigger="schedule", **{"not_before": DUE, "created_at": DUE} | fields
    )


def test_it_waits_for_an_executor(nightly):
    run = a_queued_run(start_by=at("04:00"))
    assert explained(now="02:01") == [
        HEAD,
        f"Run {run.pk} is queued: nothing blocks it. An executor picks it up within a minute.",
        "If nothing picks it up by 04:00, it is missed.",
    ]


def test_it_waits_and_nobody_is_on_duty(nightly):
    run = a_queued_run()
    assert explained() == [
        HEAD,
        f"Run {run.pk} is queued: nothing blocks it, but it has waited for 1 h. "
        "No host seems to be running: is the app up?",
    ]


def test_it_waits_for_its_next_attempt(nightly):
    run = a_queued_run(attempt=1, failures=1, not_before=at("03:05"))
    an_attempt(run, status="failed", started_at=at("02:00"), finished_at=at("02:00:03"), error="no")
    assert explained() == [
        HEAD,
        f"Run {run.pk} started at 02:00, on time, and failed after 3 s: no.",
        f"Run {run.pk} is queued for attempt 2: it waits until 03:05.",
    ]


def test_it_waits_for_another_run_of_its_job(nightly):
    other = a_run(status=Status.RUNNING, started_at=at("01:30"))
    run = a_queued_run()
    assert explained()[1] == (
        f"Run {run.pk} is queued: run {other.pk} of the job, running since 01:30, must end first."
    )


def test_it_waits_for_the_end_of_a_pause(nightly):
    a_pause(began_at=at("02:01"))
    run = a_queued_run(attempt=1, not_before=at("02:05"))
    an_attempt(run, status=AttemptStatus.FAILED, started_at=at("02:00"), finished_at=at("02:01"))
    assert explain(nightly, now=at("03:00")).sentences[-1] == (
        f"Run {run.pk} is queued for attempt 2: the job is paused by ada, without an end, and a retry waits for its "
        "end."
    )


def test_it_waits_for_an_earlier_occurrence(nightly):
    other = a_run(status=Status.QUEUED, scheduled_for=at("2026-03-13 02:00"))
    run = a_queued_run()
    assert explained()[1] == f"Run {run.pk} is queued: run {other.pk} of the job, for 2026-03-13 02:00, comes first."


def test_it_waits_for_its_group(declared):
    declared("nightly", schedule="0 0 2 * * *", concurrency_group="table", concurrency_limit=1)
    a_ledger("nightly")
    other = a_run("other", Status.RUNNING, concurrency_group="table")
    run = a_queued_run(concurrency_group="table")
    assert explained()[1] == (
        f"Run {run.pk} is queued: its group 'table' allows 1 run at a time, now run {other.pk} of other."
    )


@pytest.mark.parametrize("group", ["table", None])
def test_it_waits_for_its_own_limit_as_the_claim_does(declared, group):
    limits = {"concurrency_group": group, "concurrency_limit": 5} if group else {}
    declared("nightly", schedule="0 0 2 * * *", overlap="allow", max_running=1, **limits)
    a_ledger("nightly")
    kept = {"concurrency_group": registry["nightly"].group, "exclusive": False}
    other, run = a_run(status=Status.RUNNING, **kept), a_queued_run(**kept)
    assert claims.claim(run.pk, instance.current()) is None
    assert explained()[1] == (
        f"Run {run.pk} is queued: its max_running allows 1 run at a time, now run {other.pk} of nightly."
    )


def test_it_waits_for_a_slot(nightly, settings):
    settings.JOBS_MAX_RUNNING = 1
    a_run("other", Status.RUNNING)
    run = a_queued_run()
    assert explained()[1] == (
        f"Run {run.pk} is queued: it waits for a free slot. 1 run is running, and an instance runs at most 1."
    )
