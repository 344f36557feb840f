"""Which release is in charge. During a deployment two are at work at once, each with its own declarations.

The release deployed last is in charge while its hosts are called. Another one leaves to it each job that is declared
differently there, or no longer, and lets that release's steps follow. A release is `JOBS_RELEASE` with a hash of its
declarations: a changed app setting makes another one too.
"""

import json
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from jobs.choices import EventKind
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.ledger import events, instance, job_as_json, sql, timing
from jobs.ledger.sessions import ledger_transaction
from jobs.schedule.zones import rules_of

log = logging.getLogger(__name__)

# A release that hasn't been at work for so long is forgotten.
KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release with what it declares: each job's digest, and its rules as `job_as_json` gives them."""

    key: str
    name: str
    jobs: Mapping[str, dict[str, Any]]

    def __str__(self) -> str:
        return self.name or self.key.rpartition(":")[2][:12]

    def declares_alike(self, other: "Release", job: str) -> bool:
        ours, theirs = self.jobs.get(job), other.jobs.get(job)
        return ours is not None and theirs is not None and ours["digest"] == theirs["digest"]

    def all_jobs(self) -> list[Job]:
        return [job_as_json.read(name, written) for name, written in self.jobs.items()]


# The key of the release in charge, for a statement. It knows `silent`, as `in_charge` gives it.
IN_CHARGE = """
    SELECT key FROM nightshift_release
     WHERE last_seen_at BETWEEN clock_timestamp() - %(silent)s AND clock_timestamp() + %(silent)s
     ORDER BY deployment DESC LIMIT 1
"""

# Whether the release with the key `in_charge` still is; `as_heard` gives what it needs.
IS_IN_CHARGE = f"({IN_CHARGE}) IS NOT DISTINCT FROM %(in_charge)s::text"

_own: tuple[object, str, Release] | None = None
_loaded: dict[str, Release] = {}


def own() -> Release:
    """The release that this process runs."""
    global _own
    name = instance.current().release
    if _own is None or _own[0] is not registry.version or _own[1] != name:
        _own = registry.version, name, _describe(list(registry.values()))
    return _own[2]


def _describe(declared: Sequence[Job]) -> Release:
    jobs = {job.name: job_as_json.written(job) for job in declared}
    digests = {name: job["digest"] for name, job in sorted(jobs.items())}
    # Hosts whose zones have other rules compute other moments: each looks at what the other has settled.
    rules = {job.schedule.zone.key: rules_of(job.schedule.zone.key) for job in declared if job.schedule}
    digest = sha256(json.dumps([digests, sorted(rules.items())]).encode()).hexdigest()
    name = instance.current().release
    return Release(key=f"{name}:{digest}", name=name, jobs=jobs)


class Presence:
    """Whether the ledger knows that a process of a release is at work."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as in a process that has just started."""
        # What the process was last seen as, and when (time.monotonic).
        self.seen: tuple[str, float] | None = None
        # The key of the release that was in charge when it last asked; None before it has.
        self.heard: tuple[str | None] | None = None

    def see(self, *, at_most_every: timedelta = timedelta(0)) -> None:
        """Note that this process's release is at work: the host has called it.

        Where that is news, it is put in charge: it was never seen before, or a process of it starts and none was at
        work (a rollback). A process that restarts beside others of its release changes nothing.
        """
        release, now = own(), time.monotonic()
        starts = self.seen is None or self.seen[0] != release.key
        if not starts and self.seen is not None and now - self.seen[1] < at_most_every.total_seconds():
            return
        try:
            with ledger_transaction():
                if starts:
                    # One after another: the numbers of two deployments differ, whatever the database's clock does.
                    sql.execute("SELECT pg_advisory_xact_lock(hashtextextended('jobs.ledger.releases', 0))")
                if not _touch(release, starts) and _insert(release):
                    _forget()
        except sql.Busy as error:
            log.warning("release %s isn't recorded as being at work; the next tick tries again: %s", release, error)
        else:
            self.seen = release.key, now


here = Presence()


def _touch(release: Release, starts: bool) -> bool:
    """Note that it is at work; False where it was never seen before."""
    before = in_charge() if starts else None
    row = sql.row(
        """
        WITH held AS (
            SELECT key, %(starts)s AND last_seen_at NOT BETWEEN clock_timestamp() - %(silent)s
                                                            AND clock_timestamp() + %(silent)s AS comes_back
              FROM nightshift_release WHERE key = %(key)s FOR UPDATE
        )
        UPDATE nightshift_release r
           SET last_seen_at = clock_timestamp(),
               deployed_at = CASE WHEN held.comes_back THEN clock_timestamp() ELSE deployed_at END,
               deployment = CASE WHEN held.comes_back THEN (SELECT max(deployment) + 1 FROM nightshift_release)
                                 ELSE deployment END
          FROM held WHERE r.key = held.key
        RETURNING held.comes_back
        """,
        {"key": release.key, "starts": starts, "silent": timing.LONGEST_PAUSE},
    )
    if row is not None and row[0] and before is not None:
        _report(release, before)
    return row is not None


