"""From notices to deliveries: who hears of what, when. Each notice once, in one transaction with its deliveries."""

import logging
from collections.abc import Iterable
from datetime import datetime

from jobs.alerts import grouping, routes
from jobs.alerts.grouping import TOGETHER
from jobs.choices import Cause, NoticeKind
from jobs.declarations.registry import registry
from jobs.declarations.severity import severity
from jobs.ledger import sql, states
from jobs.ledger.failpoints import point
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Delivery, Incident, Notice
from jobs.models.fields import DatabaseClock

log = logging.getLogger(__name__)

# Whoever decides holds this lock: the second of two processes has nothing to decide.
LOCK = 7_245_112_317
# So many in one transaction.
BATCH = 200
FIRST = (NoticeKind.OPENED, NoticeKind.ESCALATED)
# Nobody was told of it yet, and nobody may be any more.
_UNTRIED = "delivered_at IS NULL AND given_up_at IS NULL AND attempts = 0"


def decide() -> int:
    """Make deliveries of the notices that nobody has decided about. Gives how many there were."""
    done = 0
    for notice in Notice.objects.filter(done_at=None, kind=NoticeKind.OPENED).order_by("pk")[:BATCH]:
        grouping.join(notice.incident_id)
    with ledger_transaction():
        if sql.value("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]):
            now = states.clock()
            notices = list(Notice.objects.filter(done_at=None).select_related("incident").order_by("pk")[:BATCH])
            for notice in notices:
                _OF[NoticeKind(notice.kind)](notice, now)
            done = Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(done_at=DatabaseClock())
            point("decide.before_commit")
    if done:
        point("decide.after_commit")
    return done


def _opened(notice: Notice, now: datetime) -> None:
    incident = notice.incident
    # What was over before anybody could be told is nothing that somebody could act on.
    if incident.resolved_at is not None and incident.cause != Cause.NOT_RUNNING:
        return
    lead = _lead(incident)
    how_bad = severity(incident.cause, registry.get(incident.job))
    found = routes.ways(incident.job, how_bad, notice.at)
    if incident.resolved_at is not None:  # our own outage, which is over: nobody has to work on it
        found = [way for way in found if not way.escalates]
    for way in found:
        kind, due_at = NoticeKind.ESCALATED if way.escalates else NoticeKind.OPENED, way.due_at
        if kind == NoticeKind.OPENED and _has_heard(lead, way.channel):
            first = Incident.objects.values_list("opened_at", flat=True).get(pk=lead)
            due_at = max(due_at, first + TOGETHER)
        _deliver(lead, way.channel, kind, [incident.pk], due_at, way.silenced)
        # It is told when it is over: who keeps it open until that is said hears so too.
        if incident.resolved_at is not None and kind == NoticeKind.OPENED and routes.keeps_open(way.channel):
            _deliver(lead, way.channel, NoticeKind.RESOLVED, [incident.pk], due_at, way.silenced)
    if not found:
        log.info("incident=%s job=%s: no route takes it", incident.pk, incident.job)


def _acknowledged(notice: Notice, now: datetime) -> None:
    _withdraw(notice.incident, [NoticeKind.ESCALATED], f"{notice.incident.acknowledged_by} works on it.")
    for channel, members in _heard(notice.incident):
        open_still = [each for each in members if each.resolved_at is None]
        if open_still and all(each.acknowledged_at for each in open_still):
            _tell_more(notice.incident, channel, NoticeKind.ACKNOWLEDGED, open_still, now)


def _resolved(notice: Notice, now: datetime) -> None:
    _withdraw(notice.incident, [*FIRST, NoticeKind.ACKNOWLEDGED], "It was over before this could be sent.")
    for channel, members in _heard(notice.incident):
        if _became_another(notice.incident) and not routes.keeps_open(channel):
            continue
        if all(each.resolved_at for each in members):
            _tell_more(notice.incident, channel, NoticeKind.RESOLVED, members, now)


def _escalated(notice: Notice, now: datetime) -> None:
    """Nobody writes such notices: an escalation is a delivery that waits from the beginning."""


_OF = {
    NoticeKind.OPENED: _opened,
    NoticeKind.ACKNOWLEDGED: _acknowledged,
    NoticeKind.RESOLVED: _resolved,
    NoticeKind.ESCALATED: _escalated,
}


def _lead(incident: Incident) -> int:
    return incident.told_with or incident.pk


def _has_heard(lead: int, channel: str) -> bool:
    found = Delivery.objects.filter(incident_id=lead, channel=channel, kind=NoticeKind.OPENED)
    return found.filter(attempts__gt=0).exists()


def _heard(incident: Incident) -> Iterable[tuple[str, list[Incident]]]:
    """The channels that have heard of an incident, or may have, each with all of its group that it has heard of.

    Without those that it knows to be over.
    """
    lead = _lead(incident)
    rows = Delivery.objects.filter(incident_id=lead, attempts__gt=0).values_list("channel", "kind", "incidents")
    heard: dict[str, set[int]] = {}
    over: dict[str, set[int]] = {}
    for channel, kind, members in rows:
        (over if kind == NoticeKind.RESOLVED else heard).setdefault(channel, set()).update(members)
    waiting = Delivery.objects.waiting().filter(incident_id=lead, kind=NoticeKind.RESOLVED)
    for channel, members in waiting.values_list("channel", "incidents"):
        over.setdefault(channel, set()).update(members)
    for channel in sorted(heard):
        left = heard[channel] - over.get(channel, set())
        if incident.pk in left:
            yield channel, list(Incident.objects.filter(pk__in=left).order_by("opened_at", "pk"))


def _became_another(incident: Incident) -> bool:
    """A run that hung and then failed, or that waited and then was missed: the job's next incident says so."""
    if incident.cause not in (Cause.STILL_RUNNING, Cause.LATE_START):
        return False
    return Incident.objects.open().of(incident.job).filter(opened_at__gt=incident.opened_at).exists()


def _tell_more(incident: Incident, channel: str, kind: NoticeKind, members: list[Incident], now: datetime) -> None:
    due_at, silenced = routes.later(incident.job, channel, now)
    _deliver(_lead(incident), channel, kind, [each.pk for each in members], due_at, silenced)


def _deliver(lead: int, channel: str, kind: NoticeKind, incidents: list[int], due_at: datetime, silenced: str) -> None:
    """Insert a delivery, or join the one of its kind that nobody has tried yet."""
    sql.execute(
        f"""
        INSERT INTO nightshift_delivery AS d (incident_id, channel, kind, incidents, due_at, silenced, at)
        VALUES (%(lead)s, %(channel)s, %(kind)s, %(incidents)s::bigint[], %(due_at)s, %(silenced)s, clock_timestamp())
            ON CONFLICT (incident_id, channel, kind) WHERE {_UNTRIED} DO UPDATE
           SET incidents = ARRAY(SELECT DISTINCT unnest(d.incidents || excluded.incidents) ORDER BY 1)
        """,  # noqa: S608 — fixed
        {
            "lead": lead,
            "channel": channel,
            "kind": kind.value,
            "incidents": incidents,
            "due_at": due_at,
            "silenced": silenced,
        },
    )


def _withdraw(incident: Incident, kinds: list[NoticeKind], why: str) -> None:
    """Take the incident from what nobody has tried to send yet; what tells of nothing then is given up."""
    sql.execute(
        f"""
        UPDATE nightshift_delivery
           SET incidents = CASE WHEN incidents = ARRAY[%(id)s]::bigint[] THEN incidents
                                ELSE array_remove(incidents, %(id)s::bigint) END,
               given_up_at = CASE WHEN incidents = ARRAY[%(id)s]::bigint[] THEN clock_timestamp() END,
               why = CASE WHEN incidents = ARRAY[%(id)s]::bigint[] THEN %(why)s::text ELSE why END
         WHERE incident_id = %(lead)s AND kind = ANY(%(kinds)s) AND %(id)s = ANY(incidents) AND {_UNTRIED}
        """,  # noqa: S608 — fixed
        {"id": incident.pk, "lead": _lead(incident), "kinds": [kind.value for kind in kinds], "why": why},
    )
