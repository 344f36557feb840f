"""What operators do about an incident: acknowledge, snooze and resolve it. Each leaves an event."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from jobs.choices import EventKind, NoticeKind, Resolution
from jobs.formats import counted, utc_time
from jobs.ledger import events, notices, states
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Incident, Notice
from jobs.models.fields import DatabaseClock
from jobs.sentences import Sentence

LONGEST_SNOOZE = timedelta(days=30)
LONGEST_NOTE = 1_000


class UnknownIncident(Sentence, LookupError):
    """There is no incident {incident_id}, or you may not see it."""

    def __init__(self, incident_id: int) -> None:
        super().__init__(incident_id=incident_id)


class AlreadyResolved(Sentence, ValueError):
    """Incident {incident_id} has ended. The next one of its kind will be another."""

    def __init__(self, incident_id: int) -> None:
        super().__init__(incident_id=incident_id)


class AlreadyAcknowledged(Sentence, ValueError):
    """Incident {incident_id} was acknowledged by {by} at {at}."""

    def __init__(self, incident: Incident) -> None:
        assert incident.acknowledged_at is not None
        at = utc_time(incident.acknowledged_at)
        super().__init__(incident_id=incident.pk, by=incident.acknowledged_by, at=at)


class BadSnooze(Sentence, ValueError):
    """An incident can be snoozed for {most} at most, and until {until} isn't in that time. Give an end within it."""

    def __init__(self, until: datetime) -> None:
        super().__init__(most=counted(LONGEST_SNOOZE.days, "day"), until=utc_time(until))


class LongNote(Sentence, ValueError):
    """The note has {length:,} characters. Write {most:,} at most."""

    def __init__(self, length: int) -> None:
        super().__init__(length=length, most=LONGEST_NOTE)


def acknowledge(incident_id: int, *, by: str, note: str = "") -> None:
    """Say that somebody works on it. Raises UnknownIncident, AlreadyResolved, AlreadyAcknowledged or LongNote."""
    note = _short(note)
    with ledger_transaction():
        fields = {"acknowledged_at": DatabaseClock(), "acknowledged_by": by, "acknowledged_note": note}
        incident = _change(incident_id, fields, only_if=Q(acknowledged_at=None))
        Notice.objects.create(incident=incident, kind=NoticeKind.ACKNOWLEDGED, at=DatabaseClock())
        notices.written()
        _record(EventKind.ACKNOWLEDGED, incident, "was acknowledged", by, note)


def snooze(incident_id: int, until: datetime | None, *, by: str) -> None:
    """Send nothing about it until a moment, or again from now on (None).

    Raises UnknownIncident, AlreadyResolved or BadSnooze.
    """
    if until is not None and not timedelta(0) < until - states.clock() <= LONGEST_SNOOZE:
        raise BadSnooze(until)
    with ledger_transaction():
        incident = _change(incident_id, {"snoozed_until": until, "snoozed_by": by if until else ""})
        what = f"was snoozed until {utc_time(until)}" if until else "is snoozed no longer, as ended"
        _record(EventKind.SNOOZED, incident, what, by, "")


def resolve(incident_id: int, *, by: str, note: str = "") -> None:
    """Say that it is over. The same runs don't open it again. Raises UnknownIncident, AlreadyResolved or LongNote."""
    note = _short(note)
    with ledger_transaction():
        fields = {"resolved_at": DatabaseClock(), "resolved_by": by, "resolution": Resolution.BY_HAND}
        incident = _change(incident_id, fields)
        Notice.objects.create(incident=incident, kind=NoticeKind.RESOLVED, at=DatabaseClock())
        notices.written()
        _record(EventKind.RESOLVED, incident, "was resolved", by, note)


def _short(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise LongNote(len(note))
    return note


def _change(incident_id: int, fields: dict[str, Any], only_if: Q | None = None) -> Incident:
    """Change an open incident, by one conditional statement. Gives it as it is then."""
    changed = Incident.objects.open().filter(only_if or Q(), pk=incident_id).update(**fields)
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise UnknownIncident(incident_id)
    if not changed:
        raise AlreadyResolved(incident_id) if incident.resolved_at else AlreadyAcknowledged(incident)
    return incident


def _record(kind: EventKind, incident: Incident, what: str, by: str, note: str) -> None:
    about = f"Incident {incident.pk} ({incident.cause}{f' of {incident.job}' if incident.job else ''})"
    message = f"{about} {what} by {by}{f': {note}' if note else '.'}"
    events.record(kind, message, job=incident.job, by=by, reason=note, after={"incident": incident.pk})
