"""What people do about incidents, and who may."""

from datetime import timedelta

import pytest

from jobs.access.actor import Actor, Refused
from jobs.access.rules import EVERYTHING
from jobs.choices import ROLES, Cause, Door
from jobs.ledger import states
from jobs.ledger.incident_acts import AlreadyAcknowledged, AlreadyResolved, BadSnooze, LongNote, UnknownIncident
from jobs.models import Event, Incident, Notice
from jobs.verbs import incident as verbs

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = Actor(name="ada", door=Door.SHELL, rules=(EVERYTHING,))


@pytest.fixture
def incident(declared):
    declared("nightly")
    return Incident.objects.create(job="nightly", cause=Cause.FAILED, detail="A run failed.")


def kinds():
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_who_works_on_it_is_told_once(incident):
    verbs.acknowledge(ADA, incident.pk, note=" On it. ")
    incident.refresh_from_db()
    assert (incident.acknowledged_by, incident.acknowledged_note) == ("ada", "On it.")
    with pytest.raises(AlreadyAcknowledged, match=f"^Incident {incident.pk} was acknowledged by ada at "):
        verbs.acknowledge(ADA, incident.pk)
    assert kinds() == ["acknowledged"]
    event = Event.objects.get()
    assert (event.kind, event.job, event.by, event.reason) == ("acknowledged", "nightly", "ada", "On it.")
    assert event.message == f"Incident {incident.pk} (failed of nightly) was acknowledged by ada: On it."


def test_a_snooze_has_an_end_and_nobody_is_told(incident):
    until = states.clock() + DAY
    verbs.snooze(ADA, incident.pk, until)
    incident.refresh_from_db()
    assert (incident.snoozed_until, incident.snoozed_by) == (until, "ada")
    assert Incident.objects.snoozed().exists()
    verbs.snooze(ADA, incident.pk, None)
    assert not Incident.objects.snoozed().exists()
    assert kinds() == []
    assert [event.message.split(" until ")[0] for event in Event.objects.order_by("pk")] == [
        f"Incident {incident.pk} (failed of nightly) was snoozed",
        f"Incident {incident.pk} (failed of nightly) is snoozed no longer, as ended by ada.",
    ]


@pytest.mark.parametrize("ahead", [-HOUR, 31 * DAY])
def test_a_snooze_ends_within_a_month(incident, ahead):
    with pytest.raises(BadSnooze, match=r"^An incident can be snoozed for 30 days at most"):
        verbs.snooze(ADA, incident.pk, states.clock() + ahead)


def test_what_is_resolved_by_hand_is_over(incident):
    verbs.resolve(ADA, incident.pk, note="The bank was away.")
    incident.refresh_from_db()
    assert (incident.resolution, incident.resolved_by) == ("by_hand", "ada")
    assert kinds() == ["resolved"]
    for again in (verbs.resolve, verbs.acknowledge, lambda *given: verbs.snooze(*given, None)):
        with pytest.raises(AlreadyResolved, match=f"^Incident {incident.pk} has ended."):
            again(ADA, incident.pk)


def test_a_note_is_short(incident):
    with pytest.raises(LongNote, match=r"^The note has 1,001 characters. Write 1,000 at most."):
        verbs.resolve(ADA, incident.pk, note="x" * 1_001)


def actor(role, monkeypatch, seen=True):
    """Somebody with a ready role for the job nightly, or for none."""
    found = Actor(name="bob", door=Door.API, rules=(EVERYTHING,))
    monkeypatch.setattr(
        Actor, "may", lambda self, verb, job: self.name == "ada" or (seen and verb in ROLES[role] and job == "nightly")
    )
    monkeypatch.setattr(Actor, "may_everywhere", lambda self, verb: self.name == "ada")
    return found


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("operator", False), ("owner", True)])
def test_the_owner_of_a_job_may(incident, monkeypatch, role, may):
    bob = actor(role, monkeypatch)
    if may:
        verbs.acknowledge(bob, incident.pk)
        assert Event.objects.get().door == "api"
    else:
        with pytest.raises(Refused):
            verbs.acknowledge(bob, incident.pk)
        assert Event.objects.get().kind == "refused"


def test_what_may_not_be_seen_is_as_if_it_were_not_there(incident, monkeypatch):
    bob = actor("owner", monkeypatch, seen=False)
    for incident_id in (incident.pk, 10**9):
        with pytest.raises(UnknownIncident, match=f"^There is no incident {incident_id}, or you may not see it."):
            verbs.resolve(bob, incident_id)


def test_our_own_outage_takes_a_right_for_all_jobs(monkeypatch):
    ours = Incident.objects.create(cause=Cause.NOT_RUNNING)
    with pytest.raises(Refused):
        verbs.acknowledge(actor("owner", monkeypatch), ours.pk)
    verbs.acknowledge(ADA, ours.pk)
    assert kinds() == ["acknowledged"]
