"""Runs that wait: too late to start, forgotten by the doorbell, found without reading old ones."""

from datetime import timedelta

import pytest
from django.db import connection

from jobs.choices import Status
from jobs.ledger import queue, states, timing
from jobs.models import Run
from tests.helpers.plans import plans
from tests.helpers.rows import a_queued_run, a_run, status_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_run_that_nobody_picked_up_in_time_is_missed():
    now = states.clock()
    overdue, waiting, endless = (
        a_queued_run(job, start_by=by) for job, by in (("a", now - HOUR), ("b", now + HOUR), ("c", None))
    )
    retried = a_queued_run("d", start_by=now - HOUR, attempt=1)
    assert queue.miss_overdue() == 1
    assert status_of(overdue) == Status.MISSED
    assert (overdue.reason, overdue.error) == ("too_late", "Nobody picked it up before its start deadline.")
    assert {status_of(run) for run in (waiting, endless, retried)} == {Status.QUEUED}


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cant_be_locked_keeps_no_other_from_being_missed(locked, declared, caplog, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.2))
    runs = [a_queued_run(job, start_by=states.clock() - HOUR) for job in ("a", "a", "b")]
    with locked("SELECT FROM nightshift_run WHERE job = %s FOR UPDATE", "a"):
        assert queue.miss_overdue() == 1
    assert [status_of(run) for run in runs] == [Status.QUEUED, Status.QUEUED, Status.MISSED]
    assert caplog.text.count("job=a: its runs can't be ended now, the next tick tries again.") == 1
    assert queue.miss_overdue() == 2


def test_how_many_wait_and_for_how_long_the_oldest_has():
    assert queue.waiting() == (0, timedelta(0))
    now = states.clock()
    a_queued_run("a", not_before=now - 2 * HOUR)
    a_queued_run("b", not_before=now - HOUR)
    a_queued_run("later", not_before=now + HOUR)
    a_run("at_work", Status.RUNNING)
    length, age = queue.waiting()
    assert (length, age // HOUR) == (2, 2)


def test_forgotten_runs_are_rung_for_once_in_a_while():
    now = states.clock()
    forgotten = a_queued_run("a", not_before=now - HOUR)
    a_queued_run("b")
    a_queued_run("c", not_before=now + HOUR)
    assert queue.forgotten() == [forgotten.pk]
    assert queue.forgotten() == []
    Run.objects.update(rung_at=now - HOUR)
    assert queue.forgotten() == [forgotten.pk]


def test_forgotten_runs_are_chosen_once_however_the_plan_joins_them():
    for number in range(20):
        a_queued_run(f"a{number}", not_before=states.clock() - HOUR)
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    with plans(["nightshift_run"]) as found:
        queue.forgotten(limit=3)
    assert [node["Actual Loops"] for node in found[0].nodes if node["Node Type"] == "LockRows"] == [1]


@pytest.mark.parametrize(
    "condition",
    [
        "status = 'queued' AND not_before <= now()",
        "status = 'running' AND lease_expires_at < now()",
        "status IN ('queued', 'running') AND job = ANY('{job_1}')",
        "job = 'job_1' AND scheduled_for = now()",
    ],
)
def test_what_is_asked_all_the_time_reads_no_old_runs(condition):
    Run.objects.bulk_create(
        Run(job=f"job_{number % 50}", status="succeeded", finished_at=states.clock(), trigger="manual")
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE nightshift_run")
        cursor.execute(f"EXPLAIN SELECT id FROM nightshift_run WHERE {condition}")
        assert "Seq Scan" not in "\n".join(line for (line,) in cursor.fetchall())
