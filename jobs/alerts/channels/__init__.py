"""The ways by which a message goes out: JOBS_CHANNELS names them."""

from collections.abc import Callable, Mapping

from jobs.alerts.channels.apprise import Apprise
from jobs.alerts.channels.channel import Answer, BadChannel, Channel
from jobs.alerts.channels.email import Email
from jobs.alerts.channels.pagerduty import PagerDuty
from jobs.alerts.channels.webhook import Webhook

__all__ = ["KINDS", "Answer", "BadChannel", "Channel", "channel_of"]

KINDS: dict[str, Callable[[str, Mapping[str, str]], Channel]] = {
    "email": Email,
    "webhook": Webhook,
    "pagerduty": PagerDuty,
    "apprise": Apprise,
}


def channel_of(name: str, config: Mapping[str, str]) -> Channel:
    """The channel that an entry of JOBS_CHANNELS describes. Raises BadChannel with a sentence."""
    if not isinstance(config, Mapping):
        raise BadChannel(name, "it is not a dictionary. Write one with 'kind' in it.")
    # None is what a variable of the environment gives that isn't set.
    if others := [key for key, value in config.items() if not isinstance(value, str | None)]:
        raise BadChannel(name, f"{others[0]!r} is not a string. Write one.")
    kind = config.get("kind", "")
    if kind not in KINDS:
        raise BadChannel(name, f"'kind' is {kind!r}. Write one of {', '.join(map(repr, KINDS))}.")
    return KINDS[kind](name, config)
