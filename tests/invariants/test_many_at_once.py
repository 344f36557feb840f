"""Eight processes deliver the same occurrences at the same moment."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from jobs.choices import Reason, Status
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Gap, JobState, Run

pytestmark = pytest.mark.invariant

PROCESSES = 8
OCCURRENCES = 50
POLICIES = ["skip", "queue", "allow", "replace"]


def job(name, *arguments, **rules):
    return {"name": name, "arguments": arguments, "rules": {"schedule": "* * * * * *", **rules}}


def recorded(name):
    """Each occurrence of the job that the ledger knows, as often as it knows it."""
    moments = list(Run.objects.filter(job=name, scheduled_for__isnull=False).values_list("scheduled_for", flat=True))
    for gap in Gap.objects.filter(job=name):
        moments += [gap.first + timedelta(seconds=second) for second in range(gap.count)]
        assert moments[-1] == gap.last
    return sorted(moments)


def test_fifty_occurrences_are_recorded_once_each_and_no_policy_is_broken(start, declared):
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    moments = [first + timedelta(seconds=second) for second in range(1, OCCURRENCES + 1)]
    jobs = [job(policy, command="succeeds", overlap=policy, start_deadline=86400) for policy in POLICIES]
    for policy in POLICIES:
        declared(policy, command="succeeds", schedule="* * * * * *")
    states.begin(registry.values(), first)
    JobState.objects.update(ledger_from=first, ledger_through=first)

    orders = {"declare": jobs, "deliver": [moment.isoformat() for moment in moments], "linger": True}
    processes = start(*[orders] * PROCESSES)
    for process in processes:
        process.begin()
    assert [process.wait() for process in processes] == [0] * PROCESSES

    for policy in POLICIES:
        assert recorded(policy) == moments
    assert not Run.objects.active().exists()
    assert Run.objects.filter(job="allow", status=Status.SUCCEEDED).count() == OCCURRENCES
    for policy in ("skip", "queue", "replace"):
        ran = Run.objects.filter(job=policy, attempt=1).order_by("started_at")
        assert len(ran) >= 1
        for one, next_one in pairwise(ran):
            assert one.finished_at <= next_one.started_at, f"{one} and {next_one} ran side by side"
    assert {gap.reason for gap in Gap.objects.filter(job="skip")} <= {Reason.OVERLAP, Reason.SUPERSEDED}
    assert not Gap.objects.filter(job="skip", reason=Reason.OVERLAP, blocked_by=None).exists()
    assert set(Run.objects.filter(job="replace").values_list("status", flat=True)) <= {
        Status.SUCCEEDED,
        Status.CANCELLED,
    }
    assert Run.objects.filter(job="replace").latest("scheduled_for").status == Status.SUCCEEDED
    waiting = list(Run.objects.filter(job="queue").order_by("created_at"))
    for one, next_one in pairwise(waiting):
        assert one.started_at <= next_one.created_at, f"{one} and {next_one} waited side by side"


def test_the_same_tick_in_two_processes_leaves_one_run(start, declared):
    # Due some minutes ago: the tick leaves what is fresh to the timer.
    now = datetime.now(UTC)
    schedule = f"0 {(now - timedelta(minutes=5)).minute} * * * *"
    declared("hourly", command="succeeds", schedule=schedule)
    states.begin(registry.values(), now - timedelta(hours=1))
    order = {"declare": [job("hourly", command="succeeds", schedule=schedule)], "tick": True}
    processes = start(order, order)
    for process in processes:
        process.begin()
    assert [process.wait() for process in processes] == [0, 0]
    run = Run.objects.get()
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 1)
