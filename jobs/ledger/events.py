"""Events: the one place that writes them, and how a reader follows them.

Those that would come often are one row for each hour, or for each thing, with a count. The database keeps it one.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from jobs.choices import Door, EventKind, Verb
from jobs.ledger import sql
from jobs.models import Event

# For a statement that leaves events of what it changed: SELECT kind, job, by, message FROM … follows.
INSERT = "INSERT INTO nightshift_event (kind, job, by, message)"

# The same of an act: SELECT kind, job, run_id, message, after, ACTOR FROM … follows. `actor` gives what ACTOR needs.
INSERT_ACT = "INSERT INTO nightshift_event (kind, job, run_id, message, after, by, door, address, token)"
ACTOR = "%(by)s::text, %(door)s::text, %(address)s::text, %(token)s::text"


@dataclass(frozen=True, slots=True)
class Origin:
    """By what way somebody acts: the door, the client's address, and the name of the token."""

    door: Door | Literal[""] = ""
    address: str = ""
    token: str = ""


# For a refusal: all jobs, also those that are declared later.
EVERYWHERE = "*"
# What happens by itself comes through no door.
BY_ITSELF = Origin()
# Of this thread's present act.
_origin: ContextVar[Origin] = ContextVar("nightshift_origin", default=BY_ITSELF)


@contextmanager
def coming_from(door: Door, address: str = "", token: str = "") -> Iterator[None]:
    """The events that are recorded in this block say that somebody acted by this way."""
    before = _origin.set(Origin(door, address, token))
    try:
        yield
    finally:
        _origin.reset(before)


def actor(by: str) -> dict[str, str]:
    """The parameters of ACTOR: who acts, and by what way."""
    origin = _origin.get()
    return {"by": by, "door": origin.door, "address": origin.address, "token": origin.token}


def record(
    kind: EventKind,
    message: str,
    *,
    job: str = "",
    run_id: int | None = None,
    by: str = "",
    reason: str = "",
    before: Any = None,
    after: Any = None,
) -> None:
    """Leave an event, in the caller's transaction. `before` and `after` are JSON, without secrets."""
    origin = _origin.get()
    Event.objects.create(
        kind=kind,
        job=job,
        run_id=run_id,
        by=by,
        door=origin.door,
        address=origin.address,
        token=origin.token,
        reason=reason,
        message=message,
        before=before,
        after=after,
    )


def record_each(kind: EventKind, by: str, messages: Sequence[tuple[str, str]]) -> None:
    """Leave an event for each job and message, in one statement."""
    if not messages:
        return
    rows = [{"job": job, "message": message} for job, message in messages]
    sql.execute(
        f"{INSERT} SELECT %s, job, %s, message FROM jsonb_to_recordset(%s) AS new(job text, message text)",  # noqa: S608 — fixed
        [kind, by, json.dumps(rows)],
    )


def once(kind: EventKind, message: str, key: str, *, job: str) -> bool:
    """Leave an event unless there is one of this kind, job and key. Gives whether it is new."""
    found = sql.rows(
        """
        INSERT INTO nightshift_event (job, kind, message, key)
        VALUES (%(job)s::text, %(kind)s::text, %(message)s,
                concat_ws('/', %(kind)s::text, %(job)s::text, %(key)s::text))
            ON CONFLICT (key) WHERE key <> '' DO NOTHING
        RETURNING id
        """,
        {"job": job, "kind": kind, "message": message, "key": key},
    )
    return bool(found)


def hourly(kind: EventKind, message: str, *, job: str) -> int:
    """Leave one event of this kind for the job and hour; it holds the latest message.

    Gives how often this has happened within the hour, by the database's clock.
    """
    count: int = sql.value(
        """
        INSERT INTO nightshift_event AS e (job, kind, message, key)
        VALUES (%(job)s::text, %(kind)s::text, %(message)s,
                concat_ws('/', %(kind)s::text, %(job)s::text,
                          to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"')))
            ON CONFLICT (key) WHERE key <> '' DO UPDATE SET count = e.count + 1, message = excluded.message
        RETURNING count
        """,
        {"job": job, "kind": kind, "message": message},
    )
    return count


def refused(message: str, *, verb: Verb, job: str, by: str) -> int:
    """Leave one event for all refusals of this verb of this job to somebody within the hour, by one door and token.

    It has the first five addresses. Gives how often it has happened. `job` is empty for what nobody declares, "*" for
    all jobs.
    """
    origin = _origin.get()
    count: int = sql.value(
        """
        INSERT INTO nightshift_event AS e (kind, job, by, door, address, token, message, key)
        VALUES (%(kind)s::text, %(named)s, %(by)s::text, %(door)s::text, %(address)s, %(token)s::text, %(message)s,
                jsonb_build_array(%(kind)s::text, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"'),
                                  %(door)s::text, %(by)s::text, %(token)s::text, %(verb)s::text, %(job)s::text)::text)
            ON CONFLICT (key) WHERE key <> '' DO UPDATE
           SET count = e.count + 1,
               address = CASE
                   WHEN excluded.address = '' OR e.address LIKE '%%…' THEN e.address
                   WHEN excluded.address = ANY (string_to_array(e.address, ', ')) THEN e.address
                   WHEN cardinality(string_to_array(e.address, ', ')) = 5 THEN e.address || ', …'
                   ELSE concat_ws(', ', nullif(e.address, ''), excluded.address) END
        RETURNING count
        """,
        {
            "kind": EventKind.REFUSED,
            "named": "" if job == EVERYWHERE else job,
            "by": by,
            "door": origin.door,
            "address": origin.address,
            "token": origin.token,
            "message": message,
            "verb": verb,
            "job": job,
        },
    )
    return count


def follow(event_id: int, limit: int = 1000) -> list[Event]:
    """The events after this one, oldest first, for a reader who asks again and again: none comes later between them.

    Ids are taken before they are committed. While a transaction is at work that may hold one, nothing new is given.
    An event that is counted keeps its id: the reader sees it once.
    """
    # In this order: whoever took an id up to the last one, and isn't done, holds the table's lock.
    last = sql.value("SELECT pg_sequence_last_value(pg_get_serial_sequence('nightshift_event', 'id'))")
    if last is None or last <= event_id or _is_being_written():
        return []
    return list(Event.objects.after(event_id).filter(pk__lte=last)[:limit])


def latest() -> int:
    """The id after which a reader finds what comes from now on; what is being written now may come after it."""
    return int(sql.value("SELECT coalesce(max(id), 0) FROM nightshift_event"))


def _is_being_written() -> bool:
    found: bool = sql.value(
        """
        SELECT EXISTS (
            SELECT FROM pg_locks
             WHERE relation = 'nightshift_event'::regclass AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        """
    )
    return found
