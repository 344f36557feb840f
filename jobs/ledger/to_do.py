"""What a tick finds to do, asked in one statement. Each part of it is then done by whoever knows how."""

from dataclasses import dataclass
from datetime import timedelta

from jobs.declarations.job import Job
from jobs.ledger import last_tick, leases, notices, queue, releases, sql, timing, unknown_jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDo:
    """`late` has the jobs whose next moment has passed, each with how long ago; `overridden` those that an override
    gives another schedule. `others` says that another release is at work, or was since the last tick.

    The rest: whether there may be runs to miss, to fail, to declare lost and to ring for, incidents to close, and
    something to tell of them.
    """

    late: dict[str, timedelta]
    overridden: set[str]
    others: bool
    overdue: bool
    unknown: bool
    lost: bool
    forgotten: bool
    incidents: bool
    notices: bool

    def is_due(self, job: Job) -> bool:
        """Whether it is to be settled: at once without a timer, after a while with one, whenever it is overridden."""
        patience = timing.PATIENCE if job.has_timer else timedelta(0)
        return job.name in self.overridden or (job.name in self.late and self.late[job.name] >= patience)


def look() -> ToDo:
    """Ask what there is to do now."""
    found = sql.row(
        f"""
        SELECT (SELECT json_object_agg(job, extract(epoch FROM clock_timestamp() - next_due_at))
                  FROM nightshift_jobstate WHERE next_due_at <= clock_timestamp()),
               (SELECT json_agg(job) FROM nightshift_intervention i
                 WHERE i.kind = 'override' AND i.ended_at IS NULL AND (i.schedule <> '' OR i.time_zone <> '')),
               EXISTS (SELECT FROM nightshift_release WHERE key <> %(own)s
                          AND last_seen_at BETWEEN clock_timestamp() - %(silent)s AND clock_timestamp() + %(silent)s),
               EXISTS (SELECT FROM nightshift_run r WHERE {queue.IS_OVERDUE}),
               EXISTS (SELECT FROM nightshift_run r WHERE {unknown_jobs.HAS_WAITED}),
               EXISTS (SELECT FROM nightshift_run r WHERE r.status = 'running' AND {leases.has_expired()}),
               EXISTS (SELECT FROM nightshift_run r WHERE {queue.IS_FORGOTTEN}),
               EXISTS (SELECT FROM nightshift_incident WHERE resolved_at IS NULL),
               {notices.ARE_DUE}
        """,  # noqa: S608 — the conditions are fixed
        last_tick.parameters()
        | queue.parameters()
        | unknown_jobs.parameters()
        | {"own": releases.own().key, "silent": timing.LONGEST_PAUSE},
    )
    assert found is not None
    late, overridden, others, overdue, unknown, lost, forgotten, incidents, notices_are_due = found
    return ToDo(
        late={job: timedelta(seconds=seconds) for job, seconds in (late or {}).items()},
        overridden=set(overridden or ()),
        others=others,
        overdue=overdue,
        unknown=unknown,
        lost=lost,
        forgotten=forgotten,
        incidents=incidents,
        notices=notices_are_due,
    )
