"""An override that was written elsewhere and can't be read here: reported, of no force, and ended as any other."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from jobs.declarations.registry import registry
from jobs.execution import tick, timer_calls
from jobs.execution.timer_calls import Call
from jobs.ledger import in_force, interventions, overrides, states, triggers
from jobs.ledger.settle import settle
from jobs.models import Event, Intervention, JobState, Run
from jobs.reading import upcoming
from jobs.reading.drift import drift
from jobs.reading.explain import explain
from tests.helpers.rows import an_override, first_seen_at

pytestmark = pytest.mark.django_db
FLAWS = {
    "an unknown zone": ({"time_zone": "Mars/Olympus"}, "There is no time zone 'Mars/Olympus'."),
    "a machine's own zone": ({"time_zone": "localtime"}, "'localtime' means something else on another"),
    "a path": ({"time_zone": "../../etc/passwd"}, "There is no time zone"),
    "a broken expression": ({"schedule": "at three"}, "The expression 'at three' has 2 fields"),
    "no list": ({"arguments": {"days": 3}}, """Its arguments are {"days": 3}, not a list of strings."""),
    "no strings": (
        {"arguments": ["--days", 3]},
        """Its arguments are ["--days", 3], not a list of strings.""",
    ),
    "a text": ({"arguments": "--days 3"}, """Its arguments are "--days 3", not a list of strings."""),
}


@pytest.fixture(params=FLAWS.values(), ids=FLAWS)
def flawed(request, declared, monkeypatch):
    """The job `nightly` under such an override of Ada's, and the beginning of the sentence that says what is wrong."""
    columns, sentence = request.param
    now = states.clock()
    first_seen_at(monkeypatch, now)
    declared("nightly", "--word", "declared", command="succeeds", schedule=f"0 0 {(now.hour + 12) % 24} * * *")
    job = registry["nightly"]
    settle([job])
    an_override(began_at=now, reason="the bank moves", **columns)
    return job, sentence


def test_the_declaration_holds(flawed):
    job, _ = flawed
    now = states.clock()
    due = job.schedule.next(now)
    assert overrides.effective(job) == job
    assert upcoming.next_run_at(job, in_force.by_job()[job.name], now) == due
    assert [run.scheduled_for for run in settle([job], due + timedelta(minutes=1)).runs] == [due]
    assert Run.objects.get().arguments == ["--word", "declared"]


def test_it_is_reported(flawed, capsys, admin_client):
    job, sentence = flawed
    (difference,) = drift()
    assert (difference.what, difference.by, difference.reason) == ("override", "ada", "the bank moves")
    assert difference.now.startswith(f"can't be read: {sentence}")
    assert difference.now.endswith("It doesn't apply. End it with `manage.py override JOB --end`.")
    assert f"That override can't be read: {sentence}" in explain(job).text
    assert admin_client.get("/api/v1/jobs/nightly/").json()["override_flaw"].startswith(sentence)
    call_command("jobs")
    assert "(override can't be read: see `manage.py drift`)" in capsys.readouterr().out


def test_the_log_says_it_once(flawed, caplog, monkeypatch):
    job, sentence = flawed
    monkeypatch.setattr(overrides, "_reported", set())
    overrides.effective(job)
    overrides.effective(job)
    (message,) = [
        message for message in caplog.messages if message.startswith("override_unreadable job=nightly by=ada")
    ]
    assert sentence in message


def test_everything_else_works(flawed, capsys, monkeypatch):
    job, _ = flawed
    monkeypatch.setattr("jobs.ledger.doorbell.ring_all", lambda _: None)
    for command in (["upcoming"], ["next", "nightly"], ["dst", "nightly"], ["drift"], ["pause", "nightly"]):
        call_command(*command)
    call_command("resume", "nightly")
    tick.tick()
    triggers.request("nightly", requested_by="bob", ring=False)
    timer_calls.answer(Call(job=job, called_for=None))


def test_it_can_be_ended(flawed):
    call_command("override", "nightly", "--end")
    assert not Intervention.objects.open().exists()
    assert drift() == []


def test_it_ends_by_itself(flawed):
    job, _ = flawed
    until = states.clock() + timedelta(hours=1)
    Intervention.objects.update(until=until)
    JobState.objects.update(next_due_at=until)
    settle([job], until + timedelta(minutes=1))
    assert Intervention.objects.get().ended_at == until


def test_another_one_waits_for_its_end(flawed):
    job, _ = flawed
    with pytest.raises(interventions.AlreadyOverridden):
        interventions.override(job, schedule="0 0 4 * * *", by="bob")
    interventions.end_override(job, by="bob")
    interventions.override(job, schedule="0 0 4 * * *", by="bob")
    assert overrides.effective(job).schedule.expression.text == "0 0 4 * * *"
    assert Event.objects.filter(kind="override_ended").exists()
