"""SIGKILL of the supervisor of a run that fails, at each point of its end: whoever is to hear of it does, once."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import Cause
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Delivery, Incident
from tests.alerts.telling import CHANNELS, sent
from tests.invariants.test_kills import TIMING, declare_here, half_an_hour_ago, recover, short_leases  # noqa: F401

pytestmark = pytest.mark.invariant
POINTS = ("claim.after_commit", "exit.after", "end.before_commit", "end.after_commit", "ring.before")


def failing(name):
    rules = {"command": "fails", "schedule": half_an_hour_ago(), "start_deadline": 86400}
    step = {"name": f"{name}_step", "arguments": [], "rules": {"command": "succeeds", "after": name}}
    return [{"name": name, "arguments": [], "rules": rules}, step]


def test_no_alert_is_lost_between_a_runs_end_and_its_message(start, declared, short_leases, worker, settings):  # noqa: F811
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [{"to": "ops"}]
    hour, names, orders = datetime.now(UTC) - timedelta(minutes=59), [], []
    for point in POINTS:
        names.append(point.replace(".", "_"))
        jobs = failing(names[-1])
        declare_here(declared, jobs)
        states.begin([registry[names[-1]]], hour)
        orders.append({"declare": jobs, "deliver_now": True, "timing": TIMING, "fault": point})
    processes = start(*orders)
    for process in processes:
        process.begin()
    # Where nothing rings, none is killed at a ring.
    assert {process.wait() for process in processes} <= {-9, 0}
    recover()
    assert sent()
    for name in names:
        incident = Incident.objects.get(job=name)
        assert incident.cause in {Cause.FAILED, Cause.LOST}
        delivered = Delivery.objects.all().about(incident).filter(delivered_at__isnull=False)
        assert [name in each.message["text"] for each in delivered] == [True]
    assert sent() == []
