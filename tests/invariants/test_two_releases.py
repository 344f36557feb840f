"""A rolling deployment: hosts of two releases, with different declarations, at work on one ledger."""

import pytest

from jobs.choices import Status
from jobs.ledger import timing
from jobs.models import Event, Gap, Release, Run
from tests.invariants.conftest import until

pytestmark = pytest.mark.invariant
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
    (former,) = start(host("1", FORMER, 14))
    former.begin()
    until(lambda: Run.objects.filter(job="same", status=Status.SUCCEEDED).exists(), 30)
    (newer,) = start(host("2", NEWER, 10))
    newer.begin()
    assert former.wait() == 0
    assert newer.wait() == 0

    failed = Run.objects.exclude(status__in=[Status.SUCCEEDED, Status.SKIPPED, Status.QUEUED, Status.MISSED])
    assert list(failed.values("job", "status", "error")) == []
    assert Run.objects.filter(job="new", status=Status.SUCCEEDED).exists()
    assert Event.objects.filter(kind="schedule_changed", job="edited").count() == 1
    deployed_at = Release.objects.get(name="2").deployed_at
    followed = Run.objects.filter(job="same", status=Status.SUCCEEDED, finished_at__gt=deployed_at)
    assert len(followed) > 2
    for run in followed:
        assert Run.objects.filter(job="step", scheduled_for=run.scheduled_for).count() == 1, run.scheduled_for
    releases = set(Run.objects.filter(job="same").values_list("attempts__release", flat=True))
    assert releases >= {"1", "2"}, "both were at work"
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
