"""Azure's own tools: "Test/Run" and the host's admin endpoint, also during a scheduled run; functions disabled there.

The real worker library makes the calls, several at once. What the host tells with a call is imitated: it writes a
timer's status only after the run, so that during a run a call by hand bears the occurrence that is being served.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from jobs.choices import Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Attempt, Event, Gap, Run

CODE = """
import asyncio, json, sys
from datetime import timedelta
import django
django.setup()
from django.conf import settings
from jobs import declare
from jobs.localhost.protos import typed
from jobs.localhost.worker import Worker

async def main(schedule, calls):
    declare("slow", "1.5", command="sleeps", schedule=schedule)
    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    async def call(after, following):
        await asyncio.sleep(after)
        status = {"Last": "2026-01-01T00:00:00", "LastUpdated": "2026-01-01T00:00:00", "Next": following}
        data = typed(json=json.dumps({"IsPastDue": False, "ScheduleStatus": status}))
        return (await worker.invoke(functions["slow"], data)).error
    errors = await asyncio.gather(*(call(*one) for one in calls))
    from jobs.execution.worker import this_worker
    this_worker.shut_down(timedelta(0))
    worker.stop()
    assert not any(errors), errors

asyncio.run(main(*json.loads(sys.argv[1])))
"""


@pytest.fixture
def due():
    """A schedule whose latest occurrence was seconds ago, and that occurrence: a slow machine serves it on time too."""
    moment = (datetime.now(UTC) - timedelta(seconds=5)).replace(microsecond=0)
    return f"{moment.second} {moment.minute} * * * *", moment


@pytest.fixture
def call(database_url, transactional_db, declared, due):
    """Call the timer of a job that runs for a second and a half: pairs of a delay in seconds, and the status's Next."""
    declared("slow", "1.5", command="sleeps", schedule=due[0])
    states.begin([registry["slow"]], due[1] - timedelta(minutes=1))

    def make(*calls, **environment):
        words = json.dumps([due[0], [(after, following.isoformat()) for after, following in calls]])
        done = subprocess.run(
            [sys.executable, "-c", CODE, words],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"} | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    return make


def test_a_call_by_hand_during_a_scheduled_run_doubles_no_occurrence_and_leaves_an_event(call, due):
    call((0, due[1]), (0.7, due[1]))
    run = Run.objects.get()
    assert (run.status, run.scheduled_for) == (Status.SUCCEEDED, due[1])
    assert Attempt.objects.count() == 1
    event = Event.objects.get()
    assert event.kind == "ambiguous_call"
    assert event.message.startswith(
        f"It was called for {due[1].isoformat()}, which the ledger has already, and nothing is due: nothing was "
        "started. Likely cause: somebody called it while its scheduled run went on"
    )


def test_two_calls_at_the_same_moment_are_one_run(call, due):
    call((0, due[1]), (0, due[1]), (0, due[1]))
    assert Run.objects.filter(scheduled_for=due[1]).count() == 1
    assert Run.objects.count() == 1
    assert Attempt.objects.count() == 1


def test_a_call_by_hand_that_says_so_during_a_run_is_a_run_of_its_own_by_the_overlap_rule(call, due):
    following = due[1] + timedelta(hours=1)
    call((0, due[1]), (0.7, following))
    scheduled, manual = Run.objects.order_by("id")
    assert (scheduled.status, scheduled.scheduled_for) == (Status.SUCCEEDED, due[1])
    assert (manual.status, manual.reason, manual.trigger) == (Status.SKIPPED, "overlap", Trigger.MANUAL)


def test_a_call_by_hand_serves_what_is_due_and_starts_nothing_beside_it(call, due):
    call((0, due[1] + timedelta(hours=1)))
    run = Run.objects.get()
    assert (run.scheduled_for, run.status) == (due[1], Status.SUCCEEDED)


def test_a_function_disabled_in_azure_has_its_occurrences_skipped_with_the_reason(call, due):
    call((0, due[1]), **{"AzureWebJobs.slow.Disabled": "1"})
    assert not Run.objects.exists()
    gap = Gap.objects.get()
    assert (gap.fate, gap.reason, gap.by) == ("skipped", "disabled", "AzureWebJobs.slow.Disabled")


def test_a_function_disabled_in_azure_still_runs_by_hand(call, due):
    following = due[1] + timedelta(hours=1)
    off = {"AzureWebJobs.slow.Disabled": "1"}
    call((0, due[1]), **off)
    call((0, following), **off)
    run = Run.objects.get()
    assert (run.trigger, run.status, run.scheduled_for) == (Trigger.MANUAL, Status.SUCCEEDED, None)
