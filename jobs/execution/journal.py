"""Ends that the ledger may not have heard of, kept on this machine's disk: a small file each.

The writer keeps an end here while the database is away and when the worker leaves, and drops it once it is recorded.
What is left when a worker dies is recorded by the next one on this machine, where the row is still that attempt's.
"""

import hashlib
import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.choices import AttemptStatus, EventKind
from jobs.conf import conf
from jobs.ledger import attempts, events, instance, sql
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring

log = logging.getLogger(__name__)

# No more ends than this are kept. A worker has a few runs at once: more come from a directory that nobody empties.
LIMIT = 1000
# An end that no ledger has asked for in this time belongs to none that is still there, in seconds.
OLD = timedelta(days=7).total_seconds()


def keep(claim: Claim, outcome: Outcome) -> bool:
    """Write this end to disk, for good when it returns. False where that can't be done; the log says why."""
    path = _path(claim)
    written = path.with_suffix(".new")
    try:
        _prepare(path.parent)
        if len(os.listdir(path.parent)) >= LIMIT:
            log.error(
                "run=%s: its end isn't kept, since %s holds %d files. Remove old ones", claim.run_id, path.parent, LIMIT
            )
            return False
        with open(written, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump(_entry(claim, outcome), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(written, path)
        _sync(path.parent)
    except OSError as error:
        log.error("run=%s: its end can't be kept on disk until the database is back: %s", claim.run_id, error)
        return False
    return True


def drop(claim: Claim) -> None:
    """The end of this attempt is recorded, or its row is no longer ours."""
    with suppress(OSError):
        _path(claim).unlink(missing_ok=True)


def record() -> list[Ring]:
    """Record the ends that are kept here, where their rows are still theirs. Gives whom to ring for.

    Any process may do it, also while the one that kept them lives: an end is true whoever records it, and once.
    """
    rings: list[Ring] = []
    for path, entry in _entries():
        claim, outcome = _claim(entry), _outcome(entry)
        if not _is_of_this_ledger(claim, entry["supervisor"]):
            continue
        try:
            ended = attempts.finish(claim, outcome)
        except sql.Busy as error:
            log.warning(
                "run=%s: its kept end can't be recorded now, the next tick tries again: %s", claim.run_id, error
            )
            continue
        path.unlink(missing_ok=True)
        if ended is None:
            continue
        rings += ended.rings
        message = f"The end of run {claim.run_id} ({ended.status}) was recorded from this machine's journal."
        events.record(EventKind.END_FROM_JOURNAL, message, job=claim.job, run_id=claim.run_id)
        log.info("recorded from the journal run=%s job=%s attempt=%s", claim.run_id, claim.job, claim.attempt)
    return rings


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} isn't a directory of this user. Set JOBS_JOURNAL to one.")


def _path(claim: Claim) -> Path:
    # Several processes, and projects with ledgers of their own, may share the directory.
    owner = hashlib.sha256(instance.current().supervisor.encode()).hexdigest()[:16]
    return Path(conf.JOBS_JOURNAL) / f"{claim.run_id}-{claim.attempt}-{owner}.json"


def _entries() -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = Path(conf.JOBS_JOURNAL)
    try:
        _prepare(folder)
        paths = sorted(folder.iterdir())
    except OSError as error:
        log.error("the journal of ends can't be read, so none of it is recorded: %s", error)
        return
    for path in paths:
        try:
            if time.time() - path.stat().st_mtime > OLD:
                log.warning("dropped from the journal, too old: %s", path)
                path.unlink()
                continue
            if path.suffix != ".json":
                continue  # just being written, or left by a worker that died at it
            entry = json.loads(path.read_text())
            _claim(entry), _outcome(entry), entry["supervisor"]
        except FileNotFoundError:  # another process was first
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("dropped from the journal, it can't be read: %s: %s: %s", path, type(error).__name__, error)
            with suppress(OSError):
                path.unlink()
            continue
        yield path, entry


def _entry(claim: Claim, outcome: Outcome) -> dict[str, Any]:
    moments = {name: at.isoformat() if at else None for name, at in _moments(claim).items()}
    durations = {name: value.total_seconds() if value is not None else None for name, value in _durations(outcome)}
    return {
        "supervisor": instance.current().supervisor,
        "claim": asdict(claim) | moments | {"arguments": []},
        "outcome": asdict(outcome) | durations,
    }


def _moments(claim: Claim) -> dict[str, datetime | None]:
    return {"scheduled_for": claim.scheduled_for, "started_at": claim.started_at}


def _durations(outcome: Outcome) -> list[tuple[str, timedelta | None]]:
    return [("wall", outcome.wall), ("cpu", outcome.cpu)]


def _claim(entry: dict[str, Any]) -> Claim:
    found = dict(entry["claim"])
    for name in ("scheduled_for", "started_at"):
        found[name] = datetime.fromisoformat(found[name]) if found[name] else None
    return Claim(**found)


def _outcome(entry: dict[str, Any]) -> Outcome:
    found = dict(entry["outcome"])
    for name in ("wall", "cpu"):
        found[name] = None if found[name] is None else timedelta(seconds=found[name])
    return Outcome(**found | {"status": AttemptStatus(found["status"])})


def _is_of_this_ledger(claim: Claim, supervisor: str) -> bool:
    """Another ledger may have a run with the same number; none has the same attempt of the same process."""
    row = sql.row(
        """
        SELECT FROM nightshift_attempt
         WHERE id = %s AND run_id = %s AND number = %s AND supervisor = %s AND started_at = %s
        """,
        [claim.attempt_id, claim.run_id, claim.attempt, supervisor, claim.started_at],
    )
    return row is not None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
