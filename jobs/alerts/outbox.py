"""Deliveries on their way: leased, tried, answered, given up. Each is one statement; none is open while a server is
talked to.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError

from jobs.alerts import messages
from jobs.alerts.channels import Answer
from jobs.alerts.message import Message
from jobs.choices import Cause, EventKind, NoticeKind
from jobs.formats import format_duration, shorten
from jobs.ledger import channels, events, instance, sql, states
from jobs.ledger.failpoints import point
from jobs.ledger.sessions import ledger_transaction
from jobs.models import ChannelOff, Delivery, DeliveryAttempt, Incident

# A lease outlives the longest try.
LEASE, TIMEOUT = timedelta(seconds=60), timedelta(seconds=20)
# A server that doesn't take a message is asked again after so long, then after twice as long each time.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
PATIENCE = timedelta(hours=24)
LONGEST_ANSWER = 500
_WAITS = "d.delivered_at IS NULL AND d.given_up_at IS NULL"


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this process is to make now. `number`: its try, from 1."""

    id: int
    number: int
    channel: str


def lease(busy: list[str]) -> list[Leased]:
    """Take the first delivery that is due of each channel that isn't busy.

    A message doesn't overtake one of the same thread that is still being tried.
    """
    rows = sql.rows(
        f"""
        WITH due AS (
            SELECT DISTINCT ON (d.channel) d.id FROM nightshift_delivery d
             WHERE {_WAITS} AND d.due_at <= clock_timestamp() AND d.channel <> ALL(%(busy)s)
               AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
               AND NOT EXISTS (SELECT FROM nightshift_delivery e
                                WHERE e.incident_id = d.incident_id AND e.channel = d.channel AND e.id < d.id
                                  AND e.delivered_at IS NULL AND e.given_up_at IS NULL
                                  AND (e.attempts > 0 OR e.due_at <= d.due_at))
             ORDER BY d.channel, d.due_at, d.id
        ), free AS (
            SELECT d.id FROM nightshift_delivery d
             WHERE d.id IN (SELECT id FROM due) AND {_WAITS} AND d.due_at <= clock_timestamp()
               AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
               FOR UPDATE SKIP LOCKED
        ), leased AS (
            UPDATE nightshift_delivery d
               SET attempts = d.attempts + 1, leased_until = clock_timestamp() + %(lease)s, leased_by = %(by)s
              FROM free WHERE d.id = free.id
            RETURNING d.id, d.attempts, d.channel
        ), tried AS (
            INSERT INTO nightshift_deliveryattempt (delivery_id, number, at)
            SELECT id, attempts, clock_timestamp() FROM leased
        )
        SELECT id, attempts, channel FROM leased ORDER BY id
        """,  # noqa: S608 — fixed
        {"busy": busy, "lease": LEASE, "by": instance.current().supervisor},
    )
    if rows:
        point("lease.after_commit")
    return [Leased(*row) for row in rows]


def message_of(leased: Leased) -> Message | None:
    """What to send; the same at each try. None where there is nothing to send any more: the delivery is given up, or
    put off.
    """
    delivery = Delivery.objects.get(pk=leased.id)
    if off := ChannelOff.objects.filter(name=delivery.channel).first():
        give_up(leased, f"The channel is off: {off.why}")
        return None
    if delivery.message is not None:
        return Message(**delivery.message | {"kind": NoticeKind(delivery.message["kind"])})
    found = list(Incident.objects.filter(pk__in=delivery.incidents).order_by("opened_at", "pk"))
    incidents, why = _still(delivery, found)
    if not incidents:
        _take_back(leased, why)
        return None
    now = states.clock()
    until = min((each.snoozed_until for each in incidents if each.snoozed_until), default=None)
    if (
        delivery.kind in _SNOOZED
        and until
        and all(each.snoozed_until and each.snoozed_until > now for each in incidents)
    ):
        _put_off(leased, until, f"{incidents[0].snoozed_by} snoozed it.")
        return None
    made = messages.message(key_of(delivery), NoticeKind(delivery.kind), incidents, now, silenced=delivery.silenced)
    Delivery.objects.filter(pk=leased.id, attempts=leased.number).update(
        message=asdict(made), incidents=[each.pk for each in incidents]
    )
    return made


def record(leased: Leased, answer: Answer) -> None:
    """What the server said: delivered, refused for good, or to be tried again."""
    text = shorten(" ".join(answer.text.split()), LONGEST_ANSWER)
    _answered(leased, answer.done, text)
    if answer.done:
        _change(leased, "delivered_at = clock_timestamp(), answer = %(answer)s", {"answer": text})
    elif answer.gone:
        channels.switch_off(leased.channel, text)
        _change(leased, "answer = %(answer)s", {"answer": text}, keeps_lease=True)
        give_up(leased, f"The channel refuses for good: {text}")
    else:
        _again(leased, text, max(pause(leased.number), answer.after or timedelta(0)))
    point("answer.after_commit")


