"""From a ring to the run's end, against Azurite: crashes, messages twice, and how many at once."""

import json
from datetime import UTC, datetime, timedelta

from django.conf import settings

from jobs import Retry
from jobs.choices import Status, Trigger
from jobs.conf import conf
from jobs.declarations.registry import registry
from jobs.execution.timer_calls import Call, answer
from jobs.ledger import doorbell, states, triggers
from jobs.models import Attempt, Run
from tests.azure.azurite import texts
from tests.azure.conftest import ended
from tests.helpers.processes import until

HOST_JSON = json.loads((settings.BASE_DIR / "host.json").read_text())["extensions"]["queues"]


def test_a_run_that_is_asked_for_is_executed_and_its_message_goes(azurite, host, declared):
    declared("succeeds")
    host()
    run = triggers.request("succeeds", requested_by="a test")
    until(lambda: ended(run), 60)
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 1)
    until(lambda: azurite.queue().get_queue_properties().approximate_message_count == 0)


def test_a_message_that_comes_three_times_runs_once(azurite, host, declared):
    declared("succeeds")
    run = triggers.request("succeeds", requested_by="a test")
    doorbell.ring(run.pk)
    doorbell.ring(run.pk)
    host()
    until(lambda: ended(run) and azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    assert Attempt.objects.filter(run=run).count() == 1


def test_a_retry_waits_in_the_queue_and_comes_by_itself(azurite, host, declared):
    declared("fails", retry=Retry(times=1, delay=timedelta(seconds=1)))
    # Declared under this name in the host's process too, by the project of the tests.
    run = triggers.request("fails", requested_by="a test")
    host(declare=[["fails", {"retry": {"times": 1, "delay": 1}}]])
    until(lambda: ended(run), 60)
    assert (run.status, run.attempt) == (Status.FAILED, 2)


def test_a_worker_killed_before_the_claim_loses_nothing(azurite, host, declared):
    declared("succeeds")
    run = triggers.request("succeeds", requested_by="a test")
    killed = host(fault="claim.before_commit", visibility=2)
    assert killed.wait() == -9
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.QUEUED, 0)
    host(visibility=2)
    until(lambda: ended(run), 60)
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 1)


def test_a_worker_killed_after_the_claim_leaves_a_run_that_is_lost_and_reported(azurite, host, declared):
    """Its message comes back and finds the row claimed; the next worker on the machine knows that its owner is dead."""
    declared("succeeds")
    run = triggers.request("succeeds", requested_by="a test")
    killed = host(fault="claim.after_commit", visibility=2)
    assert killed.wait() == -9
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.RUNNING, 1)
    host(visibility=2, tick_every=0.5)
    until(lambda: ended(run) and azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    assert (run.status, run.attempt) == (Status.LOST, 1)
    assert run.error == "Its supervisor died, and a new one started in its place."


def test_a_worker_killed_in_mid_run_has_its_run_done_again_where_a_retry_is_left(azurite, host, declared):
    declared("sleeps", "5", retry=Retry(times=1, delay=timedelta(0)))
    run = triggers.request("sleeps", requested_by="a test")
    first = host(visibility=2)
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists(), 60)
    first.kill()
    first.wait()
    host(visibility=2, tick_every=0.5, declare=[["sleeps", {"retry": {"times": 1, "delay": 0}}]])
    until(lambda: ended(run), 60)
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 2)


# host.json


def test_an_instance_takes_as_many_messages_at_once_as_it_may_execute_runs():
    assert HOST_JSON["batchSize"] == conf.JOBS_MAX_RUNNING
    # The host asks for more messages only when no more than this many are at work: with 0 one long run of a batch would
    # keep the instance from all others until it ends.
    assert HOST_JSON["newBatchThreshold"] == conf.JOBS_MAX_RUNNING - 1


def test_a_long_run_keeps_no_other_from_the_instance(azurite, host, declared):
    declared("sleeps", "20")
    declared("succeeds")
    host()
    long = triggers.request("sleeps", requested_by="a test")
    until(lambda: Attempt.objects.filter(run=long, output__isnull=False).exists(), 60)
    short = triggers.request("succeeds", requested_by="a test")
    until(lambda: ended(short), 10)
    long.refresh_from_db()
    assert (long.status, short.status) == (Status.RUNNING, Status.SUCCEEDED)


# The job's own word


def test_a_job_that_says_so_is_spread_over_the_instances_by_its_timer(azurite, declared, transactional_db):
    declared("succeeds", schedule="0 * * * * *", dispatch="queue")
    job = registry["succeeds"]
    states.begin([job], datetime.now(UTC) - timedelta(minutes=2))
    answer(Call(job=job, called_for=None))
    run = Run.objects.get()
    assert (run.status, run.trigger) == (Status.QUEUED, Trigger.SCHEDULE)
    assert texts(azurite.queue()) == [str(run.pk)]
