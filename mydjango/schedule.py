"""The project's crontab, readable at a glance."""

from jobs import declare

declare("clearsessions", schedule="0 0 3 * * *")
declare("prune_runs", schedule="0 30 3 * * *")
