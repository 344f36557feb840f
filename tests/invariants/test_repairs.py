"""Two operators have one gap run at the same moment, while hosts settle and execute the schedule."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from jobs.choices import Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.models import Gap, JobState, Repair, Run
from tests.helpers.rows import settled_ticks

pytestmark = pytest.mark.invariant
SECOND = timedelta(seconds=1)
MISSED = 37


def test_a_gap_of_37_is_run_once_each_while_the_schedule_goes_on(start, declared):
    rules = {"command": "succeeds", "schedule": "* * * * * *", "timer": False, "start_deadline": 86400}
    job = {"name": "each_second", "arguments": (), "rules": rules}
    declared("each_second", **rules | {"start_deadline": timedelta(days=1)})
    last = datetime.now(UTC).replace(microsecond=0)
    first = last - (MISSED - 1) * SECOND
    states.begin(registry.values(), last)
    JobState.objects.update(ledger_from=first - SECOND, ledger_through=last)
    gap = Gap.objects.create(
        job="each_second",
        fingerprint=registry["each_second"].fingerprint,
        first=first,
        last=last,
        count=MISSED,
        fate="missed",
        reason="too_late",
    )
    settled_ticks()
    hosts = [{"declare": [job], "host_for": 3}] * 2
    operators = [
        {"declare": [job], "repair": {"job": "each_second", "after": first.isoformat(), "before": last.isoformat()}}
    ] * 2
    processes = start(*hosts, *operators)
    for process in processes:
        process.begin()
    assert [process.wait() for process in processes] == [0] * 4
    [linger] = start({"declare": [job], "linger": True})
    linger.begin()
    assert linger.wait() == 0

    repairs = Run.objects.filter(trigger=Trigger.REPAIR).order_by("id")
    assert [run.scheduled_for for run in repairs] == [first + number * SECOND for number in range(MISSED)]
    assert {(run.status, run.attempt, run.requested_by) for run in repairs} == {(Status.SUCCEEDED, 1, "anna")}
    for one, other in pairwise(repairs.order_by("started_at")):
        assert one.pk < other.pk
        assert one.finished_at <= other.started_at, f"{one} and {other} ran side by side"
    assert [(each.gap_number, each.count) for each in Repair.objects.all()] == [(gap.pk, MISSED)]
    assert not Gap.objects.filter(first__lte=last).exists()
    recorded = list(Run.objects.filter(scheduled_for__isnull=False).values_list("scheduled_for", flat=True))
    for each in Gap.objects.all():
        recorded += [each.first + number * SECOND for number in range(each.count)]
    through = JobState.objects.get().ledger_through
    whole = [first + number * SECOND for number in range(int((through - first) / SECOND) + 1)]
    assert sorted(recorded) == whole
    assert Run.objects.filter(trigger="schedule", status=Status.SUCCEEDED).exists()
