"""Where a job's history begins: its newest runs, which stay, and the moment from which its ledger covers all."""

from collections.abc import Callable, Iterable
from datetime import datetime

from jobs.ledger import sql
from jobs.ledger.keeping import Ages, Newest, Rules

# Each of these counts through as many index entries as a job keeps runs.
JOBS_AT_ONCE = 100


class NewestRuns(dict[str, Newest]):
    """The newest runs of each job, read where a job is first asked for, and not before."""

    def __init__(self, ages: Callable[[str], Ages]) -> None:
        self.ages = ages

    def read(self, jobs: Iterable[str]) -> None:
        """Read those of these jobs that aren't known yet. Newer ones may come: then more is kept than must be."""
        new = sorted(set(jobs) - self.keys())
        for place in range(0, len(new), JOBS_AT_ONCE):
            some = new[place : place + JOBS_AT_ONCE]
            found = sql.rows(
                """
                SELECT asked.job,
                       (SELECT id FROM nightshift_run r WHERE r.job = asked.job ORDER BY id DESC LIMIT 1),
                       (SELECT id FROM nightshift_run r WHERE r.job = asked.job ORDER BY id DESC
                        OFFSET asked.runs - 1 LIMIT 1)
                  FROM unnest(%s::text[], %s::bigint[]) AS asked(job, runs)
                """,
                [some, [self.ages(job).runs for job in some]],
            )
            # Of a job with fewer runs than are kept, all are.
            self.update({job: Newest(latest or 0, oldest or 0) for job, latest, oldest in found})


class Beginnings:
    """Where the jobs' ledgers begin. None claims to cover what has gone: it is moved before."""

    def __init__(self, rules: Rules, newest: NewestRuns) -> None:
        self.rules, self.newest = rules, newest
        self.since: dict[str, datetime] = dict(
            sql.rows("SELECT job, ledger_from FROM nightshift_jobstate WHERE ledger_from IS NOT NULL")
        )

    def move(self, occurrences: Iterable[tuple[str, datetime | None]]) -> set[str]:
        """Let each job's ledger begin after these occurrences. Gives the jobs that another session holds: not theirs.

        It moves at once to the latest run that may go for its age, so that a job is locked once a prune and not once a
        batch.
        """
        gone: dict[str, datetime] = {}
        for job, moment in occurrences:
            if moment is not None and job in self.since and moment > self.since[job]:
                gone[job] = max(moment, gone.get(job, moment))
        if not gone:
            return set()
        self.newest.read(gone)
        moved = sql.rows(
            """
            WITH held AS (
                SELECT job FROM nightshift_jobstate
                 WHERE job = ANY(%(jobs)s) AND ledger_from IS NOT NULL ORDER BY job FOR UPDATE SKIP LOCKED
            )
            UPDATE nightshift_jobstate s
               SET ledger_from = greatest(s.ledger_from, asked.gone, (
                   SELECT scheduled_for FROM nightshift_run r
                    WHERE r.job = s.job AND r.scheduled_for < asked.until AND r.id < asked.oldest_kept
                    ORDER BY scheduled_for DESC LIMIT 1))
              FROM held JOIN unnest(%(jobs)s::text[], %(gone)s::timestamptz[], %(until)s::timestamptz[],
                                    %(oldest)s::bigint[]) AS asked(job, gone, until, oldest_kept) USING (job)
             WHERE s.job = held.job
            RETURNING s.job, s.ledger_from
            """,
            {
                "jobs": list(gone),
                "gone": list(gone.values()),
                "until": [min(self.rules.before(job).run, self.rules.before(job).failure) for job in gone],
                "oldest": [self.newest[job].oldest_kept for job in gone],
            },
        )
        self.since |= moved
        return gone.keys() - dict(moved).keys()
