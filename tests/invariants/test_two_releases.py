"""A rolling deployment: hosts of two releases, with different declarations, at work on one ledger."""

import time
from datetime import timedelta

import pytest

from jobs.choices import Status
from jobs.ledger import timing
from jobs.models import Event, Gap, Release, Run
from tests.helpers.thorough import THOROUGH
from tests.invariants.conftest import until

pytestmark = pytest.mark.invariant
ACTIVE = [Status.QUEUED, Status.RUNNING]
OUT_OF_SIGHT = 2 * timing.LONGEST_PAUSE


def job(name, **rules):
    return {"name": name, "arguments": [], "rules": {"command": "succeeds", **rules}}


def each(seconds):
    return {"schedule": f"*/{seconds} * * * * *", "timer": False}


FORMER = [job("same", **each(1)), job("edited", **each(2)), job("gone", **each(2))]
NEWER = [job("same", **each(1)), job("edited", **each(3)), job("new", **each(2)), job("step", after="same")]


def host(release, jobs, seconds):
    return {"release": release, "declare": jobs, "host_for": seconds}


def test_two_releases_at_work_take_nothing_from_each_other(start):
    (former,) = start(host("1", FORMER, 300))
    former.begin()
    same = Run.objects.filter(job="same", status=Status.SUCCEEDED)
    until(same.exists, 60)
    (newer,) = start(host("2", NEWER, 300))
    newer.begin()
    edits = Event.objects.filter(kind="schedule_changed", job="edited")
    until(edits.exists, 60)
    deployed_at = Release.objects.get(name="2").deployed_at
    # It is in charge once its row is committed, a little after the moment that the row says.
    followed = same.filter(finished_at__gt=deployed_at + timedelta(seconds=1))
    until(lambda: len(followed.all()) > 2, 60)
    until(Run.objects.filter(job="new", status=Status.SUCCEEDED).exists, 60)
    until(same.filter(attempts__release="2").exists, 60, "both at work")
    time.sleep(10 if THOROUGH else 1)
    for process in (former, newer):
        assert process.popen.poll() is None
        process.kill()
        process.wait()

    failed = Run.objects.exclude(status__in=[*ACTIVE, Status.SUCCEEDED, Status.SKIPPED, Status.MISSED])
    assert list(failed.values("job", "status", "error")) == []
    assert edits.count() == 1
    for run in followed:
        assert Run.objects.filter(job="step", scheduled_for=run.scheduled_for).count() == 1, run.scheduled_for
    assert not Gap.objects.filter(job="gone", recorded_at__gt=deployed_at).exists()


def test_a_rollback_puts_the_former_release_in_charge_again(start):
    hosts = start(host("1", FORMER, 3), host("2", NEWER, 3), host("1", FORMER, 3))
    for name, process in zip("121", hosts, strict=True):
        process.begin()
        assert process.wait() == 0
        assert Release.objects.latest("deployment").name == name
        Release.objects.update(last_seen_at=Release.objects.latest("deployment").deployed_at - OUT_OF_SIGHT)
    edited = Event.objects.filter(kind="schedule_changed", job="edited")
    assert [event.message.partition(".")[0] for event in edited.order_by("id")] == [
        "The schedule changed from */2 * * * * * UTC to */3 * * * * * UTC",
        "The schedule changed from */3 * * * * * UTC to */2 * * * * * UTC",
    ]
