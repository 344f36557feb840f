"""SIGKILL of the supervisor, at each named point and at random moments: nothing twice, nothing lost, nothing left."""

import os
import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.execution.worker import this_worker
from jobs.ledger import claims, failpoints, states, timing
from jobs.models import Attempt, Gap, Run
from tests.helpers.declarations import rules
from tests.helpers.processes import until
from tests.invariants.conftest import half_an_hour_ago

pytestmark = pytest.mark.invariant

TIMING = {"LEASE": 1.0, "HEARTBEAT": 0.2, "FENCE": 0.8, "UNBROKEN": 0.4, "FORGOTTEN": 0.0, "RING_AGAIN": 0.0}


@pytest.fixture
def short_leases(monkeypatch):
    for name, seconds in TIMING.items():
        monkeypatch.setattr(timing, name, timedelta(seconds=seconds))
    tick.here.is_aligned = True


def pipeline(name, retries):
    """A job with one occurrence due, and a step after it."""
    return [
        {
            "name": name,
            "arguments": ["0.15"],
            "rules": {
                "command": "sleeps",
                "schedule": half_an_hour_ago(),
                "retry": {"times": retries, "delay": 0},
                "start_deadline": 86400,
            },
        },
        {"name": f"{name}_step", "arguments": [], "rules": {"command": "succeeds", "after": name, "retries": retries}},
    ]


def declare_here(declared, jobs):
    for job in jobs:
        declared(job["name"], *job["arguments"], **rules(job["rules"]))
    assert not registry.problems


def recover():
    """What the workers that are left do: tick, and execute what the doorbell rings for."""
    end = time.monotonic() + 30
    while True:
        tick.tick()
        for run in claims.next_ready(16):
            this_worker.execute(run)
        if not Run.objects.active().exists():
            return
        assert time.monotonic() < end, list(Run.objects.active().values())
        time.sleep(0.05)


def check(names, retries):
    for name in names:
        run = Run.objects.get(job=name)  # one, and not none: the occurrence is there and there once
        assert run.scheduled_for is not None
        succeeded = Attempt.objects.filter(run=run, status=AttemptStatus.SUCCEEDED).count()
        assert succeeded == (run.status == Status.SUCCEEDED)
        assert run.status in {Status.SUCCEEDED, Status.LOST}, run.error
        assert not Attempt.objects.filter(run=run, status=AttemptStatus.RUNNING).exists()
        step = Run.objects.get(job=f"{name}_step")
        if run.status == Status.SUCCEEDED:
            assert step.status in {Status.SUCCEEDED, Status.LOST}, step.error
        else:
            assert (step.status, step.reason) == (Status.SKIPPED, "predecessor")
        if retries:
            assert (run.status, step.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert not Gap.objects.exists()


def test_a_kill_at_each_named_point_is_made_good(start, declared, short_leases, worker):
    hour = datetime.now(UTC) - timedelta(minutes=59)
    orders = []
    for point in failpoints.POINTS:
        name = point.replace(".", "_")
        jobs = pipeline(name, retries=1)
        declare_here(declared, jobs)
        states.begin([registry[name]], hour)
        orders.append({"declare": jobs, "deliver_now": True, "timing": TIMING, "fault": point})
    killed = dict(zip(failpoints.POINTS, start(*orders), strict=True))
    for process in killed.values():
        process.begin()
    for point, process in killed.items():
        assert process.wait() == -9, f"it never came to {point}"
        until(lambda process=process: not process.tree(), 2, f"the end of the tree killed at {point}")
    recover()
    check([point.replace(".", "_") for point in failpoints.POINTS], retries=1)


@pytest.mark.parametrize("retries", [0, 1])
def test_a_kill_at_any_moment_is_made_good(start, declared, short_leases, worker, retries):
    seed = int(os.environ.get("JOBS_SEED", time.time_ns()))
    print(f"JOBS_SEED={seed}")
    dice = random.Random(seed)
    hour = datetime.now(UTC) - timedelta(minutes=59)
    names = [f"job_{number}" for number in range(10)]
    orders = []
    for name in names:
        jobs = pipeline(name, retries)
        declare_here(declared, jobs)
        orders.append({"declare": jobs, "deliver_now": True, "timing": TIMING})
    states.begin([registry[name] for name in names], hour)
    processes = start(*orders)
    moments = sorted((dice.uniform(0, 0.8), process) for process in processes)
    began = time.monotonic()
    for process in processes:
        process.begin()
    for moment, process in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        process.kill()
        process.wait()
        until(lambda process=process: not process.tree(), 2, "the end of a killed tree")
    recover()
    check(names, retries)
