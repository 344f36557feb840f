"""By which clock moments are told, and what the telling costs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.choices import Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import enqueue
from jobs.reading.explain import explain, zone_of
from tests.helpers.moments import at
from tests.helpers.rows import a_run, an_attempt
from tests.reading.explain.story import DUE, a_ledger, ends, explained

pytestmark = pytest.mark.django_db


def test_moments_are_shown_by_the_jobs_clock_and_in_utc(declared):
    declared("nightly", schedule="0 30 0 * * *", time_zone="Europe/Berlin")
    a_ledger("nightly")
    run = a_run(
        scheduled_for=at("2026-03-13 23:30"),
        started_at=at("2026-03-13 23:30:05"),
        finished_at=at("2026-03-13 23:31:05"),
    )
    an_attempt(run, started_at=run.started_at, finished_at=run.finished_at)
    assert explained() == [
        "nightly was due at 2026-03-14 00:30 Europe/Berlin (2026-03-13 23:30 UTC).",
        f"Run {run.pk} started at 00:30:05, 5 s late, and succeeded after 1 min.",
    ]


def test_a_time_that_the_clock_jumps_over_is_found(declared):
    declared("nightly", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    jumped = datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = explain(registry["nightly"], jumped, at("2026-03-30 00:00"))
    assert (found.occurrence, found.previous) == (at("2026-03-29 01:30"), None)
    assert found.sentences[0] == "nightly was due at 2026-03-29 03:30 Europe/Berlin (01:30 UTC)."


def test_a_clock_that_shows_utc_is_shown_once(declared):
    declared("nightly", schedule="0 0 2 * * *", time_zone="Europe/London")
    assert explained()[0] == "nightly was due at 2026-03-14 02:00 Europe/London."


def test_a_steps_zone_is_its_pipelines(declared):
    declared("fetch", schedule="0 0 2 * * *", time_zone="Asia/Tokyo")
    declared("load", after="fetch")
    declared("by_hand")
    assert (zone_of(registry["load"]).key, zone_of(registry["by_hand"]).key) == ("Asia/Tokyo", "UTC")


def test_the_clock_is_the_databases_unless_given(declared):
    declared("nightly", schedule="0 * * * * *")
    found = explain(registry["nightly"])
    assert found.occurrence is not None
    assert datetime.now(UTC) - found.occurrence < timedelta(minutes=2)


def test_a_long_pipeline_and_ledger_cost_as_many_queries_as_short_ones(declared, django_assert_max_num_queries):
    declared("step_0", schedule="0 0 2 * * *")
    a_ledger("step_0")
    for number in range(1, 50):
        declared(f"step_{number}", command="succeeds", after=f"step_{number - 1}")
        a_run(f"step_{number}", scheduled_for=at("2026-03-13 02:00"))
    ends(a_run("step_0", Status.FAILED, scheduled_for=DUE, error="no"))
    with django_assert_max_num_queries(9):
        assert len(explain(registry["step_49"], now=at("03:00")).sentences) == 51


def test_fifty_predecessors_without_an_end_cost_as_many_queries_as_one(declared, django_assert_max_num_queries):
    names = [f"source_{number}" for number in range(50)]
    for name in names:
        declared(name, schedule="0 0 2 * * *")
        a_ledger(name)
        a_run(name, Status.QUEUED, scheduled_for=DUE, not_before=DUE)
    declared("join", after=names)
    with django_assert_max_num_queries(8):
        explain(registry["join"], now=at("03:00"))


def test_a_request_that_its_policy_queued_is_explained(declared):
    declared("by_hand", command="succeeds", overlap="queue")
    enqueue.enqueue(registry["by_hand"], Trigger.API, requested_by="a program")
    assert explained("by_hand", now="2026-12-31 00:00")[1].startswith("Run ")
