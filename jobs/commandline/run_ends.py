"""How a run ended, in the words of the commands that wait for it."""

from datetime import datetime, timedelta

from jobs.choices import Status
from jobs.commandline.ledger import Facts
from jobs.formats import clock, format_duration


def took(run: Facts) -> str:
    return format_duration(None if run["duration"] is None else timedelta(seconds=run["duration"]))


def success(run: Facts) -> str:
    return f"Run {run['id']} of {run['job']} succeeded in {took(run)}."


def failure(run: Facts, now: datetime) -> str:
    """Why it didn't succeed; of one that is queued again, when it is retried."""
    name = f"un {run['id']} of {run['job']}"
    if run["status"] == Status.QUEUED:
        again = clock(run["not_before"], now)
        return f"Attempt {run['attempt']} of r{name} failed: {run['error']} It is retried at {again}."
    if run["status"] == Status.FAILED:
        return f"R{name} failed: {run['error']}"
    word = "timed out" if run["status"] == Status.TIMED_OUT else f"was {run['status']}"
    return f"R{name} {word}. {run['error']}"
