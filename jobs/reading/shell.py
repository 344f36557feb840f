"""The line in a shell that does what a form or a call of the API is about to do."""

import json
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobs import masking
from jobs.declarations.job import Job

MASK = "***"
# `run` takes its own options out of a job's words, up to a separator.
OF_RUN = frozenset({"--", "--at", "--detach", "--follow", "--format", "--wait"})


def run_line(
    job: Job, words: Sequence[str] | None, program: str = "nightshift run", options: Sequence[str] = ()
) -> str:
    """A run of the job with these words, by our own command; None: as declared. Secrets are replaced by ***."""
    line = [*options, job.name]
    if words is not None:
        shown = masking.hide(job, words, MASK)
        separated = not shown or not OF_RUN.isdisjoint(shown)
        line += [*(["--"] if separated else []), *shown]
    return f"{program} {shlex.join(line)}"


def retry_line(job: Job, run: int, words: Sequence[str] | None) -> str:
    """The same for a run that is retried: with its own words, or with others."""
    changed = [] if words is None else ["--with", *masking.hide(job, words, MASK)]
    return f"manage.py retry {shlex.join([str(run), *changed])}"


def command_line(job: Job, words: Sequence[str]) -> str:
    """The job's command with these words, as a crontab has it. Secrets are replaced by ***."""
    return f"manage.py {shlex.join([job.command, *masking.hide(job, words, MASK)])}"


def api_call(
    address: str,
    job: Job,
    words: Sequence[str] | None,
    not_before: datetime | None = None,
    labels: Sequence[str] = (),
    despite_hold: bool = False,
) -> str:
    """The call of the API that starts the same, for curl."""
    body: dict[str, Any] = {}
    if words is not None:
        body["words"] = masking.hide(job, words, MASK)
    if not_before:
        body["not_before"] = not_before.isoformat()
    if job.confirm:
        body["confirm"] = job.confirm
    if labels:
        body["labels"] = list(labels)
    if despite_hold:
        body["despite_hold"] = True
    sent = shlex.quote(json.dumps(body, ensure_ascii=False))
    return (
        'curl -H "Authorization: Bearer $NIGHTSHIFT_TOKEN" -H "Content-Type: application/json"'
        f" --data {sent} {shlex.quote(address)}"
    )
