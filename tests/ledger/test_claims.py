"""Attempts begin: who may start, and whom to wake next."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, interventions, poison, queue, states, timing
from jobs.ledger.attempts import Outcome
from jobs.models import Run
from tests.helpers.at_once import at_once
from tests.helpers.rows import HERE, a_claimed_run, a_queued_run

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def end(claim):
    return attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED))


def test_a_claim_starts_an_attempt_under_a_lease(declared):
    declared("nightly")
    run, claim = a_claimed_run(arguments=["--days", "3"])
    run.refresh_from_db()
    attempt = run.attempts.get()
    assert (run.status, run.attempt, claim.attempt, claim.attempt_id) == (Status.RUNNING, 1, 1, attempt.pk)
    assert run.lease_expires_at - run.started_at == pytest.approx(timing.LEASE, abs=timedelta(milliseconds=5))
    assert (attempt.instance, attempt.supervisor, attempt.release) == ("here", "ns/1/1", "1.2")
    assert claim.arguments == ["--days", "3"]


def test_only_one_supervisor_claims_a_run(declared):
    declared("nightly")
    run, _ = a_claimed_run()
    assert claims.claim(run.pk, HERE) is None
    assert run.attempts.count() == 1


def test_a_run_is_not_claimed_before_its_time():
    assert claims.claim(a_queued_run(not_before=states.clock() + HOUR).pk, HERE) is None


def test_a_run_is_not_claimed_after_its_start_deadline_but_a_retry_is():
    passed = states.clock() - HOUR
    assert claims.claim(a_queued_run(start_by=passed).pk, HERE) is None
    assert claims.claim(a_queued_run(start_by=passed, attempt=1).pk, HERE) is not None


@pytest.mark.parametrize(
    ("run", "starts"),
    [
        ({"attempt": 1, "trigger": "schedule"}, False),
        ({"attempt": 1, "trigger": "manual"}, True),  # a person asked for it
        ({"attempt": 0, "trigger": "schedule"}, True),  # it was due before the pause
    ],
)
def test_a_retry_waits_for_the_end_of_a_pause(declared, run, starts):
    declared("nightly", schedule="0 0 3 * * *")
    interventions.pause(registry["nightly"], by="ada")
    waiting = a_queued_run(**run, not_before=states.clock() - HOUR)
    assert (claims.next_ready(4) == [waiting.pk]) is starts
    assert (queue.forgotten() == [waiting.pk]) is starts
    assert (claims.claim(waiting.pk, HERE) is not None) is starts


def test_a_resumed_jobs_retry_is_rung_for(declared, rung):
    declared("nightly", schedule="0 0 3 * * *")
    interventions.pause(registry["nightly"], by="ada")
    waiting = a_queued_run(attempt=1, trigger="schedule")
    interventions.resume(registry["nightly"], by="ada")
    assert rung == [waiting.pk]


def test_a_run_that_doesnt_exist_is_not_claimed():
    assert claims.claim(10**9, HERE) is None


def test_exclusive_runs_of_a_job_wait_for_each_other():
    a_claimed_run()
    assert claims.claim(a_queued_run().pk, HERE) is None
    assert claims.claim(a_queued_run(exclusive=False).pk, HERE) is not None
    assert claims.claim(a_queued_run("other").pk, HERE) is not None


def test_the_earliest_occurrence_starts_first():
    now = states.clock()
    late, early = (a_queued_run(scheduled_for=now - hours * HOUR) for hours in (1, 2))
    assert claims.claim(late.pk, HERE) is None
    claim = claims.claim(early.pk, HERE)
    end(claim)
    assert claims.claim(late.pk, HERE) is not None


def test_a_group_has_room_for_so_many(declared):
    for name in ("left", "right", "third"):
        declared(name, concurrency_group="table", concurrency_limit=2)
    runs = [a_queued_run(name, concurrency_group="table") for name in ("left", "right", "third")]
    first, second, third = (claims.claim(run.pk, HERE) for run in runs)
    assert first
    assert second
    assert third is None
    end(first)
    assert claims.claim(runs[2].pk, HERE) is not None


def test_a_run_of_a_removed_job_is_asked_about_like_any_other(declared):
    """Its group is known from its row, its limit from nowhere."""
    declared("left", concurrency_group="table", concurrency_limit=2)
    removed = a_queued_run("removed", concurrency_group="table")
    claims.claim(removed.pk, HERE)
    assert poison.take(str(removed.pk)) is not None


def test_runs_of_unknown_jobs_keep_no_other_from_its_bell(declared):
    declared("left", concurrency_group="table")
    for name in ("removed", "unknown"):
        a_queued_run(name, concurrency_group="table", not_before=states.clock() - HOUR)
    known = a_queued_run("left", concurrency_group="table")
    assert claims.next_ready(1) == [known.pk]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_a_group_lets_so_many_start(declared):
    names = [f"job_{number}" for number in range(6)]
    for name in names:
        declared(name, concurrency_group="table", concurrency_limit=2)
    runs = [a_queued_run(name, concurrency_group="table").pk for name in names]
    at_once(lambda run: claims.claim(run, HERE), runs)
    assert Run.objects.filter(status=Status.RUNNING).count() == 2


def test_the_runs_longest_due_are_ready_first(declared):
    for name in "abc":
        declared(name)
    now = states.clock()
    second, first = (a_queued_run(name, scheduled_for=now - hours * HOUR) for name, hours in (("a", 1), ("b", 2)))
    a_queued_run("c", not_before=now + HOUR)
    assert claims.next_ready(5) == [first.pk, second.pk]
    assert claims.next_ready(1) == [first.pk]


def test_runs_that_must_wait_keep_no_other_from_its_bell(declared):
    declared("busy")
    declared("free")
    a_claimed_run("busy")
    for _ in range(4):
        a_queued_run("busy", not_before=states.clock() - HOUR)
    free = a_queued_run("free")
    assert claims.next_ready(4) == [free.pk]


def test_a_full_group_keeps_no_other_from_its_bell(declared):
    for name in ("left", "right"):
        declared(name, concurrency_group="table", concurrency_limit=2)
    declared("free")
    a_claimed = a_queued_run("left", concurrency_group="table", exclusive=False)
    assert claims.claim(a_claimed.pk, HERE)
    waiting = [
        a_queued_run("right", concurrency_group="table", exclusive=False, not_before=states.clock() - HOUR)
        for _ in range(4)
    ]
    free = a_queued_run("free")
    assert claims.next_ready(4) == [waiting[0].pk, free.pk]


def test_only_runs_in_a_group_are_numbered(declared):
    declared("left", concurrency_group="table")
    declared("free")
    runs = [a_queued_run("left", concurrency_group="table"), *(a_queued_run("free", exclusive=False) for _ in range(2))]
    with CaptureQueriesContext(connection) as asked:
        assert claims.next_ready(9) == [run.pk for run in runs]
    assert numbered(asked.captured_queries[-1]["sql"]) == 1


def numbered(statement):
    """How many rows PostgreSQL puts in order to number them."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        nodes = [cursor.fetchone()[0][0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    [window] = [node for node in nodes if node["Node Type"] == "WindowAgg"]
    return window["Actual Rows"]


def test_one_statement_claims_a_run_of_no_group(django_assert_num_queries):
    run = a_queued_run()
    with django_assert_num_queries(1):
        claims.claim(run.pk, HERE)
