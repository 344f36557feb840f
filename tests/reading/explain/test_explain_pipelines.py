"""Why a pipeline's step did not run."""

import pytest

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger.settle import settle
from jobs.models import Gap, JobState, Run
from jobs.reading.explain import Cause, explain
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, a_run, an_attempt
from tests.reading.explain.story import DUE, a_ledger, ends, explained

pytestmark = pytest.mark.django_db


def test_a_step_says_where_its_pipeline_stopped(pipeline):
    fetch = a_run("fetch", Status.FAILED, scheduled_for=DUE, error="ConnectionError: no route")
    ends(fetch)
    load, report = Run.objects.get(job="load"), Run.objects.get(job="report")
    found = explain(registry["report"], now=at("03:00"))
    assert found.cause is Cause.SKIPPED
    assert list(found.sentences) == [
        "report was due at 2026-03-14 02:00 UTC.",
        f"Run {report.pk} was skipped. Its predecessor load ended as skipped (run {load.pk}).",
        f"Run {load.pk} of load: Its predecessor fetch ended as failed (run {fetch.pk}).",
        f"Run {fetch.pk} of fetch: ConnectionError: no route.",
    ]


def test_a_step_whose_predecessor_was_missed_says_so(pipeline):
    Gap.objects.create(
        job="fetch",
        fingerprint=registry["fetch"].fingerprint,
        first=DUE,
        last=DUE,
        count=1,
        fate="missed",
        reason="superseded",
    )
    found = explain(registry["report"], now=at("03:00"))
    assert found.cause is Cause.SKIPPED
    assert list(found.sentences) == [
        "report follows load, due at 2026-03-14 02:00 UTC. It has no run.",
        "load follows fetch, due at 2026-03-14 02:00 UTC. It has no run.",
        "fetch was due at 2026-03-14 02:00 UTC.",
        "It was missed: it was found late, and a later occurrence ran instead (misfire='latest').",
    ]


def test_a_step_that_was_skipped_with_its_predecessor_says_so(pipeline):
    JobState.objects.update(ledger_through=at("01:00"))
    a_pause("fetch", began_at=at("01:00"))
    settle([registry["fetch"]], at("02:01"))
    found = explain(registry["report"], now=at("03:00"))
    assert found.cause is Cause.SKIPPED
    assert list(found.sentences) == [
        "report was due at 2026-03-14 02:00 UTC.",
        "It was skipped: fetch was skipped (paused).",
    ]


def test_a_step_waits_for_its_predecessors(declared):
    declared("left", schedule="0 0 2 * * *")
    declared("right", schedule="0 0 2 * * *")
    declared("join", after=["left", "right"])
    a_ledger("left")
    a_ledger("right")
    left = a_run("left", scheduled_for=DUE)
    right = a_run("right", Status.RUNNING, scheduled_for=DUE, started_at=DUE, lease_expires_at=at("03:01"))
    an_attempt(right, status="running", started_at=DUE)
    found = explain(registry["join"], now=at("02:30"))
    assert found.cause is Cause.WAITS
    assert list(found.sentences) == [
        "join follows left and right, due at 2026-03-14 02:00 UTC. It has no run.",
        f"left succeeded (run {left.pk}).",
        f"right is running (run {right.pk}).",
    ]


def test_a_step_that_ought_to_have_followed_says_so(pipeline):
    fetch = a_run("fetch", scheduled_for=DUE)
    found = explain(registry["load"], now=at("03:00"))
    assert found.cause is Cause.UNRECORDED
    assert list(found.sentences[1:]) == [
        f"fetch succeeded (run {fetch.pk}).",
        "No run followed. Was the step declared when that run ended?",
    ]


def test_a_paused_step_says_by_whom(pipeline):
    a_ledger("load", fingerprint="", ledger_from=None, ledger_through=None)
    a_pause("load", began_at=at("01:00"))
    ends(a_run("fetch", scheduled_for=DUE))
    run = Run.objects.get(job="load")
    assert explained("load")[1] == f"Run {run.pk} was skipped. The job was paused by ada."


def test_a_step_that_isnt_due_yet_is_explained_like_any_job(pipeline):
    assert explained("load", when="2026-03-15 02:00") == ["load isn't due yet: it is at 2026-03-15 02:00 UTC, in 23 h."]


def test_a_step_after_a_job_started_by_hand_is_explained_by_its_run(declared):
    declared("fetch")
    declared("load", after="fetch")
    fetch = a_run("fetch", Status.FAILED, error="no")
    ends(fetch)
    run = Run.objects.get(job="load")
    assert explained("load", now="2026-12-01 00:00")[0] == (
        "load has no schedule: it follows fetch, which a person or program starts."
    )
    assert explained("load", now="2026-12-01 00:00")[2:] == [
        f"Run {run.pk} was skipped. Its predecessor fetch ended as failed (run {fetch.pk}).",
        f"Run {fetch.pk} of fetch: no.",
    ]