def pause(number: int) -> timedelta:
    """How long to wait after this try before the next: 5 s, 10 s, 20 s … an hour."""
    return min(FIRST_PAUSE * (1 << min(number - 1, 20)), LONGEST_PAUSE)


def give_up(leased: Leased, why: str) -> None:
    """Try it no more, and leave an event of that."""
    with ledger_transaction():
        if _change(leased, "given_up_at = clock_timestamp(), why = %(why)s", {"why": why}):
            delivery = Delivery.objects.select_related("incident").get(pk=leased.id)
            about = f"incident {delivery.incident_id}"
            message = f"A message about {about} wasn't delivered by {leased.channel}. {why}"
            events.record(
                EventKind.UNDELIVERED,
                message,
                job=delivery.incident.job,
                after={"incident": delivery.incident_id, "delivery": delivery.pk},
            )


def seconds_to_next(busy: list[str]) -> float | None:
    """In how many seconds the next delivery is due of a channel that isn't busy; None where none waits."""
    found = sql.value(
        f"""
        SELECT extract(epoch FROM min(greatest(d.due_at, d.leased_until)) - clock_timestamp())::float8
          FROM nightshift_delivery d WHERE {_WAITS} AND d.channel <> ALL(%(busy)s)
        """,  # noqa: S608 — fixed
        {"busy": busy},
    )
    return None if found is None else max(float(found), 0.0)


def key_of(delivery: Delivery) -> str:
    """Of the thread: the same for all that is told of an incident and its group, and no other project's."""
    return f"nightshift-{delivery.incident_id}-{int(delivery.incident.opened_at.timestamp())}"


def delivery_id(leased: Leased, message: Message) -> str:
    """What a receiver knows a message by that comes twice."""
    return f"{message.key}-{leased.id}"


_SNOOZED = (NoticeKind.OPENED, NoticeKind.ESCALATED)


def _still(delivery: Delivery, found: list[Incident]) -> tuple[list[Incident], str]:
    """Those of a first message that somebody can still act on; and why there may be none."""
    if delivery.kind not in _SNOOZED:
        return found, "Its incidents were deleted."
    still = [each for each in found if each.resolved_at is None or each.cause == Cause.NOT_RUNNING]
    if delivery.kind == NoticeKind.ESCALATED and still:
        return [each for each in still if each.acknowledged_at is None], f"{still[0].acknowledged_by} works on it."
    return still, "It was over before this could be sent."


def _again(leased: Leased, text: str, after: timedelta) -> None:
    given_up = sql.row(
        """
        SELECT clock_timestamp() + %(after)s > min(at) + %(patience)s
          FROM nightshift_deliveryattempt WHERE delivery_id = %(id)s
        """,
        {"after": after, "patience": PATIENCE, "id": leased.id},
    )
    if given_up and given_up[0]:
        _change(leased, "answer = %(answer)s", {"answer": text}, keeps_lease=True)
        give_up(leased, f"It was tried for {format_duration(PATIENCE)}, the last time with: {text}")
    else:
        _change(leased, "due_at = clock_timestamp() + %(after)s, answer = %(answer)s", {"after": after, "answer": text})


def _answered(leased: Leased, is_done: bool, text: str) -> None:
    DeliveryAttempt.objects.filter(delivery_id=leased.id, number=leased.number, answered_at=None).update(
        answered_at=states.clock(), is_done=is_done, answer=text
    )


def _take_back(leased: Leased, why: str) -> None:
    """Nothing was sent: the try was none."""
    _untry(leased, "given_up_at = clock_timestamp(), why = %(why)s", {"why": why})


def _put_off(leased: Leased, until: datetime, why: str) -> None:
    values = {"until": until, "why": why}
    try:
        _untry(leased, "due_at = %(until)s, silenced = %(why)s", values)
    except IntegrityError:  # another one of its kind was decided meanwhile
        _change(leased, "due_at = %(until)s, silenced = %(why)s", values)


def _untry(leased: Leased, changes: str, values: dict[str, Any]) -> None:
    with ledger_transaction():
        if _change(leased, f"attempts = attempts - 1, {changes}", values):
            DeliveryAttempt.objects.filter(delivery_id=leased.id, number=leased.number).delete()


def _change(leased: Leased, changes: str, values: dict[str, Any], *, keeps_lease: bool = False) -> bool:
    """Change it, if it is still ours: whoever's lease ran out changes nothing. Gives whether it was."""
    ends = "" if keeps_lease else ", leased_until = NULL, leased_by = ''"
    return bool(
        sql.rows(
            f"""
            UPDATE nightshift_delivery d SET {changes}{ends}
             WHERE id = %(id)s AND attempts = %(number)s AND leased_by = %(by)s AND {_WAITS}
            RETURNING id
            """,  # noqa: S608 — fixed
            values | {"id": leased.id, "number": leased.number, "by": instance.current().supervisor},
        )
    )
