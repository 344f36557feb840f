"""Scheduled Django jobs, serverless, on Azure Functions."""

from jobs.declarations import alert
from jobs.declarations.declare import declare
from jobs.declarations.keep import Keep
from jobs.declarations.retry import Retry
from jobs.progress import current_run

__all__ = ["Keep", "Retry", "alert", "current_run", "declare"]
