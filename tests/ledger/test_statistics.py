"""JobDay counts each end and each occurrence without a run once, in the transaction that records it."""

import json
import math
from datetime import timedelta
from importlib import import_module

import psycopg
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import Retry
from jobs.choices import AttemptStatus
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, endings, sql, states, timing, triggers
from jobs.ledger.attempts import Outcome
from jobs.ledger.sessions import ours
from jobs.ledger.settle import settle
from jobs.models import Gap, JobDay, Run
from jobs.reading.histogram import Histogram
from tests.helpers.at_once import at_once
from tests.helpers.days import assert_days_are_counted_right, count_ends
from tests.helpers.rows import HERE, NOON, a_claimed_run, a_pause, a_queued_run, a_run, an_attempt, first_seen_at

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MIB = 2**20


def finish(claim, status=AttemptStatus.SUCCEEDED, **facts):
    return attempts.finish(claim, Outcome(status=status, **facts))


@pytest.mark.django_db
def test_a_run_that_is_tried_again_counts_once_with_all_its_attempts(declared):
    declared("nightly", retry=Retry(times=2, delay=timedelta(0)))
    run, claim = a_claimed_run(scheduled_for=states.clock() - HOUR, trigger="schedule")
    finish(claim, AttemptStatus.FAILED, cpu=timedelta(seconds=2), peak_memory=3 * MIB, warnings=2)
    count_ends()
    assert not JobDay.objects.exists(), "it hasn't ended"
    finish(claims.claim(run.pk, HERE), cpu=timedelta(seconds=1), peak_memory=2 * MIB, warnings=1)
    count_ends()
    day = JobDay.objects.get()
    assert (day.job, day.day, day.trigger) == ("nightly", states.clock().date(), "schedule")
    assert (day.succeeded, day.failed, day.retries) == (1, 0, 1)
    assert (day.cpu, day.peak_memory, day.warnings) == (timedelta(seconds=3), 3 * MIB, 3)
    assert Histogram.of([day.lateness]).percentile(50) == pytest.approx(HOUR, rel=0.05)
    assert day.lateness_max == day.lateness_sum == pytest.approx(HOUR, rel=0.05)
    assert_days_are_counted_right()


@pytest.mark.django_db
def test_a_gap_counts_for_the_days_of_its_occurrences(declared, monkeypatch):
    first_seen_at(monkeypatch, NOON)
    declared("nightly", schedule="0 0 * * * *", time_zone="Europe/Berlin")
    declared("step", after="nightly")
    settle([registry["nightly"]], NOON)
    a_pause(began_at=NOON, until=NOON + 3 * DAY)
    for later in (2 * HOUR, DAY + HOUR, 2 * DAY):
        settle([registry["nightly"]], NOON + later)
    expected = [(NOON.date() + day * DAY, hours) for day, hours in enumerate((11, 24, 13))]
    paused = JobDay.objects.filter(job="nightly", trigger="schedule").order_by("day")
    assert [(row.day, row.gaps) for row in paused] == [(day, {"paused": hours}) for day, hours in expected]
    of_step = JobDay.objects.filter(job="step", trigger="chain").order_by("day")
    assert [(row.day, row.gaps) for row in of_step] == [(day, {"predecessor": hours}) for day, hours in expected]
    assert Gap.objects.count() == 2
    assert_days_are_counted_right()


@pytest.mark.django_db(transaction=True)
def test_ten_that_end_runs_of_one_job_at_once_wait_for_no_deadlock(declared):
    # The step follows each of them, and the requests replace what waits: many rows change in one transaction.
    declared("nightly", command="succeeds", overlap="allow", max_running=None)
    declared("step", command="succeeds", after="nightly", overlap="replace")
    runs = [a_claimed_run(exclusive=False)[1] for _ in range(40)]
    lots = [runs[place::10] for place in range(10)]

    def end(place):
        for claim in lots[place]:
            finish(claim, AttemptStatus.FAILED if place % 3 == 0 else AttemptStatus.SUCCEEDED)
            triggers.request("step", requested_by="ada", ring=False)

    at_once(end, range(10))
    assert sum(JobDay.objects.filter(job="nightly").values_list("succeeded", flat=True)) == 24
    assert Run.objects.filter(job="step", status="cancelled").exists()
    assert_days_are_counted_right()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("after", [[], ["step"]], ids=["alone", "with a step"])
def test_an_end_whose_day_is_locked_changes_nothing_and_is_repeated(declared, database_url, monkeypatch, after):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.2))
    declared("nightly", command="succeeds")
    for step in after:
        declared(step, command="succeeds", after="nightly")
    endings.cancel(a_queued_run().pk, "ada")
    run, claim = a_claimed_run()
    with psycopg.connect(database_url) as other, ours():
        other.execute("LOCK TABLE nightshift_jobday")
        with pytest.raises(sql.Busy):
            finish(claim)
        other.rollback()
        run.refresh_from_db()
        assert (run.status, run.finished_at) == ("running", None)
        assert finish(claim).status == "succeeded"
    assert JobDay.objects.values_list("succeeded", "cancelled").get(job="nightly") == (1, 1)


@pytest.mark.django_db
def test_the_migration_counts_what_is_there_also_when_it_begins_again(declared):
    for hours in range(0, 24 * 70, 7):
        run = a_run(finished_at=NOON + hours * HOUR, trigger="schedule", scheduled_for=NOON + (hours - 1) * HOUR)
        an_attempt(run, started_at=run.started_at, cpu=timedelta(seconds=hours), peak_memory=hours)
    gap = {"job": "nightly", "fingerprint": "0 0 * * * * UTC", "fate": "missed", "reason": "too_late"}
    Gap.objects.create(first=NOON, last=NOON + 3 * DAY, count=73, **gap)
    Gap.objects.create(first=NOON + 200 * DAY, last=NOON + 200 * DAY, count=1, **gap)
    count_ends()
    JobDay.objects.all().delete()
    fill = import_module("jobs.migrations.0004_fill_job_day").fill
    for _ in range(2):  # the second time as after a loss of the connection
        fill(None, type("Editor", (), {"connection": connection}))
        assert_days_are_counted_right()
    assert JobDay.objects.count() == 72


@pytest.mark.django_db
@given(
    st.lists(st.integers(1000, 10**13), min_size=1, max_size=60),
    st.lists(st.integers(1000, 10**13), max_size=60),
    st.sampled_from([1, 50, 95, 99, 100]),
)
@settings(max_examples=30, deadline=None)
def test_a_percentile_of_added_histograms_is_within_5_percent(some, others, percent):
    """`some` and `others` are in microseconds: from a millisecond to four months."""
    one, other = (buckets(times) for times in (some, others))
    added = sql.value("SELECT nightshift_added(%s::jsonb, %s::jsonb) = %s::jsonb", [one, other, buckets(some + others)])
    assert added, "it is the same to add two histograms, and to count all in one"
    exact = sorted(some + others)[math.ceil(len(some + others) * percent / 100) - 1]
    found = Histogram.of(map(json.loads, (one, other))).percentile(percent)
    assert found.total_seconds() * 1e6 == pytest.approx(exact, rel=0.05)


def buckets(times):
    """A histogram as the database counts it, as JSON."""
    return sql.value(
        """
        SELECT coalesce(jsonb_object_agg(bucket, n), '{}')::text FROM (
            SELECT nightshift_bucket(t * interval '1 microsecond') AS bucket, count(*) AS n
              FROM unnest(%s::bigint[]) AS t GROUP BY 1) AS counted
        """,
        [times],
    )
