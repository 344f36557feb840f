"""The channels that messages go out by: where each leads, whether it is off, and what its server said last."""

from dataclasses import dataclass
from datetime import datetime

from jobs.alerts import routes
from jobs.alerts.channels import BadChannel, channel_of
from jobs.alerts.entries import BadEntry
from jobs.conf import conf
from jobs.models import ChannelOff, Delivery, DeliveryAttempt
from jobs.sentences import Sentence

# Among so many of the newest tries each channel's latest is looked for.
LOOKED_AT = 10_000
NOT_NAMED = "Neither JOBS_CHANNELS nor a route names it any more."


class UnknownChannel(Sentence, LookupError):
    """There is no channel {name!r}. {known}"""

    def __init__(self, name: str, known: list[str]) -> None:
        listed = f"Write one of {', '.join(map(repr, known))}." if known else "JOBS_CHANNELS names none."
        super().__init__(name=name, known=listed)


@dataclass(frozen=True, slots=True)
class Off:
    """Since when nothing is sent by a channel, and what its server said."""

    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest try at a message. `answer` is empty while the server hasn't answered."""

    at: datetime
    done: bool
    answer: str
    incident: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel; `leads_to` has its secrets masked. `flaw` is why nothing can be sent by it, or empty."""

    name: str
    kind: str
    leads_to: str
    flaw: str
    off: Off | None
    latest: Latest | None


def channels() -> list[Listed]:
    """Those of JOBS_CHANNELS in their order, then addresses of owners, then those that are off and named no more."""
    found, off = names(), _off()
    return _listed([*found, *(name for name in off if name not in found)], off)


def channel(name: str) -> Listed:
    """This one."""
    return _listed([name], _off())[0]


def known(name: str) -> None:
    """Raises UnknownChannel where there is none of this name."""
    found = names()
    if name not in found and not ChannelOff.objects.filter(name=name).exists():
        raise UnknownChannel(name, found)


def names() -> list[str]:
    """Those of JOBS_CHANNELS, and the addresses of owners, where the routes can be read."""
    try:
        return [*conf.JOBS_CHANNELS, *routes.owners()]
    except BadEntry:  # the dashboard says so, and `manage.py check`
        return [*conf.JOBS_CHANNELS]


def _listed(found: list[str], off: dict[str, Off]) -> list[Listed]:
    latest = _latest(found)
    return [Listed(name, *_shown(name), off.get(name), latest.get(name)) for name in found]


def _off() -> dict[str, Off]:
    return {each.name: Off(each.since, each.why) for each in ChannelOff.objects.order_by("since")}


def _shown(name: str) -> tuple[str, str, str]:
    """Its kind, where it leads, and what is wrong with it."""
    config = routes.config(name)
    if config is None:
        return "", "", NOT_NAMED
    try:
        kind, _, leads_to = channel_of(name, config).shown().partition(" ")
    except BadChannel as bad:
        return "", "", str(bad)
    return kind, leads_to, ""


def _latest(names: list[str]) -> dict[str, Latest]:
    newest = Delivery.objects.order_by("-pk").values("pk")[:LOOKED_AT]
    tries = DeliveryAttempt.objects.filter(delivery__in=newest, delivery__channel__in=names)
    tries = tries.order_by("delivery__channel", "-pk").distinct("delivery__channel").select_related("delivery")
    return {
        each.delivery.channel: Latest(each.at, each.is_done, each.answer, each.delivery.incident_id) for each in tries
    }