def _insert(release: Release) -> bool:
    """Put a release that was never seen before in charge; False where another process of it was first."""
    before = in_charge()
    row = sql.row(
        """
        INSERT INTO nightshift_release (key, name, declarations, deployment, deployed_at, last_seen_at)
        SELECT %s, %s, %s, coalesce(max(deployment), 0) + 1, clock_timestamp(), clock_timestamp()
          FROM nightshift_release
            ON CONFLICT (key) DO NOTHING
        RETURNING key
        """,
        [release.key, release.name, json.dumps(release.jobs)],
    )
    if row is not None and before is not None:
        _report(release, before)
    return row is not None


def _report(release: Release, before: Release) -> None:
    """An event where a release takes over from one that is still at work and declares something else."""
    changed = sorted(
        name for name in release.jobs.keys() & before.jobs.keys() if not release.declares_alike(before, name)
    )
    new, gone = release.jobs.keys() - before.jobs.keys(), before.jobs.keys() - release.jobs.keys()
    if not (changed or new or gone):
        return
    message = (
        f"Release {release} is in charge from now on, beside {before}: {counted(len(changed), 'job')} changed, "
        f"{len(new):,} new, {len(gone):,} gone."
    )
    events.record(EventKind.RELEASE, message, by=str(release))
    log.info("%s", message)


def _forget() -> None:
    sql.execute("DELETE FROM nightshift_release WHERE last_seen_at < clock_timestamp() - %s", [KEPT])


def in_charge() -> Release | None:
    """The release in charge, where that is another one than this process's; None where it is this process's."""
    return with_key(key_in_charge())


def key_in_charge() -> str | None:
    """The key of the release in charge; None where none has been at work."""
    row = sql.row(IN_CHARGE, {"silent": timing.LONGEST_PAUSE})
    here.heard = row or (None,)
    return here.heard[0]


def heard_in_charge() -> str | None:
    """The same, as this process last heard: for a statement that asks again, by IS_IN_CHARGE."""
    return here.heard[0] if here.heard else key_in_charge()


def as_heard(in_charge: str | None) -> dict[str, object]:
    """The parameters of IS_IN_CHARGE."""
    return {"in_charge": in_charge, "silent": timing.LONGEST_PAUSE}


def with_key(key: str | None) -> Release | None:
    """The release in charge, by its key, where that is another one than this process's."""
    return None if key is None or key == own().key else _load(key)


def _load(key: str) -> Release | None:
    # What a key stands for never changes.
    if key not in _loaded:
        row = sql.row("SELECT name, declarations FROM nightshift_release WHERE key = %s", [key])
        if row is None:
            return None
        name, jobs = row
        _loaded[key] = Release(key=key, name=name, jobs=json.loads(jobs) if isinstance(jobs, str) else jobs)
    return _loaded[key]


def ours(names: Iterable[str], other: Release | None) -> set[str]:
    """Those of these declared jobs that this process may settle: `other`, if it is in charge, declares them alike."""
    return set(names) if other is None else {name for name in names if own().declares_alike(other, name)}


def elsewhere() -> dict[str, Job]:
    """The jobs that other releases at work declare and this process doesn't, by the latest that has each."""
    keys = sql.rows(
        "SELECT key FROM nightshift_release WHERE last_seen_at > clock_timestamp() - %s ORDER BY deployment",
        [timing.UNKNOWN],
    )
    releases = [release for (key,) in keys if (release := _load(key))]
    found = {name: written for release in releases for name, written in release.jobs.items() if name not in registry}
    return {name: job_as_json.read(name, written) for name, written in found.items()}


def declared_somewhere(name: str) -> Job | None:
    """The job, by this process's declarations or those of the latest other release at work that has it."""
    if name in registry:
        return registry[name]
    row = sql.row(
        """
        SELECT key FROM nightshift_release
         WHERE jsonb_exists(declarations, %s) AND last_seen_at > clock_timestamp() - %s
         ORDER BY deployment DESC LIMIT 1
        """,
        [name, timing.UNKNOWN],
    )
    release = _load(row[0]) if row else None
    return job_as_json.read(name, release.jobs[name]) if release else None
