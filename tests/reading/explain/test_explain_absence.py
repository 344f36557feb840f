"""What is told of an occurrence that has neither a run nor a gap, and of moments that are none."""

from datetime import timedelta

import pytest

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.models import Event, Gap, JobState
from jobs.reading.explain import Cause, explain
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, a_run, an_attempt, an_override
from tests.reading.explain.story import DUE, HEAD, a_gap, a_scheduled_run, explained

pytestmark = pytest.mark.django_db


# It isn't decided, or never will be


def test_it_isnt_due_yet(nightly):
    found = explain(nightly, at("2026-03-15 02:00"), at("03:00"))
    assert found.cause is Cause.NOT_DUE
    assert found.text == "nightly isn't due yet: it is at 2026-03-15 02:00 UTC, in 23 h."


def test_it_isnt_due_yet_and_will_be_skipped(nightly, monkeypatch):
    a_pause(began_at=at("01:00"), until=at("2026-03-20 00:00"), reason="the bank moves")
    assert explained(when="2026-03-15 02:00")[1:] == [
        "It will be skipped: the job is paused by ada until 2026-03-20 00:00: the bank moves."
    ]
    assert explained(when="2026-03-20 02:00")[1:] == []
    monkeypatch.setenv("AzureWebJobs_nightly_Disabled", "1")
    assert explained(when="2026-03-15 02:00")[1:] == [
        "It will be skipped while the function is disabled in Azure by the app setting AzureWebJobs_nightly_Disabled."
    ]


def test_it_isnt_decided_yet(nightly):
    JobState.objects.update(ledger_through=at("01:59:30"))
    found = explain(nightly, now=at("02:00:10"))
    assert found.cause is Cause.UNDECIDED
    assert list(found.sentences) == [
        HEAD,
        "It isn't decided yet: the next tick comes within a minute. The ledger reaches to 01:59:30.",
    ]


def test_it_isnt_decided_and_nobody_is_on_duty(nightly):
    JobState.objects.update(ledger_through=at("2026-03-13 04:00"))
    assert explained() == [
        HEAD,
        "It isn't decided: the ledger reaches to 2026-03-13 04:00 only.",
        "No host seems to be running: is the app up, and its function `tick` enabled?",
    ]


def test_it_was_never_seen(nightly):
    JobState.objects.all().delete()
    assert explained() == [HEAD, "nightly has no ledger yet: it begins with the first tick that sees the job."]


def test_its_new_schedule_hasnt_been_seen(nightly):
    JobState.objects.update(fingerprint="0 0 5 * * * UTC")
    assert explained() == [
        HEAD,
        "Its schedule has changed since (it was 0 0 5 * * * UTC): the new one applies from the next tick.",
    ]


def test_it_lies_before_the_ledger(nightly):
    found = explain(nightly, at("2026-02-20 02:00"), at("03:00"))
    assert found.cause is Cause.BEFORE_LEDGER
    assert list(found.sentences) == [
        "nightly was due at 2026-02-20 02:00 UTC.",
        "That is before its ledger begins, 2026-03-01 00:00 UTC.",
        "The job was first seen then, or older entries were deleted.",
        "The first occurrence that it covers is 2026-03-01 02:00 UTC.",
    ]


def test_it_lies_before_the_schedule_changed(nightly):
    Event.objects.create(
        job="nightly", kind="schedule_changed", at=at("2026-03-01 00:00"), message="The schedule changed from A to B."
    )
    assert explained(when="2026-02-20 02:00")[2] == (
        "The schedule changed from A to B. That was at 2026-03-01 00:00 UTC."
    )


def overridden(since, until, **fields):
    """An override of the schedule that has ended."""
    an_override(began_at=at(since), ended_at=at(until), schedule="0 0 5 * * *", **fields)


def test_an_override_that_has_ended_stood_in_its_place(nightly):
    overridden("2026-03-01 01:00", "2026-03-02 05:00", ended_by="bob", reason="the bank moves")
    JobState.objects.update(ledger_from=at("2026-03-02 05:00") - timedelta(microseconds=1))
    sentence = (
        "Its declaration was overridden by ada from 2026-03-01 01:00 UTC to 2026-03-02 05:00 UTC, "
        "when bob ended that: the bank moves."
    )
    assert explained(when="2026-03-02 02:00") == [
        "nightly was due at 2026-03-02 02:00 UTC.",
        "That is before its ledger begins, 2026-03-02 05:00 UTC.",
        sentence,
        "The first occurrence that it covers is 2026-03-03 02:00 UTC.",
    ]
    assert explained(when="2026-02-20 02:00")[2] == sentence


def test_what_was_due_by_an_override_that_has_ended_is_explained_by_it(nightly):
    overridden("2026-03-10 00:00", "2026-03-12 00:00")
    run = a_run(
        scheduled_for=at("2026-03-10 05:00"), started_at=at("2026-03-10 05:00"), finished_at=at("2026-03-10 05:01")
    )
    an_attempt(run, started_at=run.started_at, finished_at=run.finished_at)
    assert explained(when="2026-03-10 05:00") == [
        "nightly was due at 2026-03-10 05:00 UTC.",
        f"Run {run.pk} started at 05:00, on time, and succeeded after 1 min.",
        "Its declaration was overridden by ada from 2026-03-10 00:00 UTC to 2026-03-12 00:00 UTC.",
    ]
    assert explained(when="2026-03-13 02:00")[0] == "nightly was due at 2026-03-13 02:00 UTC."


