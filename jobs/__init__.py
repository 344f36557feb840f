"""Scheduled Django jobs, serverless, on Azure Functions."""

from jobs.declarations import declare

__all__ = ["declare"]
