"""Scheduled Django jobs, serverless, on Azure Functions."""

from jobs.declarations.declare import declare
from jobs.progress import current_run

__all__ = ["current_run", "declare"]
