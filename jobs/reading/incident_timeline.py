"""What an incident says: itself as the commands and the API write it, and what happened in it, moment by moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from jobs.choices import EventKind, NoticeKind, Resolution, Status
from jobs.declarations.registry import registry
from jobs.ledger import verdicts
from jobs.models import Delivery, Event, Incident, Notice, Run
from jobs.reading import keyset
from jobs.reading.incidents import severity

ACTS = (EventKind.ACKNOWLEDGED, EventKind.SNOOZED, EventKind.RESOLVED)
OF_A_DELIVERY = (
    *("channel", "kind", "at", "due_at", "attempts", "delivered_at", "given_up_at"),
    *("silenced", "answer", "why"),
)
# Of each kind the latest are shown.
MOST = 50


class Moment(NamedTuple):
    """What happened when. `what` is a notice's or an event's kind, or `run`; `status` is that of the run."""

    at: datetime
    what: str
    text: str
    by: str = ""
    run: int | None = None
    status: str = ""


def facts(incident: Incident) -> dict[str, Any]:
    """An incident as the commands and the API write it. Of its job what helps at night."""
    job = registry.get(incident.job)
    same = (
        *("job", "cause", "opened_at", "last_at", "count", "detail", "error", "fingerprint", "release", "instance"),
        *("acknowledged_at", "acknowledged_by", "acknowledged_note", "snoozed_until", "snoozed_by"),
        *("resolved_at", "resolved_by", "resolution"),
    )
    return {
        "id": incident.pk,
        "severity": severity(incident).value,
        **{name: getattr(incident, name) for name in same},
        "first_run": incident.first_run_id,
        "last_run": incident.last_run_id,
        "owner": job.owner if job else "",
        "runbook": job.runbook if job else "",
    }


def story(incident: Incident) -> dict[str, Any]:
    """The same with what happened in it, as `moments`, and with who was told of it, as `deliveries`."""
    told = Delivery.objects.about(incident)[:MOST].values(*OF_A_DELIVERY)
    return facts(incident) | {"moments": [moment._asdict() for moment in moments(incident)], "deliveries": list(told)}


def moments(incident: Incident) -> list[Moment]:
    """Its notices, what people did about it, and its runs: in the order of time. Three queries."""
    return sorted(
        [*_of_notices(incident), *_acts(incident), *_runs(incident)], key=lambda moment: (moment.at, moment.run or 0)
    )


def _of_notices(incident: Incident) -> Iterator[Moment]:
    for notice in Notice.objects.filter(incident=incident).order_by("-pk")[:MOST]:
        # What people did is told by its event, with their words.
        if text := _said(incident, notice):
            yield Moment(notice.at, notice.kind, text, run=notice.run_id)


def _said(incident: Incident, notice: Notice) -> str:
    match notice.kind:
        case NoticeKind.OPENED:
            return "It began."
        case NoticeKind.ESCALATED:
            return "Nobody had acknowledged it in time: others were told."
        case NoticeKind.RESOLVED if incident.resolution == Resolution.RECOVERED:
            return "It recovered."
        case NoticeKind.RESOLVED if incident.resolution == Resolution.UNDECLARED:
            return "Its job or its rule is no longer declared."
    return ""


def _acts(incident: Incident) -> Iterator[Moment]:
    # By the index of a job's events in the order of time.
    of_job = Event.objects.filter(job=incident.job, at__gte=incident.opened_at)
    about = of_job.filter(kind__in=ACTS, after={"incident": incident.pk})
    for event in about.order_by("job", "-at")[:MOST]:
        yield Moment(event.at, event.kind, event.message, by=event.by)


def _runs(incident: Incident) -> Iterator[Moment]:
    if incident.first_run_id is None:
        return
    rows = keyset.by_index(Run.objects.all(), job=incident.job)
    between = {"pk__gte": incident.first_run_id, "pk__lte": incident.last_run_id or incident.first_run_id}
    for run in rows.filter(**between)[:MOST]:
        at = run.finished_at or run.started_at or run.created_at
        yield Moment(at, "run", _of_run(run), run=run.pk, status=run.status)


def _of_run(run: Run) -> str:
    """The last line of its error, else what became of it."""
    return verdicts.last_line(run.error) or f"It is {Status(run.status).label.lower()}."
