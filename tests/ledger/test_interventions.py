"""What an operator changes at run time."""

from datetime import timedelta

import pytest

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.formats import utc_time
from jobs.ledger import in_force, interventions, states, triggers
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, Intervention, JobState, Run
from tests.helpers.rows import first_seen_at

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def nightly(declared, monkeypatch):
    """A job of every day, due some twelve hours from now, and first seen now."""
    now = states.clock()
    first_seen_at(monkeypatch, now)
    declared("nightly", command="succeeds", schedule=f"0 0 {(now.hour + 12) % 24} * * *")
    settle([registry["nightly"]])
    return registry["nightly"]


def test_a_pause_has_an_owner_a_reason_and_an_end(nightly):
    until = states.clock() + HOUR
    interventions.pause(nightly, by="ada", reason="the bank moves", until=until)
    pause = Intervention.objects.get()
    assert (pause.by, pause.reason, pause.until) == ("ada", "the bank moves", until)
    assert abs(pause.began_at - states.clock()) < timedelta(seconds=5)


def test_an_event_reports_the_pause_and_of_its_end(nightly):
    until = states.clock() + HOUR
    interventions.pause(nightly, by="ada", reason="the bank moves", until=until)
    interventions.resume(nightly, by="bob")
    assert list(Event.objects.order_by("id").values_list("job", "kind", "by", "message")) == [
        ("nightly", "paused", "ada", f"nightly was paused by ada until {utc_time(until)}: the bank moves"),
        ("nightly", "resumed", "bob", "nightly was resumed by bob."),
    ]


def test_what_was_due_before_the_pause_still_runs(nightly, rung):
    JobState.objects.update(ledger_through=states.clock() - 14 * HOUR)
    interventions.pause(nightly, by="ada")
    run = Run.objects.latest("id")
    assert run.status == Status.QUEUED
    assert rung == [run.pk]
    assert not Gap.objects.filter(reason="paused").exists()


def test_what_a_pause_swallowed_stays_skipped_when_it_is_ended(nightly):
    interventions.pause(nightly, by="ada", reason="the bank moves")
    now = states.clock()
    Intervention.objects.update(began_at=now - 60 * DAY)
    JobState.objects.update(ledger_from=now - 60 * DAY, ledger_through=now - 60 * DAY)
    interventions.resume(nightly, by="bob")
    gap = Gap.objects.get()
    assert (gap.count, gap.reason, gap.by, gap.note) == (60, "paused", "ada", "the bank moves")
    assert not Run.objects.exists()
    assert Intervention.objects.get().ended_by == "bob"


def test_a_paused_job_is_not_paused_again(nightly):
    interventions.pause(nightly, by="ada")
    with pytest.raises(interventions.AlreadyPaused) as error:
        interventions.pause(nightly, by="bob", reason="mine")
    assert str(error.value) == "Job 'nightly' is paused already, by ada. Resume it first, or leave it so."
    assert Intervention.objects.get().by == "ada"


def test_a_pause_that_has_ended_leaves_room_for_another(nightly):
    interventions.pause(nightly, by="ada", until=states.clock() + HOUR)
    now = states.clock()
    Intervention.objects.update(began_at=now - 2 * HOUR, until=now - HOUR)
    interventions.pause(nightly, by="bob")
    assert [(pause.by, pause.ended_at) for pause in Intervention.objects.order_by("id")] == [
        ("ada", now - HOUR),
        ("bob", None),
    ]


def test_a_pause_doesnt_end_in_the_past(nightly):
    until = states.clock() - HOUR
    with pytest.raises(interventions.PauseEndsInThePast) as error:
        interventions.pause(nightly, by="ada", until=until)
    assert str(error.value) == (
        f"The pause of job 'nightly' would end at {until.isoformat()}, which has passed. Give an end that lies ahead."
    )


def test_a_job_that_isnt_paused_cant_be_resumed(nightly):
    with pytest.raises(interventions.NotPaused) as error:
        interventions.resume(nightly, by="bob")
    assert str(error.value) == "Job 'nightly' is not paused. `manage.py drift` lists the jobs that are."
    assert not Event.objects.exists()


def test_a_pause_that_has_ended_cant_be_resumed(nightly):
    interventions.pause(nightly, by="ada", until=states.clock() + HOUR)
    now = states.clock()
    Intervention.objects.update(began_at=now - 2 * HOUR, until=now - HOUR)
    with pytest.raises(interventions.NotPaused):
        interventions.resume(nightly, by="bob")


def test_a_job_without_a_schedule_can_be_paused(declared):
    declared("step", command="succeeds", after="nightly")
    interventions.pause(registry["step"], by="ada")
    assert in_force.pause_of(registry["step"]) == "The job was paused by ada."


def test_a_person_may_run_a_paused_job(nightly):
    interventions.pause(nightly, by="ada")
    assert triggers.request("nightly", requested_by="bob", ring=False).status == Status.QUEUED


def test_during_a_pause_occurrences_are_skipped(nightly):
    interventions.pause(nightly, by="ada")
    settle([nightly], states.clock() + 10 * DAY)
    assert (Gap.objects.get().count, Run.objects.exists()) == (10, False)
