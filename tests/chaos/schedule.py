"""Declares the zoo, as this release has it."""

import os

from jobs import declare
from tests.chaos.zoo import DEFAULT_TIMEOUT, JOBS
from tests.helpers.declarations import rules

for job in JOBS.values():
    if (release := int(os.environ.get("JOBS_RELEASE", "1"))) in job.schedules:
        declare(
            job.name,
            *(job.name, str(job.seconds), *job.options),
            command="chaos_work",
            schedule=job.schedules[release],
            **rules({"timeout": DEFAULT_TIMEOUT, **job.rules}),
        )
