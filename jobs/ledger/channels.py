"""Channels of alerts that are off, since their servers refuse for good."""

from jobs.choices import EventKind
from jobs.ledger import events
from jobs.ledger.sessions import ledger_transaction
from jobs.models import ChannelOff
from jobs.sentences import Sentence


class NotOff(Sentence, ValueError):
    """The channel {name!r} isn't off."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def switch_off(name: str, why: str) -> None:
    """Send nothing by this channel until somebody switches it on again. Nothing is changed where it is off already."""
    with ledger_transaction():
        _, is_new = ChannelOff.objects.get_or_create(name=name, defaults={"why": why})
        if is_new:
            message = f"The channel {name} was switched off, since it refuses for good: {why}"
            events.record(EventKind.CHANNEL_OFF, message, after={"channel": name})


def switch_on(name: str, *, by: str) -> None:
    """Send by it again what comes from now on. Raises NotOff."""
    with ledger_transaction():
        gone, _ = ChannelOff.objects.filter(name=name).delete()
        if not gone:
            raise NotOff(name)
        events.record(
            EventKind.CHANNEL_ON, f"The channel {name} was switched on by {by}.", by=by, after={"channel": name}
        )
