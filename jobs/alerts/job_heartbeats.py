"""A job's own watch from outside: `declare(heartbeat=…)` is asked for when a run has succeeded or failed.

By GET: the URL itself after a success, with `/fail` behind its path after a failure, as Healthchecks and Better Stack
have it. Cronitor has `state=complete` and `state=fail` in the query instead. No sign is given of a start, since Better
Stack has none.

Sources: https://healthchecks.io/docs/http_api/, https://betterstack.com/docs/uptime/cron-and-heartbeat-monitor/,
https://cronitor.io/docs/telemetry-api.
"""

import logging
from functools import partial
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jobs.alerts.signs import signs
from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger.changed import Changed

log = logging.getLogger(__name__)

# What is told; a run that was cancelled, skipped or superseded says nothing of the job.
FAILED = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST, Status.MISSED})
CRONITOR = frozenset({"cronitor.link", "cronitor.io"})
_unreached: set[str] = set()


def ended(run: Changed) -> None:
    """Give the sign of this run, if its job has a watch."""
    job = registry.get(run.job)
    is_told = run.status is Status.SUCCEEDED or (run.status in FAILED and not run.excused)
    if is_told and job is not None and job.heartbeat:
        signs.give(run.job, partial(_ask, run.job, address(job.heartbeat, failed=run.status in FAILED)))


def address(heartbeat: str, *, failed: bool) -> str:
    """What is asked for after a success or a failure."""
    parts = urlsplit(heartbeat)
    if parts.hostname in CRONITOR:
        query = dict(parse_qsl(parts.query)) | {"state": "fail" if failed else "complete"}
        return urlunsplit(parts._replace(query=urlencode(query)))
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail")) if failed else heartbeat


def _ask(job: str, url: str) -> None:
    # Not before there is a sign to give: most processes give none.
    from jobs.alerts import heartbeat

    why = heartbeat.why_not(url, called=f"heartbeat of job {job!r}")
    # Once, and not with each run.
    if why and job not in _unreached:
        log.warning("job=%s: its heartbeat isn't reached, which raises the alarm there: %s", job, why)
        _unreached.add(job)
    elif not why and job in _unreached:
        log.info("job=%s: its heartbeat is reached again", job)
        _unreached.discard(job)
