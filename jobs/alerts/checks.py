"""What is wrong with the settings of alerts, for `manage.py check`: jobs.E030 to E033."""

from collections.abc import Callable
from typing import Any

from django.core.checks import CheckMessage, Error, register

from jobs.conf import conf
from jobs.declarations.registry import registry


def register_all() -> None:
    for check in (channels, routes, windows, heartbeat):
        register(check, "jobs")


def channels(**_: Any) -> list[CheckMessage]:
    """Each entry of JOBS_CHANNELS describes a channel (E030)."""
    # Not before it is asked for: most processes send nothing.
    from jobs.alerts.channels import BadChannel, channel_of
    from jobs.alerts.channels.apprise import Apprise

    found: list[CheckMessage] = []
    for name, config in conf.JOBS_CHANNELS.items():
        try:
            channel = channel_of(name, config)
            if isinstance(channel, Apprise):
                channel.load()
        except BadChannel as bad:
            found.append(Error(str(bad), hint="docs/how-to/alerts.md shows each kind.", id="jobs.E030"))
    return found


def routes(**_: Any) -> list[CheckMessage]:
    """Each entry of JOBS_ROUTES can be used (E031)."""
    from jobs.alerts.routes import routes

    return _readable(routes, "jobs.E031")


def windows(**_: Any) -> list[CheckMessage]:
    """Each entry of JOBS_MAINTENANCE can be used (E032)."""
    from jobs.alerts.maintenance import windows

    return _readable(windows, "jobs.E032")


def heartbeat(**_: Any) -> list[CheckMessage]:
    """JOBS_HEARTBEAT_URL, and each job's own, may be asked for (E033)."""
    urls = {"JOBS_HEARTBEAT_URL": conf.JOBS_HEARTBEAT_URL}
    urls |= {f"heartbeat of job {job.name!r}": job.heartbeat for job in registry.values()}
    return [found for called, url in urls.items() if url for found in _may_be_asked_for(url, called)]


def _may_be_asked_for(url: str, called: str) -> list[CheckMessage]:
    from jobs.alerts.channels.addresses import BadUrl, url_of

    try:
        url_of(url, called)
    except BadUrl as bad:
        return [Error(str(bad), hint="docs/how-to/alerts.md describes it.", id="jobs.E033")]
    return []


def _readable(read: Callable[[], object], number: str) -> list[CheckMessage]:
    from jobs.alerts.entries import BadEntry

    try:
        read()
    except BadEntry as bad:
        return [Error(str(bad), hint="docs/how-to/alerts.md describes it.", id=number)]
    return []
