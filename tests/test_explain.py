"""Why didn't it run at 02:00? Each cause has its sentences."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs import births, pipelines
from jobs.declarations import registry
from jobs.explain import Cause, explain, zone_of
from jobs.models import Event, Gap, JobState, Run
from jobs.words import Status, Trigger
from tests.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db


def at(time):
    """A moment of 14 March 2026, or of another day: at("03:00"), at("2026-03-01 03:00")."""
    return datetime.fromisoformat(time if " " in time else f"2026-03-14 {time}").replace(tzinfo=UTC)


DUE = at("02:00")
HEAD = "nightly was due at 2026-03-14 02:00 UTC."


@pytest.fixture
def nightly(declared):
    """A job that is due at 02:00, with a ledger from 1 March to 03:00."""
    declared("nightly", command="succeeds", schedule="0 0 2 * * *")
    a_ledger("nightly")
    return registry["nightly"]


def a_ledger(job, **fields):
    return JobState.objects.create(
        job=job,
        **{
            "fingerprint": registry[job].fingerprint,
            "ledger_from": at("2026-03-01 00:00"),
            "ledger_through": at("03:00"),
        }
        | fields,
    )


def a_gap(reason, fate="skipped", **fields):
    return Gap.objects.create(
        job="nightly",
        fingerprint=registry["nightly"].fingerprint,
        reason=reason,
        fate=fate,
        **{"first": DUE, "last": DUE, "count": 1, "recorded_at": DUE} | fields,
    )


def told(job="nightly", when=None, now="03:00"):
    """The sentences about an occurrence, by default the latest."""
    return list(explain(registry[job], when and at(when), at(now)).sentences)


def a_scheduled_run(status=Status.SUCCEEDED, started="02:00:02", ended="02:01:32", **fields):
    """A run of the occurrence at 02:00, with one attempt."""
    run = a_run(
        status=status,
        scheduled_for=DUE,
        trigger="schedule",
        started_at=at(started),
        created_at=DUE,
        **({"finished_at": at(ended)} if ended else {}) | {"attempt": 1} | fields,
    )
    an_attempt(
        run,
        status=status,
        started_at=at(started),
        finished_at=ended and at(ended),
        error=fields.get("error", ""),
    )
    return run


# It ran


def test_it_ran(nightly):
    run = a_scheduled_run()
    found = explain(nightly, now=at("03:00"))
    assert found.text == f"{HEAD} Run {run.pk} started at 02:00:02, 2 s late, and succeeded after 1 min 30 s."
    assert (found.cause, found.occurrence, found.run, found.gap) == (Cause.RAN, DUE, run, None)


def test_it_ran_on_time(nightly):
    run = a_scheduled_run(started="02:00:00.4")
    assert told() == [HEAD, f"Run {run.pk} started at 02:00, on time, and succeeded after 1 min 31 s."]


@pytest.mark.parametrize(
    ("status", "error", "end"),
    [
        (
            "failed",
            "ValueError: the third row is wrong",
            "failed after 1 min 30 s: ValueError: the third row is wrong.",
        ),
        (
            "timed_out",
            "Stopped at its timeout.",
            "timed out after 1 min 30 s: Stopped at its timeout.",
        ),
        ("lost", "Its supervisor vanished.", "was lost after 1 min 30 s: Its supervisor vanished."),
    ],
)
def test_it_ran_and_ended_badly(nightly, status, error, end):
    run = a_scheduled_run(Status(status), error=error)
    assert told() == [HEAD, f"Run {run.pk} started at 02:00:02, 2 s late, and {end}"]


def test_it_was_cancelled_while_it_ran(nightly):
    run = a_scheduled_run(Status.CANCELLED, error="Cancelled while it ran.", cancelled_by="ada")
    assert told() == [
        HEAD,
        f"Run {run.pk} started at 02:00:02, 2 s late, and was cancelled by ada after 1 min 30 s: "
        "Cancelled while it ran.",
    ]


def test_it_was_cancelled_before_it_started(nightly):
    run = a_run(
        status=Status.CANCELLED,
        scheduled_for=DUE,
        started_at=None,
        attempt=0,
        error="Cancelled by ada before it started.",
    )
    assert told() == [HEAD, f"Run {run.pk} never started. Cancelled by ada before it started."]


def test_it_was_cancelled_before_it_was_tried_again(nightly):
    run = a_scheduled_run(Status.CANCELLED, error="no", cancelled_by="ada")
    run.attempts.update(status="failed")
    assert told()[1:] == [
        f"Run {run.pk} started at 02:00:02, 2 s late, and failed after 1 min 30 s: no.",
        "It was cancelled by ada before it was tried again.",
    ]


def test_it_was_lost_and_retried(nightly):
    run = a_scheduled_run(started="02:05:00", ended="02:06:00", attempt=2)
    run.attempts.update(number=2)
    an_attempt(
        run,
        status="lost",
        started_at=at("02:00:01"),
        finished_at=at("02:04:00"),
        error="Its supervisor vanished: no heartbeat came until its lease ran out.",
    )
    assert told() == [
        HEAD,
        f"Attempt 1 of run {run.pk} started at 02:00:01, 1 s late, and was lost after 3 min 59 s: "
        "Its supervisor vanished: no heartbeat came until its lease ran out.",
        "Attempt 2 started at 02:05 and succeeded after 1 min.",
    ]


def test_of_many_attempts_the_first_and_the_last_are_told(nightly):
    run = a_scheduled_run(Status.FAILED, attempt=5, error="no")
    for number in range(2, 6):
        an_attempt(
            run, number, "failed", started_at=at(f"02:{number}0"), finished_at=at(f"02:{number}0:05"), error="no"
        )
    assert told() == [
        HEAD,
        f"Attempt 1 of run {run.pk} started at 02:00:02, 2 s late, and failed after 1 min 30 s: no.",
        "3 attempts more came in between.",
        "Attempt 5 started at 02:50 and failed after 5 s: no.",
    ]


# It is at work


def test_it_is_running(nightly):
    run = a_scheduled_run(
        Status.RUNNING, ended=None, lease_expires_at=at("03:01"), progress={"done": 1200, "total": 5000}
    )
    found = explain(nightly, now=at("03:00"))
    assert found.cause is Cause.RUNNING
    assert list(found.sentences) == [
        HEAD,
        f"Run {run.pk} started at 02:00:02, 2 s late, and is running, for 59 min 58 s now. It has done 1,200 of 5,000.",
    ]


def test_it_was_asked_to_end(nightly):
    a_scheduled_run(
        Status.RUNNING,
        ended=None,
        lease_expires_at=at("03:01"),
        cancel_requested_at=at("02:59"),
        cancelled_by="ada",
    )
    assert told()[2:] == ["ada asked for its end at 02:59."]


def test_its_lease_ran_out(nightly):
    a_scheduled_run(Status.RUNNING, ended=None, lease_expires_at=at("02:50"))
    assert told()[2:] == ["Its lease ran out at 02:50: the next tick declares it lost."]


# It waits


def a_queued_run(**fields):
    return a_run(
        status=Status.QUEUED, scheduled_for=DUE, trigger="schedule", **{"not_before": DUE, "created_at": DUE} | fields
    )


def test_it_waits_for_an_executor(nightly):
    run = a_queued_run(start_by=at("04:00"))
    assert told(now="02:01") == [
        HEAD,
        f"Run {run.pk} is queued: nothing stands in its way. An executor takes it up within a minute.",
        "If nobody takes it up by 04:00, it is missed.",
    ]


def test_it_waits_and_nobody_is_on_duty(nightly):
    run = a_queued_run()
    assert told() == [
        HEAD,
        f"Run {run.pk} is queued: nothing stands in its way, yet it has waited for 1 h. "
        "Nobody is on duty: is the app running?",
    ]


def test_it_waits_for_its_next_attempt(nightly):
    run = a_queued_run(attempt=1, failures=1, not_before=at("03:05"))
    an_attempt(run, status="failed", started_at=at("02:00"), finished_at=at("02:00:03"), error="no")
    assert told() == [
        HEAD,
        f"Run {run.pk} started at 02:00, on time, and failed after 3 s: no.",
        f"Run {run.pk} is queued for attempt 2: it waits until 03:05.",
    ]


def test_it_waits_for_another_run_of_its_job(nightly):
    other = a_run(status=Status.RUNNING, started_at=at("01:30"))
    run = a_queued_run()
    assert told()[1] == (f"Run {run.pk} is queued: run {other.pk} of the job, which runs since 01:30, must end first.")


def test_it_waits_for_an_earlier_occurrence(nightly):
    other = a_run(status=Status.QUEUED, scheduled_for=at("2026-03-13 02:00"))
    run = a_queued_run()
    assert told()[1] == f"Run {run.pk} is queued: run {other.pk} of the job, for 2026-03-13 02:00, comes first."


def test_it_waits_for_its_group(declared):
    declared("nightly", schedule="0 0 2 * * *", concurrency_group="table", concurrency_limit=1)
    a_ledger("nightly")
    other = a_run("other", Status.RUNNING, concurrency_group="table")
    run = a_queued_run(concurrency_group="table")
    assert told()[1] == (
        f"Run {run.pk} is queued: its group 'table' lets 1 run run at once, now run {other.pk} of other."
    )


def test_it_waits_for_a_slot(nightly, settings):
    settings.JOBS_MAX_RUNNING = 1
    a_run("other", Status.RUNNING)
    run = a_queued_run()
    assert told()[1] == (
        f"Run {run.pk} is queued: it waits for a free slot. 1 run is at work, and an instance takes 1 at most."
    )


# It was skipped


def test_another_run_was_in_its_way(nightly):
    other = a_run(started_at=at("01:00"), finished_at=at("02:30"), created_at=at("00:59"))
    gap = a_gap("overlap", blocked_by=other)
    found = explain(nightly, now=at("03:00"))
    assert found.text == (
        f"{HEAD} It was skipped: run {other.pk}, which ran from 01:00 to 02:30, was in its way (overlap='skip')."
    )
    assert (found.cause, found.gap) == (Cause.SKIPPED, gap)


def test_another_run_was_in_its_way_and_still_is(nightly):
    a_gap("overlap", blocked_by=a_run(status=Status.RUNNING, pk=77, started_at=at("01:00")))
    assert told()[1] == "It was skipped: run 77, which runs since 01:00, is in its way (overlap='skip')."


def test_another_run_that_waited_was_in_its_way(nightly):
    other = a_run(started_at=at("02:10"), finished_at=at("02:30"), created_at=at("2026-03-13 23:00"))
    a_gap("overlap", blocked_by=other)
    assert told()[1] == (
        f"It was skipped: run {other.pk}, which was queued or running from 2026-03-13 23:00 to 02:30, "
        "was in its way (overlap='skip')."
    )


def test_the_run_in_its_way_may_have_been_pruned(nightly):
    a_gap("overlap")
    assert told()[1] == (
        "It was skipped: another run of the job was in its way (overlap='skip'); that run has been pruned since."
    )


def test_an_operator_had_paused_it(nightly):
    JobState.objects.update(paused_at=at("2026-03-12 12:00"), paused_until=at("2026-03-20 12:00"), paused_by="ada")
    a_gap("paused", by="ada", note="the bank moves", first=at("2026-03-13 02:00"), count=2)
    assert told() == [
        HEAD,
        "It was skipped: the job was paused by ada: the bank moves.",
        "It is still paused, until 2026-03-20 12:00. `manage.py resume nightly` ends that.",
        "The same became of 2 occurrences in a row, 2026-03-13 02:00 to 02:00.",
    ]


def test_an_operator_had_paused_it_and_another_resumed_it(nightly):
    a_gap("paused", by="ada")
    Event.objects.create(job="nightly", kind="resumed", by="bob", at=at("02:40"))
    assert told() == [HEAD, "It was skipped: the job was paused by ada.", "bob resumed it at 02:40."]


def test_a_later_resumption_is_another_story(nightly):
    a_gap("paused", by="ada")
    Event.objects.create(job="nightly", kind="resumed", by="bob", at=at("2026-05-01 00:00"))
    assert told() == [HEAD, "It was skipped: the job was paused by ada."]


def test_its_function_was_disabled(nightly, monkeypatch):
    a_gap("disabled", by="AzureWebJobs.nightly.Disabled", note="The function is disabled in the app's settings.")
    sentence = "It was skipped: the function was disabled in Azure by the app's setting AzureWebJobs.nightly.Disabled."
    assert told() == [HEAD, sentence]
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "true")
    assert told() == [HEAD, sentence, "It still is."]


# It was missed


def test_it_was_found_too_late(nightly):
    a_gap("too_late", "missed", recorded_at=at("2026-03-15 08:00"))
    assert told(when="02:00", now="2026-03-15 09:00") == [
        HEAD,
        "It was missed: nobody was on duty until 2026-03-15 08:00, 1 d 6 h late (the start deadline is 1 d).",
    ]


def test_it_was_found_late_and_nothing_late_is_to_run(nightly):
    a_gap("too_late", "missed", recorded_at=at("02:30"), note="misfire='none'")
    assert told()[1] == "It was missed: nobody was on duty until 02:30, 30 min late (misfire='none')."


def test_it_was_found_too_late_like_those_before_it(nightly):
    a_gap("too_late", "missed", first=at("2026-03-10 02:00"), count=5, recorded_at=at("2026-03-11 12:00"))
    assert told()[1:] == [
        "It was missed: it was found too late (the start deadline is 1 d).",
        "The same became of 5 occurrences in a row, 2026-03-10 02:00 to 02:00.",
    ]


def test_a_later_occurrence_ran_in_its_place(nightly):
    a_gap("superseded", "missed")
    assert told()[1] == (
        "It was missed: it was found late, and a later occurrence ran in its place (misfire='latest')."
    )


def test_it_was_one_of_too_many_to_make_up_for(declared):
    declared("nightly", schedule="0 0 2 * * *", misfire="all")
    a_gap("superseded", "missed")
    assert told()[1] == (
        "It was missed: it was found late, and a later occurrence ran in its place (misfire='all', 100 at most)."
    )


def test_nobody_took_it_up_before_its_deadline(nightly):
    run = a_run(
        status=Status.MISSED,
        scheduled_for=DUE,
        reason="too_late",
        created_at=DUE,
        start_by=at("02:10"),
        trigger="schedule",
    )
    assert told() == [
        HEAD,
        f"Run {run.pk} was queued at 02:00 and missed: nobody took it up before its start deadline, 02:10.",
    ]


# It isn't decided, or never will be


def test_it_isnt_due_yet(nightly):
    found = explain(nightly, at("2026-03-15 02:00"), at("03:00"))
    assert found.cause is Cause.NOT_DUE
    assert found.text == "nightly isn't due yet: it is at 2026-03-15 02:00 UTC, in 23 h."


def test_it_isnt_due_yet_and_will_be_skipped(nightly, monkeypatch):
    JobState.objects.update(
        paused_at=at("01:00"), paused_until=at("2026-03-20 00:00"), paused_by="ada", paused_reason="the bank moves"
    )
    assert told(when="2026-03-15 02:00")[1:] == [
        "It will be skipped: the job is paused by ada until 2026-03-20 00:00: the bank moves."
    ]
    assert told(when="2026-03-20 02:00")[1:] == []
    monkeypatch.setenv("AzureWebJobs_nightly_Disabled", "1")
    assert told(when="2026-03-15 02:00")[1:] == [
        "It will be skipped, as long as the function is disabled in Azure by the app's setting "
        "AzureWebJobs_nightly_Disabled."
    ]


def test_it_isnt_decided_yet(nightly):
    JobState.objects.update(ledger_through=at("01:59:30"))
    found = explain(nightly, now=at("02:00:10"))
    assert found.cause is Cause.UNDECIDED
    assert list(found.sentences) == [
        HEAD,
        "It isn't decided yet: the tick comes within a minute. The ledger reaches to 01:59:30.",
    ]


def test_it_isnt_decided_and_nobody_is_on_duty(nightly):
    JobState.objects.update(ledger_through=at("2026-03-13 04:00"))
    assert told() == [
        HEAD,
        "It isn't decided: the ledger reaches to 2026-03-13 04:00 only.",
        "Nobody is on duty: is the app running, and its function `tick` enabled?",
    ]


def test_it_was_never_seen(nightly):
    JobState.objects.all().delete()
    assert told() == [HEAD, "nightly has no ledger yet: it begins when the first tick sees the job."]


def test_its_new_schedule_hasnt_been_seen(nightly):
    JobState.objects.update(fingerprint="0 0 5 * * * UTC")
    assert told() == [
        HEAD,
        "Its schedule has changed since (it was 0 0 5 * * * UTC): the next tick begins its ledger anew.",
    ]


def test_it_lies_before_the_ledger(nightly):
    found = explain(nightly, at("2026-02-20 02:00"), at("03:00"))
    assert found.cause is Cause.BEFORE_LEDGER
    assert list(found.sentences) == [
        "nightly was due at 2026-02-20 02:00 UTC.",
        "That is before its ledger begins, 2026-03-01 00:00 UTC.",
        "The job was first seen then, or what is older has been pruned.",
        "The first occurrence that it covers is 2026-03-01 02:00 UTC.",
    ]


def test_it_lies_before_the_schedule_changed(nightly):
    Event.objects.create(
        job="nightly", kind="schedule_changed", at=at("2026-03-01 00:00"), message="The schedule changed from A to B."
    )
    assert told(when="2026-02-20 02:00")[2] == ("The schedule changed from A to B. That was at 2026-03-01 00:00 UTC.")


def test_a_run_is_told_also_before_the_ledger(nightly):
    run = a_run(
        scheduled_for=at("2026-02-20 02:00"), started_at=at("2026-02-20 02:00"), finished_at=at("2026-02-20 02:01")
    )
    an_attempt(run, started_at=run.started_at, finished_at=run.finished_at)
    assert told(when="2026-02-20 02:00")[1] == f"Run {run.pk} started at 02:00, on time, and succeeded after 1 min."


def test_a_hole_in_the_ledger_is_called_one(nightly):
    found = explain(nightly, now=at("03:00"))
    assert found.cause is Cause.UNRECORDED
    assert found.sentences[1] == (
        "The ledger, which reaches from 2026-03-01 00:00 to 03:00, holds nothing of it. "
        "That should never be: please report it."
    )


def test_a_gap_of_another_schedule_says_nothing_of_this_one(nightly):
    a_gap("paused", by="ada")
    Gap.objects.update(fingerprint="0 0 * * * * UTC")
    assert explain(nightly, now=at("03:00")).cause is Cause.UNRECORDED


# There is no such occurrence


def test_between_two_occurrences_the_nearest_is_told_with_its_neighbours(nightly):
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


def test_a_job_without_a_schedule_is_told_by_its_latest_run(declared):
    declared("by_hand", command="succeeds")
    assert told("by_hand") == [
        "by_hand has no schedule: a person or program starts it.",
        "It never ran yet.",
    ]
    first = a_run("by_hand", created_at=at("01:00"), started_at=at("01:00:01"), finished_at=at("01:00:05"))
    an_attempt(first, started_at=first.started_at, finished_at=first.finished_at)
    second = a_run("by_hand", Status.QUEUED, created_at=at("02:59:50"), not_before=at("02:59:50"))
    assert told("by_hand") == [
        "by_hand has no schedule: a person or program starts it.",
        f"Run {second.pk} of by_hand was asked for by a test at 2026-03-14 02:59:50 UTC.",
        f"Run {second.pk} is queued: nothing stands in its way. An executor takes it up within a minute.",
    ]
    assert told("by_hand", when="00:30")[1:] == [
        f"Run {first.pk} of by_hand was asked for by a test at 2026-03-14 01:00 UTC.",
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
    assert told("by_hand")[2] == (
        f"Run {run.pk} was skipped: run {other.pk}, which runs since 2026-03-14 02:00, is in its way."
    )


# Pipelines


@pytest.fixture
def pipeline(declared):
    """fetch, at 02:00, then load, then report."""
    declared("fetch", command="succeeds", schedule="0 0 2 * * *")
    declared("load", command="succeeds", after="fetch")
    declared("report", command="succeeds", after="load")
    a_ledger("fetch")


def ends(run):
    run.refresh_from_db()
    pipelines.follow(pipelines.End(run=run.pk, job=run.job, status=Status(run.status), scheduled_for=run.scheduled_for))


def test_a_step_tells_where_its_pipeline_stopped(pipeline):
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
        "report follows load, due at 2026-03-14 02:00 UTC. It has no run for it.",
        "load follows fetch, due at 2026-03-14 02:00 UTC. It has no run for it.",
        "fetch was due at 2026-03-14 02:00 UTC.",
        "It was missed: it was found late, and a later occurrence ran in its place (misfire='latest').",
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
        "join follows left and right, due at 2026-03-14 02:00 UTC. It has no run for it.",
        f"left succeeded (run {left.pk}).",
        f"right is running (run {right.pk}).",
    ]


def test_a_step_that_ought_to_have_followed_says_so(pipeline):
    fetch = a_run("fetch", scheduled_for=DUE)
    found = explain(registry["load"], now=at("03:00"))
    assert found.cause is Cause.UNRECORDED
    assert list(found.sentences[1:]) == [
        f"fetch succeeded (run {fetch.pk}).",
        "No run followed. Was the step declared when that ended?",
    ]


def test_a_paused_step_says_by_whom(pipeline):
    a_ledger("load", fingerprint="", ledger_from=None, ledger_through=None, paused_at=at("01:00"), paused_by="ada")
    ends(a_run("fetch", scheduled_for=DUE))
    run = Run.objects.get(job="load")
    assert told("load")[1] == f"Run {run.pk} was skipped. The job was paused by ada."


def test_a_step_that_isnt_due_yet_is_told_like_any_job(pipeline):
    assert told("load", when="2026-03-15 02:00") == ["load isn't due yet: it is at 2026-03-15 02:00 UTC, in 23 h."]


def test_a_step_after_a_job_started_by_hand_is_told_by_its_run(declared):
    declared("fetch")
    declared("load", after="fetch")
    fetch = a_run("fetch", Status.FAILED, error="no")
    ends(fetch)
    run = Run.objects.get(job="load")
    assert told("load", now="2026-12-01 00:00")[0] == (
        "load has no schedule: it follows fetch, which a person or program starts."
    )
    assert told("load", now="2026-12-01 00:00")[2:] == [
        f"Run {run.pk} was skipped. Its predecessor fetch ended as failed (run {fetch.pk}).",
        f"Run {fetch.pk} of fetch: no.",
    ]


# Zones, and cost


def test_moments_are_told_by_the_jobs_clock_and_in_utc(declared):
    declared("nightly", schedule="0 30 0 * * *", time_zone="Europe/Berlin")
    a_ledger("nightly")
    run = a_run(
        scheduled_for=at("2026-03-13 23:30"),
        started_at=at("2026-03-13 23:30:05"),
        finished_at=at("2026-03-13 23:31:05"),
    )
    an_attempt(run, started_at=run.started_at, finished_at=run.finished_at)
    assert told() == [
        "nightly was due at 2026-03-14 00:30 Europe/Berlin (2026-03-13 23:30 UTC).",
        f"Run {run.pk} started at 00:30:05, 5 s late, and succeeded after 1 min.",
    ]


def test_a_time_that_the_clock_jumps_over_is_found(declared):
    declared("nightly", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    jumped = datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = explain(registry["nightly"], jumped, at("2026-03-30 00:00"))
    assert (found.occurrence, found.previous) == (at("2026-03-29 01:30"), None)
    assert found.sentences[0] == "nightly was due at 2026-03-29 03:30 Europe/Berlin (01:30 UTC)."


def test_a_clock_that_shows_utc_is_told_once(declared):
    declared("nightly", schedule="0 0 2 * * *", time_zone="Europe/London")
    assert told()[0] == "nightly was due at 2026-03-14 02:00 Europe/London."


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
    with django_assert_max_num_queries(7):
        assert len(explain(registry["step_49"], now=at("03:00")).sentences) == 51


def test_fifty_predecessors_without_an_end_cost_as_many_queries_as_one(declared, django_assert_max_num_queries):
    names = [f"source_{number}" for number in range(50)]
    for name in names:
        declared(name, schedule="0 0 2 * * *")
        a_ledger(name)
        a_run(name, Status.QUEUED, scheduled_for=DUE, not_before=DUE)
    declared("join", after=names)
    with django_assert_max_num_queries(7):
        explain(registry["join"], now=at("03:00"))


def test_a_request_that_was_born_by_its_policy_is_explained(declared):
    declared("by_hand", command="succeeds", overlap="queue")
    births.give_birth(registry["by_hand"], Trigger.API, requested_by="a program")
    assert told("by_hand", now="2026-12-31 00:00")[1].startswith("Run ")
