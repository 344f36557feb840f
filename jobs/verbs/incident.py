"""Acknowledge an incident, snooze it, and resolve it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.ledger import events, incident_acts
from jobs.ledger.incident_acts import UnknownIncident
from jobs.models import Incident
from jobs.reading.incidents import is_seen
from jobs.verbs.acting import acting, acting_everywhere, refused


def acknowledge(actor: Actor, incident_id: int, *, note: str = "") -> None:
    """Say that somebody works on it. Raises UnknownIncident, Refused, AlreadyResolved, LongNote,
    or AlreadyAcknowledged.
    """
    with _acting(actor, incident_id):
        incident_acts.acknowledge(incident_id, by=actor.name, note=note)


def snooze(actor: Actor, incident_id: int, until: datetime | None) -> None:
    """Send nothing about it until then; None ends that. Raises UnknownIncident, Refused, AlreadyResolved, BadSnooze."""
    with _acting(actor, incident_id):
        incident_acts.snooze(incident_id, until, by=actor.name)


def resolve(actor: Actor, incident_id: int, *, note: str = "") -> None:
    """Say that it is over. Raises UnknownIncident, Refused, AlreadyResolved or LongNote."""
    with _acting(actor, incident_id):
        incident_acts.resolve(incident_id, by=actor.name, note=note)


def incident_of(actor: Actor, incident_id: int) -> Incident:
    """The incident, if the actor may see its job; our own outages concern whoever sees any. Raises UnknownIncident."""
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None or not is_seen(actor, incident):
        if incident is not None:
            with events.coming_from(actor.door, actor.address, actor.token):
                refused(actor, Verb.ALERTS, incident.job)
        raise UnknownIncident(incident_id)
    return incident


@contextmanager
def _acting(actor: Actor, incident_id: int) -> Iterator[None]:
    incident = incident_of(actor, incident_id)
    with acting(actor, Verb.ALERTS, incident.job) if incident.job else acting_everywhere(actor, Verb.ALERTS):
        yield
