"""Where the rows of a list of runs come from: each from the index that has them in the list's order, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from jobs.choices import Status
from jobs.ledger import sql
from jobs.models import Run
from jobs.models.run import UNSUCCESSFUL

# The moments by which runs are chosen; such a list is in their order.
MOMENTS = {"scheduled": "scheduled_for", "started": "started_at", "finished": "finished_at"}
ACTIVE = (Status.QUEUED, Status.RUNNING)
FOREVER = datetime.max.replace(tzinfo=UTC)


class Place(NamedTuple):
    """A place in a list: that of the run with this id, and with this moment where the list is by a moment."""

    id: int
    moment: datetime | None = None


def _newest_first(columns: str, *, of: str = "") -> str:
    """What ORDER BY says of these columns, of a table."""
    return ", ".join(f"{of}{column} DESC" for column in columns.split(", "))


class Found(NamedTuple):
    """The ids of some runs, newest first; and where others may follow, if any do."""

    ids: list[int]
    end: Place | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Statements that give id, moment and part of at most %(limit)s rows a part, beyond %(id)s and %(moment)s.

    `column` of a run orders them, newest first.
    """

    statements: Sequence[str]
    values: dict[str, Any]
    parts: int = 1
    column: str = "id"

    def newest(self, place: Place | None, *, look_at: int, most: int, fits: str, values: Mapping[str, Any]) -> Found:
        """The newest runs after a place that fit, `most` of them, among the newest `look_at` of the source.

        `fits` is what a run `r` has to fulfil, with its values; empty for any. A source of many parts is looked at
        further, for `most` rows of each. One statement.
        """
        beyond = place or Place(2**63 - 1, FOREVER)
        key = "id" if self.column == "id" else "moment, id"
        # Only the id may choose the index of this look-up, which is made for each row: for `status = 'queued'` the
        # planner would walk through all that are queued, each time.
        run = "(SELECT * FROM nightshift_run WHERE id = newest.id OFFSET 0) AS r"
        fitting = f"LATERAL (SELECT FROM {run} WHERE {fits} OFFSET 0) AS fitting"
        found = sql.row(
            f"""
            WITH looked AS MATERIALIZED (
                SELECT * FROM ({" UNION ALL ".join(f"({text})" for text in self.statements)}) AS rows(id, moment, part)
            ), full_parts AS (
                -- A part that is full may have more after its last row: what others have beyond that comes later.
                SELECT id, moment FROM (
                    SELECT id, moment, row_number() OVER (PARTITION BY part ORDER BY {_newest_first(key)}) AS place
                      FROM looked
                ) AS placed WHERE place = %(limit)s
            ), the_end AS (
                SELECT id, moment FROM full_parts ORDER BY {_newest_first(key)} LIMIT 1
            ), newest AS (
                SELECT DISTINCT id, moment FROM looked
                 WHERE NOT EXISTS (SELECT FROM the_end) OR ({key}) >= (SELECT {key} FROM the_end)
                 ORDER BY {_newest_first(key)}
            )
            SELECT ARRAY(SELECT newest.id FROM newest{f", {fitting}" if fits else ""}
                          ORDER BY {_newest_first(key, of="newest.")} LIMIT %(most)s),
                   (SELECT id FROM the_end), (SELECT moment FROM the_end)
            """,  # noqa: S608 — fixed
            {
                **self.values,
                **values,
                "id": beyond.id,
                "moment": beyond.moment or FOREVER,
                "limit": max(look_at // self.parts, most),
                "most": most,
            },
        )
        assert found is not None
        ids, last, moment = found
        return Found(ids, None if last is None else Place(last, moment))

    def place_of(self, run: Run) -> Place:
        return Place(run.pk, None if self.column == "id" else getattr(run, self.column))


def of_ids(ids: Sequence[int]) -> Source:
    """These runs, which a search has found."""
    text = """
        SELECT id, NULL::timestamptz, '' FROM unnest(%(ids)s::bigint[]) AS found(id)
         WHERE id < %(id)s ORDER BY id DESC LIMIT %(limit)s
    """
    return Source(statements=[text], values={"ids": list(ids)})


def of_labelled(label: str) -> Source:
    """Runs that were started with this label, of which there are few."""
    text = """
        SELECT id, NULL::timestamptz, '' FROM (
            WITH labelled AS MATERIALIZED (
                -- The index has only runs with labels.
                SELECT id FROM nightshift_run WHERE labels @> ARRAY[%(label)s]::text[] AND labels <> '{}'
            )
            SELECT id FROM labelled WHERE id < %(id)s ORDER BY id DESC LIMIT %(limit)s
        ) AS few
    """
    return Source(statements=[text], values={"label": label})


def of_pinned() -> Source:
    """Runs that are kept for ever, whatever their status: an index has them."""
    text = """
        SELECT id, NULL::timestamptz, '' FROM nightshift_run
         WHERE pinned AND id < %(id)s ORDER BY id DESC LIMIT %(limit)s
    """
    return Source(statements=[text], values={})


def of_attempts(column: str, value: str) -> Source:
    """Runs of which an attempt has this value. Those that are at work are in another index than those that ended."""
    ended = f"""
        SELECT run_id, NULL::timestamptz, 'ended' FROM (
               SELECT DISTINCT {column}, run_id FROM nightshift_attempt
                WHERE {column} = ANY(%(values)s) AND {column} <> '' AND status <> 'running' AND run_id < %(id)s
                ORDER BY {column}, run_id DESC LIMIT %(limit)s
        ) AS ended
    """  # noqa: S608 — fixed
    at_work = f"""
        SELECT * FROM (
            WITH at_work AS MATERIALIZED (
                SELECT run_id FROM nightshift_attempt WHERE status = 'running' AND {column} = %(value)s
            )
            SELECT run_id, NULL::timestamptz, 'at work' FROM at_work
             WHERE run_id < %(id)s ORDER BY run_id DESC LIMIT %(limit)s
        ) AS few
    """  # noqa: S608 — fixed
    return Source(statements=[ended, at_work], values={"value": value, "values": [value]})


def of_runs(column: str, value: str | None) -> Source:
    """Runs that an index of their own has, of those that have ended, and all that are active."""
    condition = column if value is None else f"{column} = %(value)s"
    order = "id DESC" if value is None else f"{column}, id DESC"
    first = condition if value is None else f"{column} = ANY(%(values)s)"
    # The index has only rows with somebody's name.
    first = f"{first} AND requested_by <> ''" if column == "requested_by" else first
    ended = f"""
        SELECT id, NULL::timestamptz, 'ended' FROM nightshift_run
         WHERE {first} AND finished_at IS NOT NULL AND id < %(id)s {_NOT_SCHEDULED.get(column, "")}
         ORDER BY {order} LIMIT %(limit)s
    """  # noqa: S608 — fixed
    return Source(
        statements=[ended, _active(condition, "id", "NULL::timestamptz")],
        values={"value": value, "values": [value]},
    )


_NOT_SCHEDULED = {"trigger": "AND trigger <> 'schedule'"}


def _active(condition: str, order: str, moment: str) -> str:
    """Queued and running ones, which are few: read by themselves, or PostgreSQL walks back through all of history."""
    key = "(moment, id) < (%(moment)s, %(id)s)" if order == "moment" else "id < %(id)s"
    return f"""
        SELECT * FROM (
            WITH active AS MATERIALIZED (
                SELECT id, {moment} AS moment FROM nightshift_run WHERE status IN ('queued', 'running') AND {condition}
            )
            SELECT id, moment, 'active' FROM active WHERE {key} ORDER BY {order} DESC, id DESC LIMIT %(limit)s
        ) AS few
    """  # noqa: S608 — fixed


def of_moments(
    column: str, after: datetime | None, before: datetime | None, jobs: Sequence[str] | None = None
) -> Source:
    """Runs between two moments, in the order of those; of these jobs, if they are chosen by their occurrences."""
    bounds = [
        *([f"{column} >= %(after)s"] if after else []),
        *([f"{column} < %(before)s"] if before else []),
        f"{column} IS NOT NULL",
    ]
    within = " AND ".join(bounds)
    values = {"after": after, "before": before, "jobs": list(jobs or [])}
    if jobs is not None:
        text = f"""
            SELECT one.id, one.{column}, wanted.job FROM unnest(%(jobs)s::text[]) AS wanted(job), LATERAL (
                   SELECT id, {column} FROM nightshift_run r
                    WHERE r.job >= wanted.job AND r.job <= wanted.job AND {within}
                      AND {column} <= %(moment)s AND ({column}, id) < (%(moment)s, %(id)s)
                    ORDER BY r.job DESC, {column} DESC LIMIT %(limit)s
            ) AS one
        """  # noqa: S608 — fixed
        return Source(statements=[text], values=values, parts=max(len(jobs), 1), column=column)
    ended = f"""
        SELECT id, {column}, 'ended' FROM nightshift_run
         WHERE {within} AND finished_at IS NOT NULL AND {column} <= %(moment)s AND ({column}, id) < (%(moment)s, %(id)s)
         ORDER BY {column} DESC, id DESC LIMIT %(limit)s
    """  # noqa: S608 — fixed
    active = [] if column == "finished_at" else [_active(within, "moment", column)]
    return Source(statements=[ended, *active], values=values, column=column)


def of_jobs(jobs: Sequence[str] | None, statuses: Sequence[str]) -> Source:
    """Runs of these jobs, or of all, with one of these statuses, or with any."""
    chosen = list(dict.fromkeys(statuses))
    ended = [status for status in chosen if status not in ACTIVE]
    texts = [_with_status(status, jobs) for status in (ended if chosen else [""])]
    if active := [status for status in chosen if status in ACTIVE]:
        of_these = "" if jobs is None else " AND job = ANY(%(jobs)s)"
        named = ", ".join(f"'{status}'" for status in active)
        texts.append(_active(f"status IN ({named}){of_these}", "id", "NULL::timestamptz"))
    parts = max(len(ended if chosen else [""]) * (1 if jobs is None else len(jobs)), 1)
    return Source(statements=texts, values={"jobs": list(jobs or [])}, parts=parts)


_UNSUCCESSFUL = ", ".join(f"'{status}'" for status in UNSUCCESSFUL)


def _with_status(status: str, jobs: Sequence[str] | None) -> str:
    """Of one status, or of any where it is empty: the index begins with it unless most runs have it."""
    known, first = (f" AND status = '{status}'" if status else ""), ""
    if status in UNSUCCESSFUL:
        # Without all of its words PostgreSQL can't prove that the partial index has the row.
        known = f" AND status = ANY(ARRAY['{status}']) AND status IN ({_UNSUCCESSFUL})"
        first = "status, "
    if jobs is None:
        return f"""
            SELECT id, NULL::timestamptz, '{status}' FROM nightshift_run WHERE id < %(id)s{known}
             ORDER BY {first}id DESC LIMIT %(limit)s
        """  # noqa: S608 — fixed
    return f"""
        SELECT one.id, NULL::timestamptz, wanted.job || '/{status}'
          FROM unnest(%(jobs)s::text[]) AS wanted(job), LATERAL (
               SELECT id FROM nightshift_run r
                WHERE r.job >= wanted.job AND r.job <= wanted.job AND id < %(id)s{known}
                ORDER BY {first}r.job, id DESC LIMIT %(limit)s
        ) AS one
    """  # noqa: S608 — fixed
