"""function_app.py through the library that Azure runs, in a process of its own, against PostgreSQL."""

import json
import logging
import os
import subprocess
import sys

import pytest
from django.conf import settings

from jobs.azure import functions
from jobs.choices import Status, Trigger
from jobs.declarations.declare import RESERVED
from jobs.models import Attempt, Event, JobState, Run

STALE = {"Last": "2026-01-01T00:00:00", "LastUpdated": "2026-01-01T00:00:00"}
PAST = {"IsPastDue": False, "ScheduleStatus": {**STALE, "Next": "2026-01-02T03:00:00+00:00"}}
FUTURE = {"IsPastDue": False, "ScheduleStatus": {**STALE, "Next": "2999-01-01T03:00:00+00:00"}}


@pytest.fixture
def drive(database_url, transactional_db):
    """Make calls through the real worker library; gives the functions it found and its replies."""

    def drive_calls(*calls):
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "mydjango.settings", "LOCAL": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.azure.driver"],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        return found["functions"], found["replies"]

    return drive_calls


def due_since_yesterday(job):
    """A state whose next occurrence has passed."""
    from datetime import UTC, datetime, timedelta

    yesterday = datetime.now(UTC) - timedelta(days=1)
    JobState.objects.create(
        job=job.name,
        fingerprint=job.fingerprint,
        declared=job.fingerprint,
        ledger_from=yesterday,
        ledger_through=yesterday,
        next_due_at=job.schedule.next(yesterday),
    )


def test_the_library_finds_each_declared_function_with_its_bindings(drive, project_jobs):
    functions, _ = drive()
    timers = {job.name: job.schedule.timer_expression for job in project_jobs.scheduled()}
    assert set(functions) == {*timers, "tick", "execute_run", "poisoned_run", "http"}
    assert {"clearsessions", "prune_runs", "import_rates"} <= set(timers)
    for name, schedule in {**timers, "tick": "0 * * * * *"}.items():
        (binding,) = functions[name]
        assert (binding["type"], binding["schedule"], binding["direction"]) == ("timerTrigger", schedule, "IN")
        assert (binding["runOnStartup"], binding["useMonitor"]) == (False, True)
    for name, expected in {"execute_run": "jobs-runs", "poisoned_run": "jobs-runs-poison"}.items():
        (queue,) = functions[name]
        found = (queue["type"], queue["queueName"], queue["connection"])
        assert found == ("queueTrigger", expected, "AzureWebJobsStorage")
    trigger = next(binding for binding in functions["http"] if binding["type"] == "httpTrigger")
    assert (trigger["route"], trigger["authLevel"]) == ("{*route}", "ANONYMOUS")


def test_no_job_can_have_the_name_of_a_function_that_is_no_jobs(declared):
    """Two functions of one name, and the library refuses the whole app."""
    ours = {function.get_function_name() for function in functions.build().get_functions()}
    assert ours
    assert ours <= RESERVED


def test_a_timers_call_runs_the_occurrence_that_is_due(drive, project_jobs):
    job = project_jobs["clearsessions"]
    due_since_yesterday(job)
    _, replies = drive({"function": "clearsessions", "timer": PAST})
    assert replies == [{"error": ""}]
    run = Run.objects.get()
    assert (run.job, run.status, run.requested_by) == ("clearsessions", Status.SUCCEEDED, "schedule")
    assert run.trigger in {Trigger.SCHEDULE, Trigger.CATCH_UP}
    assert run.scheduled_for == job.schedule.previous(run.created_at)
    attempt = Attempt.objects.get()
    assert (attempt.run, attempt.number, attempt.exit_code, attempt.status) == (run, 1, 0, "succeeded")
    assert attempt.invocation_id
    assert JobState.objects.get(pk="clearsessions").ledger_through >= run.scheduled_for


def test_the_same_call_again_runs_nothing_and_leaves_an_event(drive, project_jobs):
    due_since_yesterday(project_jobs["clearsessions"])
    call = {"function": "clearsessions", "timer": PAST}
    drive(call, call)
    assert Run.objects.count() == 1
    assert Event.objects.get(kind="ambiguous_call").job == "clearsessions"