def test_an_override_that_began_no_ledger_is_no_reason(nightly):
    """One of the arguments alone, after the ledger's begin or before it."""
    an_override(began_at=at("2026-03-01 01:00"), ended_at=at("2026-03-02 05:00"), arguments=[])
    JobState.objects.update(ledger_from=at("2026-02-28 00:00"))
    assert explained(when="2026-02-20 02:00")[2] == "The job was first seen then, or older entries were deleted."
    JobState.objects.update(ledger_from=at("2026-03-05 00:00"))
    assert explained(when="2026-03-01 02:00")[2] == "The job was first seen then, or older entries were deleted."


def test_the_ledger_of_an_override_that_holds_began_with_it(nightly):
    began = at("2026-03-10 00:00")
    JobState.objects.update(ledger_from=began, fingerprint="0 0 5 * * * UTC")
    an_override(began_at=began, schedule="0 0 5 * * *")
    assert explained(when="2026-03-09 02:00")[1:] == [
        "That is before its ledger begins, 2026-03-10 00:00 UTC.",
        "The current override began then, and the ledger with it.",
        "The first occurrence that it covers is 2026-03-10 05:00 UTC.",
        "Its declaration is overridden by ada.",
    ]


def test_a_run_is_explained_also_before_the_ledger(nightly):
    run = a_run(
        scheduled_for=at("2026-02-20 02:00"), started_at=at("2026-02-20 02:00"), finished_at=at("2026-02-20 02:01")
    )
    an_attempt(run, started_at=run.started_at, finished_at=run.finished_at)
    assert (
        explained(when="2026-02-20 02:00")[1] == f"Run {run.pk} started at 02:00, on time, and succeeded after 1 min."
    )


def test_a_hole_in_the_ledger_is_called_one(nightly):
    found = explain(nightly, now=at("03:00"))
    assert found.cause is Cause.UNRECORDED
    assert found.sentences[1] == (
        "The ledger, which reaches from 2026-03-01 00:00 to 03:00, has no entry for it. "
        "That is a bug: please report it."
    )


def test_a_gap_of_another_schedule_says_nothing_of_this_one(nightly):
    a_gap("paused", by="ada")
    Gap.objects.update(fingerprint="0 30 * * * * UTC", first=at("01:30"), last=at("02:30"))
    assert explain(nightly, now=at("03:00")).cause is Cause.UNRECORDED


def test_what_was_due_by_a_former_schedule_is_still_explained(nightly):
    a_gap("paused", by="ada")
    Gap.objects.update(fingerprint="0 30 * * * * UTC", first=at("01:30"), last=at("02:30"))
    Event.objects.create(job="nightly", kind="schedule_changed", at=at("02:45"), message="The schedule changed.")
    found = explain(nightly, at("01:30"), at("03:00"))
    assert (found.cause, found.occurrence) == (Cause.SKIPPED, at("01:30"))
    assert found.sentences[:2] == (
        "nightly was due at 2026-03-14 01:30 UTC.",
        "It was skipped: the job was paused by ada.",
    )
    assert found.sentences[-2:] == (
        "The schedule was different then (0 30 * * * * UTC); now it is 0 0 2 * * * UTC.",
        "The schedule changed.",
    )


# There is no such occurrence


def test_between_two_occurrences_the_nearest_is_explained_with_its_neighbours(nightly):
    run = a_scheduled_run()
    found = explain(nightly, at("04:30"), at("2026-03-16 00:00"))
    assert found.sentences[0] == (
        "nightly has no occurrence at 2026-03-14 04:30 UTC: "
        "the nearest are 2026-03-14 02:00 UTC and 2026-03-15 02:00 UTC."
    )
    assert found.run == run
    assert (found.previous, found.next) == (DUE, at("2026-03-15 02:00"))


def test_a_moment_nearer_to_the_next_occurrence_means_that_one(nightly):
    assert explain(nightly, at("15:00"), at("2026-03-16 00:00")).occurrence == at("2026-03-15 02:00")


def test_a_schedule_that_never_fires_has_nothing_to_explain(declared):
    declared("nightly", schedule="0 0 2 31 2 *")
    found = explain(registry["nightly"], now=at("03:00"))
    assert found.cause is Cause.NO_OCCURRENCE
    assert found.text == "nightly has no occurrence: its schedule 0 0 2 31 2 * never fires."


def test_a_job_without_a_schedule_is_explained_by_its_latest_run(declared):
    declared("by_hand", command="succeeds")
    assert explained("by_hand") == [
        "by_hand has no schedule: a person or program starts it.",
        "It has never run.",
    ]
    first = a_run("by_hand", created_at=at("01:00"), started_at=at("01:00:01"), finished_at=at("01:00:05"))
    an_attempt(first, started_at=first.started_at, finished_at=first.finished_at)
    second = a_run("by_hand", Status.QUEUED, created_at=at("02:59:50"), not_before=at("02:59:50"))
    assert explained("by_hand") == [
        "by_hand has no schedule: a person or program starts it.",
        f"Run {second.pk} of by_hand was requested by a test at 2026-03-14 02:59:50 UTC.",
        f"Run {second.pk} is queued: nothing blocks it. An executor picks it up within a minute.",
    ]
    assert explained("by_hand", when="00:30")[1:] == [
        f"Run {first.pk} of by_hand was requested by a test at 2026-03-14 01:00 UTC.",
        f"Run {first.pk} started at 2026-03-14 01:00:01 and succeeded after 4 s.",
    ]


def test_a_skipped_request_names_the_run_in_its_way(declared):
    declared("by_hand", command="succeeds")
    other = a_run("by_hand", Status.RUNNING, started_at=at("02:00"), created_at=at("02:00"))
    run = a_run(
        "by_hand",
        Status.SKIPPED,
        reason="overlap",
        blocked_by=other,
        created_at=at("02:30"),
        error="Run 1 was in its way.",
    )
    assert explained("by_hand")[2] == (
        f"Run {run.pk} was skipped: run {other.pk}, which runs since 2026-03-14 02:00, is in its way."
    )
