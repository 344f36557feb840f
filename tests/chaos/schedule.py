"""Declares the zoo, as this release has it."""

import os
from datetime import timedelta

from jobs import declare
from tests.chaos.zoo import DEFAULT_TIMEOUT, DURATIONS, JOBS

for job in JOBS.values():
    if (release := int(os.environ.get("JOBS_RELEASE", "1"))) in job.schedules:
        declare(
            job.name,
            *(job.name, str(job.seconds), *job.options),
            command="chaos_work",
            schedule=job.schedules[release],
            **{
                name: timedelta(seconds=value) if name in DURATIONS else value
                for name, value in {"timeout": DEFAULT_TIMEOUT, **job.rules}.items()
            },
        )
