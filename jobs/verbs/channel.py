"""Switch a channel of alerts on again that refused for good. Only who may act on the alerts of all jobs does."""

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.ledger import channels
from jobs.verbs.acting import acting_everywhere


def switch_on(actor: Actor, name: str) -> None:
    """Send by it again. Raises Refused or NotOff."""
    with acting_everywhere(actor, Verb.ALERTS):
        channels.switch_on(name, by=actor.name)
