"""Channels of alerts as commands have them. What sends is loaded when it is asked for: most commands send nothing."""

from dataclasses import asdict

from jobs.access.actor import Actor
from jobs.commandline.ledger import Facts


def channel_facts() -> list[Facts]:
    from jobs.alerts import listing

    return [asdict(each) for each in listing.channels()]


def tried_facts(actor: Actor, name: str) -> Facts:
    """What became of a test. Raises UnknownChannel."""
    from jobs.alerts import acts

    found = acts.try_out(actor, name)
    return asdict(found) | {"says": found.says}


def switch_channel_on(actor: Actor, name: str) -> None:
    """Raises UnknownChannel or NotOff."""
    from jobs.alerts import acts

    acts.switch_on(actor, name)
