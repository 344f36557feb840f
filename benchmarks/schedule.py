"""The jobs that are measured."""

import os
from datetime import timedelta

from jobs import Retry, declare

declare("noop", schedule="0 * * * * *")
declare("noop_beside", command="noop", overlap="allow")
declare("stays", overlap="allow", retry=Retry(times=1, delay=timedelta(0)))
declare("says_lines", output_limit=64 * 1024 * 1024)
# As a project has them that has many.
for number in range(int(os.environ.get("BENCHMARK_JOBS", "0"))):
    declare(f"job-{number}", command="noop", schedule=f"{number % 60} {number % 59} {number % 24} * * *")
if os.environ.get("BENCHMARK_SECONDS"):
    declare("each_second", command="noop", schedule="* * * * * *")
