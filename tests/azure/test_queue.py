"""The doorbell in Azure, against Azurite: rings, delays, crashes, messages twice or never, and a queue that is down."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from azure.core.credentials import AccessToken
from azure.storage.queue import AccountSasPermissions, ResourceTypes, generate_account_sas
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from jobs import Retry
from jobs.azure import identity, queue, storage
from jobs.choices import Status, Trigger
from jobs.conf import conf
from jobs.declarations.registry import registry
from jobs.ledger import doorbell, poison, sql, triggers
from jobs.models import Attempt, Event, Run
from tests.azure.azurite import ACCOUNT, KEY, texts
from tests.azure.conftest import fresh_client
from tests.helpers.processes import until
from tests.helpers.rows import a_run, an_attempt

NOW = timedelta(0)
HOST_JSON = json.loads((settings.BASE_DIR / "host.json").read_text())["extensions"]["queues"]


def ended(run):
    run.refresh_from_db()
    return run.status in {"succeeded", "failed", "lost"}


# What is sent


def test_a_ring_is_a_message_of_plain_text_with_the_runs_id_and_nothing_else(azurite):
    doorbell.ring(17)
    assert texts(azurite.queue()) == ["17"]
    assert HOST_JSON["messageEncoding"] == "none"


def test_the_queue_is_made_when_it_is_missing(azurite):
    doorbell.ring(1)
    azurite.queue().delete_queue()
    doorbell.ring(2)
    assert texts(azurite.queue()) == ["2"]


def test_a_delayed_ring_is_invisible_until_it_is_due(azurite):
    doorbell.ring(1, timedelta(seconds=1.2))
    began = time.monotonic()
    assert texts(azurite.queue()) == []
    until(lambda: texts(azurite.queue()) == ["1"])
    assert time.monotonic() - began > 1.2, "a message that comes too early is lost"


def test_a_ring_in_seven_days_is_sent_and_a_later_one_is_left_to_the_tick(azurite):
    doorbell.ring(1, timedelta(days=7))
    assert azurite.queue().get_queue_properties().approximate_message_count == 1
    doorbell.ring(2, timedelta(days=7, seconds=1))
    assert azurite.queue().get_queue_properties().approximate_message_count == 1


# Where the queue is


def test_the_storage_account_is_found_by_the_hosts_own_settings(monkeypatch):
    prefix = storage.CONNECTION
    monkeypatch.delenv(prefix, raising=False)
    monkeypatch.setenv(f"{prefix}__accountName", "nightshift")
    monkeypatch.setenv(f"{prefix}__credential", "managedidentity")
    monkeypatch.setenv(f"{prefix}__clientId", "1234")
    assert storage.settings() == storage.Storage(
        queue_url="https://nightshift.queue.core.windows.net", client_id="1234"
    )
    monkeypatch.setenv(f"{prefix}__queueServiceUri", "https://queues.example.com")
    assert storage.settings().queue_url == "https://queues.example.com"
    monkeypatch.setenv(prefix, "AccountName=a;AccountKey=b")
    assert storage.settings() == storage.Storage(connection_string="AccountName=a;AccountKey=b")


def test_without_a_storage_account_the_sentence_says_what_to_set(monkeypatch):
    for name in ("", "__accountName", "__queueServiceUri"):
        monkeypatch.delenv(f"AzureWebJobsStorage{name}", raising=False)
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem() == (
        "The queue jobs-runs can't be reached: There is no storage account. Set AzureWebJobsStorage__accountName to "
        "its name (the app's identity needs the role Storage Queue Data Contributor), or AzureWebJobsStorage to a "
        "connection string."
    )


def test_an_identity_is_asked_for_a_token_of_the_storage_service(monkeypatch):
    """Azurite takes tokens over TLS only, so what is sent is looked at in place of an answer."""
    sent = []

    class StandIn:
        def get_token(self, *scopes, **_):
            sent.append(scopes)
            return AccessToken("a token", int(time.time()) + 3600)

    monkeypatch.delenv("AzureWebJobsStorage", raising=False)
    monkeypatch.setenv("AzureWebJobsStorage__queueServiceUri", "https://127.0.0.1:1")
    monkeypatch.setattr(identity, "credential", lambda client_id: StandIn())
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem().startswith("The queue jobs-runs can't be reached: ")
    assert sent[0] == ("https://storage.azure.com/.default",)
    queue.client.cache_clear()


def test_in_azure_the_managed_identity_is_asked_and_nobody_else(monkeypatch):
    identity.credential.cache_clear()
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token")
    monkeypatch.setenv("IDENTITY_HEADER", "a header")
    assert type(identity.credential("1234")).__name__ == "ManagedIdentityCredential"
    identity.credential.cache_clear()
    monkeypatch.delenv("IDENTITY_ENDPOINT")
    assert type(identity.credential()).__name__ == "DefaultAzureCredential"
    identity.credential.cache_clear()


# What the doctor tries


def test_a_rehearsal_leaves_nothing_behind_and_disturbs_no_message(azurite):
    doorbell.ring(1)
    assert queue.QueueDoorbell().rehearse() == ""
    assert azurite.queue().get_queue_properties().approximate_message_count == 1
    assert texts(azurite.queue()) == ["1"]


def test_who_may_only_read_is_told_in_the_rehearsal_and_not_before(azurite, monkeypatch):
    queue.QueueDoorbell().problem()  # makes it
    signature = generate_account_sas(
        ACCOUNT,
        KEY,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    where = f"http://127.0.0.1:{azurite.port}/{ACCOUNT}"
    monkeypatch.setenv("AzureWebJobsStorage", f"QueueEndpoint={where};SharedAccessSignature={signature}")
    fresh_client(monkeypatch)
    assert queue.QueueDoorbell().problem() == ""
    why = queue.QueueDoorbell().rehearse()
    assert why.startswith("The queue jobs-runs can be listed but not used: ")
    assert why.endswith(" Give the app's identity the role Storage Queue Data Contributor.")


def test_the_message_of_a_rehearsal_that_stayed_wakes_an_executor_for_nothing(azurite, host):
    """A crash between sending it and taking it back."""
    azurite.queue().create_queue()
    azurite.queue().send_message(queue.NO_RUN)
    host()
    until(lambda: azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    assert not Run.objects.exists()
    assert not Event.objects.exists()


# From the ring to the run's end


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


def test_a_worker_killed_after_the_claim_leaves_a_run_that_is_lost_and_told(azurite, host, declared):
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


# Messages that fail again and again


def test_a_message_that_is_no_runs_id_is_given_up_and_told(azurite, host):
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
    assert Event.objects.get().message == (
        f"The message for run {run.pk} was given up: the function execute_run failed again and again before the "
        "command could start. The app's log tells why."
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

    def test_a_run_that_another_one_is_in_the_way_of_waits_on_and_that_is_told(self):
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

    def test_the_next_steps_are_told_that_it_failed(self, declared):
        declared("nightly", command="succeeds")
        declared("report", command="succeeds", after="nightly")
        run = a_run(status=Status.QUEUED)
        assert poison.take(str(run.pk)) == Status.FAILED
        assert Run.objects.get(job="report").status == Status.SKIPPED


# A queue that is down


@pytest.fixture
def down(azurite, monkeypatch):
    """A queue that nobody listens at."""
    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string.replace(f":{azurite.port}/", ":1/"))
    fresh_client(monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_while_the_queue_is_down_a_run_is_asked_for_and_one_line_tells(down, declared, caplog):
    declared("succeeds")
    with caplog.at_level(logging.WARNING):
        run = triggers.request("succeeds", requested_by="a test")
    assert run.status == Status.QUEUED
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.getMessage().startswith(f"not rung run={run.pk}: the tick rings later. ")
    assert "\n" not in line.getMessage()


def test_while_the_queue_is_down_ten_rings_wait_once(down):
    began = time.monotonic()
    for run in range(10):
        doorbell.ring(run)
    assert time.monotonic() - began < 3


@pytest.mark.timeout(60)
def test_a_queue_that_takes_connections_and_answers_nothing_holds_nobody_up_for_long(azurite, monkeypatch):
    monkeypatch.setattr(queue, "READ", 0.5)
    fresh_client(monkeypatch)
    azurite.pause()
    try:
        began = time.monotonic()
        doorbell.ring(1)
        doorbell.ring(2)
        assert time.monotonic() - began < 4
    finally:
        azurite.go_on()


def test_a_queue_that_comes_back_is_rung_again(down, azurite, monkeypatch):
    doorbell.ring(1)
    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string)
    queue.client.cache_clear()
    monkeypatch.setattr(queue.outage, "until", time.monotonic())
    doorbell.ring(2)
    assert texts(azurite.queue()) == ["2"]


# While the database is away


def test_an_outage_of_the_database_poisons_no_message(azurite, host):
    """Raised, the error would bring the message back at once, five times within a second."""
    queue.client().create_queue()
    process = host(database="postgresql://nobody@127.0.0.1:1/none")
    doorbell.ring(1)
    until(lambda: azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    process.kill()
    assert not [name for name in azurite.names() if name.endswith("-poison") and texts(azurite.queue(name))]


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
    from datetime import UTC, datetime

    from jobs.execution.timer_calls import Call, answer
    from jobs.ledger import states

    declared("succeeds", schedule="0 * * * * *", dispatch="queue")
    job = registry["succeeds"]
    states.begin([job], datetime.now(UTC) - timedelta(minutes=2))
    answer(Call(job=job, called_for=None))
    run = Run.objects.get()
    assert (run.status, run.trigger) == (Status.QUEUED, Trigger.SCHEDULE)
    assert texts(azurite.queue()) == [str(run.pk)]


@pytest.mark.django_db(transaction=True)
def test_the_command_line_answers_while_the_queue_is_down(down, declared, capsys):
    declared("succeeds")
    call_command("run", "--detach", "succeeds")
    run = Run.objects.get()
    assert run.status == Status.QUEUED
    assert capsys.readouterr().out == (
        f"Run {run.pk} of succeeds is queued. `manage.py output {run.pk}` shows what it writes.\n"
    )
