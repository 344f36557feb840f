"""Who hears of an incident, and when: JOBS_ROUTES."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from jobs.alerts import maintenance
from jobs.alerts.entries import EVERYTHING, Chosen, Entry
from jobs.alerts.hours import Hours
from jobs.choices import Severity
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.declarations.severity import SEVERITIES, rank
from jobs.formats import utc_time

SETTING = "JOBS_ROUTES"
KEYS = ("to", "jobs", "labels", "owners", "severity", "hours", "days", "quiet", "time_zone", "after")
# To the job's owner, by e-mail; a channel with an address of its own has it behind this.
OWNER, EMAIL = "owner", "email:"
NOW, LONGEST_AFTER = timedelta(0), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Route:
    """To which channel what goes. `after`: only if nobody has acknowledged it by then."""

    to: str
    chosen: Chosen = EVERYTHING
    severity: str = Severity.INFO
    hours: Hours | None = None
    quiet: Hours | None = None
    after: timedelta = NOW

    def takes(self, name: str, job: Job | None, severity: str, at: datetime) -> bool:
        """Whether what was found at this moment goes this way."""
        is_bad_enough = rank(severity) >= rank(self.severity)
        return is_bad_enough and self.chosen.has(name, job) and (self.hours is None or self.hours.hold(at + self.after))


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that a message goes by, and when. `silenced` says why that is later."""

    channel: str
    due_at: datetime
    silenced: str = ""
    escalates: bool = False


def routes(value: Any = None) -> list[Route]:
    """Those of the setting; without any, all that is found goes to each channel, or by e-mail. Raises BadEntry."""
    given = conf.JOBS_ROUTES if value is None else value
    if given:
        return [_route(place, entry) for place, entry in enumerate(given)]
    return [Route(to=name) for name in conf.JOBS_CHANNELS] or [Route(to=OWNER)]


def ways(name: str, severity: str, at: datetime) -> list[Way]:
    """By which channels an incident of this job is told that was found at this moment. The job is empty for our own
    outage. One way for each channel, and one more where it escalates there.
    """
    job, found = registry.get(name), dict[tuple[str, bool], Way]()
    for route in routes():
        if not route.takes(name, job, severity, at) or not (channel := _channel(route, job)):
            continue
        way = Way(channel, *_due(route.quiet, name, job, at + route.after), escalates=route.after > NOW)
        key = channel, way.escalates
        found[key] = min(found.get(key, way), way, key=lambda each: each.due_at)
    return list(found.values())


def later(name: str, channel: str, at: datetime) -> tuple[datetime, str]:
    """When something more is told by a channel that has heard of an incident, and why not at once."""
    job = registry.get(name)
    quiet = [route.quiet for route in routes() if _channel(route, job) == channel and route.chosen.has(name, job)]
    return min((_due(hours, name, job, at) for hours in quiet or [None]), key=lambda due: due[0])


def config(channel: str) -> Mapping[str, str] | None:
    """What `channel_of` needs to know of this channel; None where nothing names it any more."""
    if channel.startswith(EMAIL):
        return {"kind": "email", "to": channel.removeprefix(EMAIL)}
    return conf.JOBS_CHANNELS.get(channel)


def owners() -> list[str]:
    """The channels that routes to owners lead to, each once. Raises BadEntry."""
    jobs = [("", None), *registry.items()]
    found = [
        _channel(route, job)
        for route in routes()
        if route.to == OWNER
        for name, job in jobs
        if route.chosen.has(name, job)
    ]
    return [*dict.fromkeys(filter(None, found))]


def keeps_open(channel: str) -> bool:
    """Whether its server keeps an incident of its own open until it hears that ours is over."""
    return (config(channel) or {}).get("kind") == "pagerduty"


def nobody_hears() -> str:
    """In a sentence, that nobody hears of incidents, and what to do; empty where somebody does."""
    if conf.JOBS_ROUTES or conf.JOBS_CHANNELS or _of_the_site():
        return ""
    if any(_is_address(job.owner) for job in registry.values()):
        return ""
    return "Nobody hears of incidents: set JOBS_CHANNELS, ADMINS, or an e-mail address as the jobs' owner."


def _due(quiet: Hours | None, name: str, job: Job | None, at: datetime) -> tuple[datetime, str]:
    """The first moment from this one on that nothing silences, and what silenced it first."""
    why = ""
    for _ in range(10):  # a window may begin as another ends
        if until := maintenance.end(name, job, at):
            why = why or f"A maintenance window until {utc_time(until)}."
        elif quiet is not None and quiet.hold(at):
            until = quiet.end_after(at)
            why = why or f"Quiet hours until {utc_time(until)}."
        else:
            break
        at = until
    return at, why


def _channel(route: Route, job: Job | None) -> str:
    """The channel's name; empty where a route to the owner finds none, and the site names nobody either."""
    if route.to != OWNER:
        return route.to
    return EMAIL + job.owner if job is not None and _is_address(job.owner) else site()


def site() -> str:
    """The channel to the people of the whole site: an e-mail to ADMINS, else to MANAGERS. Empty where nobody is."""
    addresses = _of_the_site()
    return EMAIL + ", ".join(addresses) if addresses else ""


def _of_the_site() -> list[str]:
    """The addresses of ADMINS, else of MANAGERS: strings, or pairs of a name and an address."""
    found: Iterable[Any] = settings.ADMINS or settings.MANAGERS
    return [each if isinstance(each, str) else each[1] for each in found]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _route(place: int, value: Mapping[str, Any]) -> Route:
    entry = Entry(SETTING, place, value, KEYS)
    to, severity, after = value.get("to"), value.get("severity", Severity.INFO), value.get("after", NOW)
    if to not in (OWNER, *conf.JOBS_CHANNELS):
        known = ", ".join(map(repr, (OWNER, *conf.JOBS_CHANNELS)))
        raise entry.bad(f"'to' is {to!r}, and JOBS_CHANNELS has no such channel. Write one of {known}.")
    if severity not in Severity.values:
        raise entry.bad(
            f"'severity' is {severity!r}. Write one of {', '.join(repr(each.value) for each in SEVERITIES)}."
        )
    if not isinstance(after, timedelta) or not NOW <= after <= LONGEST_AFTER:
        raise entry.bad(f"'after' is {after!r}. Write a timedelta of 7 days at most, such as timedelta(minutes=15).")
    if "days" in value and value.get("hours") is None:
        raise entry.bad("it has 'days' without 'hours'. Add 'hours', such as '00:00-24:00'.")
    hours, quiet = entry.hours("hours", value.get("days", "mon-sun")), entry.hours("quiet")
    if quiet is not None and quiet.is_all_day:
        raise entry.bad("'quiet' is all day: nothing would ever be sent. Leave the route out.")
    return Route(to, entry.chosen(), severity, hours, quiet, after)
