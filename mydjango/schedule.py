"""The project's crontab, readable at a glance."""

from datetime import timedelta

from jobs import declare

declare("clearsessions", schedule="0 0 3 * * *")
declare("prune_runs", schedule="0 30 3 * * *")
declare("doctor", timeout=timedelta(minutes=5))  # started by hand: is this deployment sound?
