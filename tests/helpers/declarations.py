"""Declarations on their way to another process, as JSON: durations are seconds, a Retry is a dictionary."""

from datetime import timedelta

from jobs import Retry

DURATIONS = {"timeout", "grace", "start_deadline"}


def rules(written):
    """Parameters of `declare`, from what JSON can hold."""
    found = {name: timedelta(seconds=value) if name in DURATIONS else value for name, value in written.items()}
    if retry := found.get("retry"):
        found["retry"] = Retry(**{name: of_retry(name, value) for name, value in retry.items()})
    return found


def of_retry(name, value):
    return timedelta(seconds=value) if name in {"delay", "max_delay"} else value
