"""Messages that fail again and again, against Azurite, and what becomes of their runs."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

from jobs.azure import queue
from jobs.choices import Status
from jobs.ledger import poison, sql, triggers
from jobs.models import Attempt, Event, Run
from tests.azure.azurite import texts
from tests.azure.conftest import ended
from tests.helpers.processes import until
from tests.helpers.rows import a_run, an_attempt


def test_a_message_that_is_no_runs_id_is_given_up_and_reported(azurite, host):
    queue.client().create_queue()
    queue.client().send_message("clearsessions")
    host()
    until(Event.objects.filter(kind="poisoned_message").exists, 60)
    assert Event.objects.get().message == "A message with 'clearsessions' was given up: it names no run."
    until(lambda: texts(azurite.queue("jobs-runs-poison")) == [])


def test_a_run_whose_function_fails_five_times_ends_as_failed_with_the_reason(azurite, host, declared):
    declared("succeeds")
    run = triggers.request("succeeds", requested_by="a test")
    host(break_execute=True)
    until(lambda: ended(run), 60)
    assert (run.status, run.attempt, run.error) == (Status.FAILED, 1, poison.WHY)
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.error) == ("failed", poison.WHY)
    assert Event.objects.exclude(kind="started").get().message == (
        f"The message for run {run.pk} was given up: the function execute_run failed again and again before the "
        "command could start. The app's log says why."
    )


@pytest.mark.django_db
class TestGivingUp:
    """What becomes of the run that a given-up message names."""

    def test_a_run_that_has_ended_stays_as_it_is(self):
        run = a_run(status=Status.SUCCEEDED)
        assert poison.take(str(run.pk)) == Status.SUCCEEDED
        assert not Event.objects.exists()

    def test_a_run_under_a_supervisors_lease_stays_as_it_is(self):
        run = a_run(status=Status.RUNNING)
        assert poison.take(str(run.pk)) == Status.RUNNING
        assert not Event.objects.exists()

    def test_a_run_with_a_retry_left_returns_to_the_queue(self, declared):
        declared("nightly", command="succeeds", retries=1)
        run = a_run(status=Status.QUEUED)
        assert poison.take(str(run.pk)) == Status.QUEUED
        run.refresh_from_db()
        assert (run.attempt, run.failures) == (1, 1)

    def test_a_run_that_another_one_is_in_the_way_of_waits_on_and_that_is_reported(self):
        an_attempt(a_run(status=Status.RUNNING), status="running")
        run = a_run(status=Status.QUEUED)
        assert poison.take(str(run.pk)) == Status.QUEUED
        run.refresh_from_db()
        assert run.attempt == 0
        assert Event.objects.get().message == (
            f"The message for run {run.pk} was given up; the run waits on, and the tick rings for it."
        )

    @pytest.mark.django_db(transaction=True)
    def test_a_run_whose_job_starts_another_at_the_same_moment_waits_on(self, database_url):
        """The rival's claim is not committed when ours is tried: the index makes ours wait, and then refuses it."""
        rival, run = a_run(status=Status.QUEUED), a_run(status=Status.QUEUED)

        def take():
            try:
                return poison.take(str(run.pk))
            finally:
                connections.close_all()

        with psycopg.connect(database_url) as other, ThreadPoolExecutor() as threads:
            other.execute(
                "UPDATE nightshift_run SET status = 'running', attempt = 1, started_at = now(), "
                "lease_expires_at = now() + interval '1 min' WHERE id = %s",
                [rival.pk],
            )
            taken = threads.submit(take)
            until(lambda: sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            other.commit()
            assert taken.result() == Status.QUEUED
        run.refresh_from_db()
        assert run.attempt == 0
        assert Event.objects.get().message == (
            f"The message for run {run.pk} was given up; the run waits on, and the tick rings for it."
        )

    def test_the_next_steps_learn_that_it_failed(self, declared):
        declared("nightly", command="succeeds")
        declared("report", command="succeeds", after="nightly")
        run = a_run(status=Status.QUEUED)
        assert poison.take(str(run.pk)) == Status.FAILED
        assert Run.objects.get(job="report").status == Status.SKIPPED
