"""What is wrong with the settings of alerts, for `manage.py check`: jobs.E030."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from jobs.conf import conf


def register_all() -> None:
    register(channels, "jobs")


def channels(**_: Any) -> list[CheckMessage]:
    """Each entry of JOBS_CHANNELS describes a channel (E030)."""
    # Not before it is asked for: most processes send nothing.
    from jobs.alerts.channels import BadChannel, channel_of

    found: list[CheckMessage] = []
    for name, config in conf.JOBS_CHANNELS.items():
        try:
            channel_of(name, config)
        except BadChannel as bad:
            found.append(Error(str(bad), hint="docs/reference/settings.md describes JOBS_CHANNELS.", id="jobs.E030"))
    return found
