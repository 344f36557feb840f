"""What is told of an occurrence that was skipped or missed."""

import pytest

from jobs.choices import Status
from jobs.ledger import missed
from jobs.models import Repair, Run
from jobs.reading.explain import Cause, explain
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, a_run
from tests.reading.explain.story import DUE, HEAD, a_gap, explained

pytestmark = pytest.mark.django_db


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
    assert explained()[1] == "It was skipped: run 77, which runs since 01:00, is in its way (overlap='skip')."


def test_another_run_that_waited_was_in_its_way(nightly):
    other = a_run(started_at=at("02:10"), finished_at=at("02:30"), created_at=at("2026-03-13 23:00"))
    a_gap("overlap", blocked_by=other)
    assert explained()[1] == (
        f"It was skipped: run {other.pk}, which was queued or running from 2026-03-13 23:00 to 02:30, "
        "was in its way (overlap='skip')."
    )


def test_the_run_in_its_way_may_have_been_pruned(nightly):
    a_gap("overlap")
    assert explained()[1] == (
        "It was skipped: another run of the job was in its way (overlap='skip'); that run has been deleted since."
    )


def test_an_operator_had_paused_it(nightly):
    a_pause(began_at=at("2026-03-12 12:00"), until=at("2026-03-20 12:00"))
    a_gap("paused", by="ada", note="the bank moves", first=at("2026-03-13 02:00"), count=2)
    assert explained() == [
        HEAD,
        "It was skipped: the job was paused by ada: the bank moves.",
        "It is still paused, until 2026-03-20 12:00. `manage.py resume nightly` ends it.",
        "The same happened to 2 occurrences in a row, 2026-03-13 02:00 to 2026-03-14 02:00.",
    ]


def test_an_operator_had_paused_it_and_another_resumed_it(nightly):
    a_gap("paused", by="ada")
    a_pause(began_at=at("01:00"), until=at("2026-03-20 00:00"), ended_at=at("02:40"), ended_by="bob")
    assert explained() == [HEAD, "It was skipped: the job was paused by ada.", "bob resumed it at 02:40."]


def test_an_operator_had_paused_it_until_a_moment_that_came(nightly):
    a_gap("paused", by="ada")
    a_pause(began_at=at("01:00"), until=at("02:30"), ended_at=at("02:30"))
    assert explained() == [HEAD, "It was skipped: the job was paused by ada.", "The pause ended at 02:30."]


def test_another_pause_that_came_later_is_another_story(nightly):
    a_gap("paused", by="ada")
    a_pause(by="bob", began_at=at("02:30"))
    assert explained() == [HEAD, "It was skipped: the job was paused by ada."]


def test_its_function_was_disabled(nightly, monkeypatch):
    a_gap("disabled", by="AzureWebJobs.nightly.Disabled", note="The function is disabled in the app's settings.")
    sentence = "It was skipped: the function was disabled in Azure by the app setting AzureWebJobs.nightly.Disabled."
    assert explained() == [HEAD, sentence]
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "true")
    assert explained() == [HEAD, sentence, "It still is."]


# It was missed


def test_it_was_found_too_late(nightly):
    a_gap("too_late", "missed", recorded_at=at("2026-03-15 08:00"))
    assert explained(when="02:00", now="2026-03-15 09:00") == [
        HEAD,
        "It was missed: no host was running until 2026-03-15 08:00, 1 d 6 h late (the start deadline is 1 d).",
    ]


def test_it_was_found_late_and_nothing_late_is_to_run(nightly):
    a_gap("too_late", "missed", recorded_at=at("02:30"), note="misfire='none'")
    assert explained()[1] == "It was missed: no host was running until 02:30, 30 min late (misfire='none')."


def test_it_was_found_too_late_like_those_before_it(nightly):
    a_gap("too_late", "missed", first=at("2026-03-10 02:00"), count=5, recorded_at=at("2026-03-11 12:00"))
    assert explained()[1:] == [
        "It was missed: it was found too late (the start deadline is 1 d).",
        "The same happened to 5 occurrences in a row, 2026-03-10 02:00 to 2026-03-14 02:00.",
    ]


def test_a_later_occurrence_ran_in_its_place(nightly):
    a_gap("superseded", "missed")
    assert explained()[1] == (
        "It was missed: it was found late, and a later occurrence ran instead (misfire='latest')."
    )


def test_it_was_one_of_too_many_to_make_up_for(declared):
    declared("nightly", schedule="0 0 2 * * *", misfire="all")
    a_gap("superseded", "missed")
    assert explained()[1] == (
        "It was missed: it was found late, and a later occurrence ran instead (misfire='all', 100 at most)."
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
    assert explained() == [
        HEAD,
        f"Run {run.pk} was queued at 02:00 and missed: nothing picked it up before its start deadline, 02:10.",
    ]


# It had none then, and has one now


def test_an_operator_had_it_run_afterwards(nightly):
    gap = a_gap("too_late", "missed", recorded_at=at("08:15"), first=at("2026-03-13 02:00"), count=2)
    missed.run_missed(nightly, gap=gap.pk, requested_by="anna", note="the host was away")
    Repair.objects.update(repaired_at=at("09:12"))
    run = Run.objects.get(scheduled_for=DUE)
    assert explained(when="02:00", now="09:13")[:4] == [
        HEAD,
        "It was missed: no host was running until 08:15, 6 h 15 min late (the start deadline is 1 d).",
        "The same happened to 2 occurrences in a row, 2026-03-13 02:00 to 2026-03-14 02:00.",
        f"anna had it run afterwards, at 09:12; run {run.pk} is for this occurrence: the host was away.",
    ]
