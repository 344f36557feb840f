"""A declared job as JSON: its digest, and the rules that another release needs to let it follow, or to end its runs."""

import json
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from typing import Any

from jobs.choices import Interrupted, Overlap
from jobs.declarations.job import Job
from jobs.declarations.keep import Keep
from jobs.declarations.retry import Retry


def written(job: Job) -> dict[str, Any]:
    """A job as JSON: its digest, and what another release needs to let it follow, or to end its runs."""
    retry = job.retry
    rules = {
        "arguments": list(job.arguments),
        "after": list(job.after),
        "overlap": job.overlap,
        "max_running": job.max_running,
        "concurrency_group": job.concurrency_group,
        "concurrency_limit": job.concurrency_limit,
        "interrupted": job.interrupted,
        "retry": {
            "times": retry.times,
            "on": sorted(retry.on),
            "delay": retry.delay.total_seconds(),
            "backoff": retry.backoff,
            "max_delay": retry.max_delay.total_seconds(),
            "jitter": retry.jitter,
        },
        "keep": asdict(job.keep),
    }
    others = [job.command, job.fingerprint, job.timer, job.dispatch, job.misfire, job.start_deadline, job.timeout]
    others += [job.grace, sorted(job.secrets), job.output_limit]
    digest = sha256(json.dumps([rules, [str(other) for other in others]]).encode()).hexdigest()[:16]
    if not retry.times:
        del rules["retry"]
    if job.keep == Keep():
        del rules["keep"]
    return {"digest": digest} | {name: value for name, value in rules.items() if value not in (None, [])}


def read(name: str, written: dict[str, Any]) -> Job:
    retry = written.get("retry")
    return Job(
        name=name,
        command=name,
        arguments=tuple(written.get("arguments", ())),
        after=tuple(written.get("after", ())),
        overlap=Overlap(written["overlap"]),
        max_running=written.get("max_running"),
        concurrency_group=written.get("concurrency_group"),
        concurrency_limit=written["concurrency_limit"],
        interrupted=Interrupted(written["interrupted"]),
        retry=Retry(
            times=retry["times"],
            on=retry["on"],
            delay=timedelta(seconds=retry["delay"]),
            backoff=retry["backoff"],
            max_delay=timedelta(seconds=retry["max_delay"]),
            jitter=retry["jitter"],
        )
        if retry
        else Retry(),
        keep=Keep(**written.get("keep", {})),
    )