def test_a_call_by_hand_runs_the_job_without_an_occurrence(drive):
    _, replies = drive({"function": "prune_runs", "timer": FUTURE})
    assert replies == [{"error": ""}]
    run = Run.objects.get()
    assert (run.job, run.trigger, run.scheduled_for, run.status) == (
        "prune_runs",
        Trigger.MANUAL,
        None,
        Status.SUCCEEDED,
    )
    assert run.requested_by == "a manual call of the function"


def test_the_tick_serves_what_timers_left_and_rings(drive, project_jobs):
    job = project_jobs["clearsessions"]
    due_since_yesterday(job)
    _, replies = drive({"function": "tick", "timer": PAST})
    assert replies == [{"error": ""}]
    run = Run.objects.get(job="clearsessions")
    assert run.status == Status.QUEUED


def test_the_queue_executes_a_queued_run(drive):
    run = Run.objects.create(job="clearsessions", trigger=Trigger.API, requested_by="a test")
    _, replies = drive({"function": "execute_run", "message": str(run.pk)})
    assert replies == [{"error": ""}]
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 1)


def test_a_message_that_comes_twice_runs_once(drive):
    run = Run.objects.create(job="clearsessions", trigger=Trigger.API, requested_by="a test")
    call = {"function": "execute_run", "message": str(run.pk)}
    _, replies = drive(call, call)
    assert replies == [{"error": ""}, {"error": ""}]
    assert Attempt.objects.count() == 1


def test_django_answers_over_http(drive):
    _, replies = drive(
        {"function": "http", "http": {"method": "GET", "path": "/api/health"}},
        {"function": "http", "http": {"method": "GET", "path": "/manage/"}},
        {"function": "http", "http": {"method": "GET", "path": "/no/such/page"}},
        {"function": "http", "http": {"method": "GET", "path": "/manage/caf%C3%A9"}},
    )
    assert [reply["status"] for reply in replies] == [200, 302, 404, 302]
    assert replies[3]["headers"]["location"] == "/manage/login/?next=/manage/caf%25C3%25A9"
    assert replies[1]["headers"]["location"] == "/manage/login/?next=/manage/"


def test_a_failing_command_harms_nothing(drive):
    """sys.exit() in a run ends that run; in the function itself it would take the worker down."""
    run = Run.objects.create(
        job="clearsessions", trigger=Trigger.API, requested_by="a test", arguments=["--no-such-option"]
    )
    good = Run.objects.create(job="prune_runs", trigger=Trigger.API, requested_by="a test")
    _, replies = drive(*({"function": "execute_run", "message": str(which.pk)} for which in (run, good)))
    assert replies == [{"error": ""}, {"error": ""}]
    run.refresh_from_db()
    good.refresh_from_db()
    assert (run.status, good.status) == (Status.FAILED, Status.SUCCEEDED)
    assert run.error == "unrecognized arguments: --no-such-option"


@pytest.mark.parametrize(
    ("settings_of_azure", "number"),
    [
        ({"JOBS_SCHEDULE__LEFT": "0 0 0 30 2 *", "JOBS_SCHEDULE__RIGHT": "0 0 0 30 2 *"}, "jobs.E016"),
        ({"JOBS_SCHEDULE__LEFT": "0 0 4 * * *"}, "jobs.E012"),
        ({"JOBS_SCHEDULE__LEFT": "at three"}, "jobs.E021"),
        ({"JOBS_SCHEDULE__LETF": "0 0 3 * * *"}, "jobs.W011"),
    ],
)
def test_a_start_logs_what_only_an_app_setting_makes_wrong(declared, monkeypatch, caplog, settings_of_azure, number):
    for name, value in settings_of_azure.items():
        monkeypatch.setenv(name, value)
    declared("left", command="succeeds", schedule="0 0 3 * * *")
    declared("right", command="succeeds", schedule="0 0 3 * * *")
    declared("both", command="succeeds", after=["left", "right"])
    functions._log_what_is_wrong()
    level = logging.ERROR if number[5] == "E" else logging.WARNING
    assert {record.getMessage()[:9] for record in caplog.records if record.levelno == level} == {number}
