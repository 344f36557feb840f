"""SIGKILL between a run's end and its incident: both are there or neither, and after recovery both, told once."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Gap, Incident, Notice, Run
from tests.helpers.processes import until
from tests.invariants.conftest import half_an_hour_ago
from tests.invariants.test_kills import TIMING, declare_here, recover, short_leases  # noqa: F401 — a fixture

pytestmark = pytest.mark.invariant

# What a job does, and where its worker is killed.
KILLS = [
    ("fails", "exit.after"),
    ("fails", "end.before_judging"),
    ("fails", "end.before_commit"),
    ("fails", "end.after_commit"),
    ("recovers", "end.before_commit"),
    ("recovers", "end.after_commit"),
    ("misses", "settle.before_commit"),
    ("misses", "settle.after_commit"),
]


def job_of(what, name):
    rules = {"schedule": half_an_hour_ago(), "start_deadline": 60 if what == "misses" else 86400}
    rules["command"] = "fails" if what == "fails" else "succeeds"
    if what == "recovers":
        rules["retry"] = {"times": 1, "delay": 0}
    return {"name": name, "arguments": [], "rules": rules}


def is_recorded(what, name):
    """Whether the ledger has what is to open an incident of this job, or to end it."""
    if what == "misses":
        return Gap.objects.filter(job=name).exists()
    return Run.objects.filter(job=name, status__in=["succeeded"] if what == "recovers" else ["failed", "lost"]).exists()


def notices(what, name):
    """What somebody is to hear of it: of the incident's end where it recovers, else of its beginning."""
    kind = "resolved" if what == "recovers" else "opened"
    return list(Notice.objects.filter(incident__job=name, kind=kind).values_list("incident__cause", flat=True))


def test_a_kill_leaves_an_end_and_its_incident_or_neither(start, declared, short_leases, worker):  # noqa: F811
    orders = {}
    for what, point in KILLS:
        name = f"{what}_{point.replace('.', '_')}"
        job = job_of(what, name)
        declare_here(declared, [job])
        states.begin([registry[name]], datetime.now(UTC) - timedelta(minutes=59))
        if what == "recovers":
            an_hour_ago = states.clock() - timedelta(hours=1)
            Incident.objects.create(job=name, cause="failed", opened_at=an_hour_ago, last_at=an_hour_ago)
        orders[what, name] = {"declare": [job], "deliver_now": True, "timing": TIMING, "fault": point}
    processes = dict(zip(orders, start(*orders.values()), strict=True))
    for process in processes.values():
        process.begin()
    for (what, name), process in processes.items():
        assert process.wait() == -9, f"{name} never came there"
        until(lambda process=process: not process.tree(), 2, f"the end of the tree of {name}")
        assert len(notices(what, name)) == is_recorded(what, name) == name.endswith("after_commit"), name
    recover()
    for what, name in orders:
        assert is_recorded(what, name)
        assert Incident.objects.filter(job=name).count() == 1
        cause = {"recovers": "failed", "misses": "missed"}.get(what) or str(Run.objects.get(job=name).status)
        assert notices(what, name) == [cause], "told once"
        assert Incident.objects.open().filter(job=name).exists() == (what != "recovers")
