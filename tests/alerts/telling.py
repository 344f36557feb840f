"""Incidents of a test, and what is sent about them: the outbox's own functions, with a server that takes everything."""

from datetime import timedelta

from jobs.alerts import deciding, outbox
from jobs.alerts.channels import Answer
from jobs.choices import Cause, NoticeKind, Resolution
from jobs.ledger import states
from jobs.models import Delivery, Incident, Notice
from jobs.models.fields import DatabaseClock

TAKEN = Answer(done=True, text="200 OK")
ERROR = "OperationalError: connection refused"
CHANNELS = {
    name: {"kind": "pagerduty" if name == "pager" else "webhook", "url": f"https://hooks.example.com/{name}"}
    for name in ("ops", "pager", "phone")
}


def opens(job, cause=Cause.FAILED, **fields):
    """An incident opens, as a run's end opens it: with its notice."""
    values = {"opened_at": states.clock(), "error": ERROR, "fingerprint": ERROR, "detail": "A run failed."}
    incident = Incident.objects.create(job=job, cause=cause, **values | fields)
    Notice.objects.create(incident=incident, kind=NoticeKind.OPENED, at=incident.opened_at)
    return incident


def resolves(incident, resolution=Resolution.RECOVERED, by=""):
    Incident.objects.filter(pk=incident.pk).update(resolved_at=DatabaseClock(), resolution=resolution, resolved_by=by)
    Notice.objects.create(incident=incident, kind=NoticeKind.RESOLVED, at=states.clock())


def acknowledges(incident, by="ada"):
    Incident.objects.filter(pk=incident.pk).update(acknowledged_at=DatabaseClock(), acknowledged_by=by)
    Notice.objects.create(incident=incident, kind=NoticeKind.ACKNOWLEDGED, at=states.clock())


def sent(answer=TAKEN):
    """Decide, and send all that is due. Gives what was sent, as channel and title, in order."""
    found = []
    while deciding.decide():
        pass
    while leased := outbox.lease([]):
        for each in leased:
            if message := outbox.message_of(each):
                found.append((each.channel, message.title))
                outbox.record(each, answer)
    return found


def titles(answer=TAKEN):
    return [title for _, title in sent(answer)]


def later(**time):
    """So much time passes: all that waits is due so much earlier."""
    for delivery in Delivery.objects.waiting():
        Delivery.objects.filter(pk=delivery.pk).update(due_at=delivery.due_at - timedelta(**time))
