"""Whether jobs can be started by a click, with the arguments that they have anyway."""

from collections.abc import Sequence

from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand, check_arguments
from jobs.declarations.registry import registry
from jobs.ledger import in_force, overrides
from jobs.ledger.in_force import InForce

ASKS_FOR_A_WORD = "It asks for its word of confirmation: run it by itself."


def obstacles(names: Sequence[str]) -> dict[str, str]:
    """Of these jobs those that can't be, each with the reason in a sentence. One query; loads their commands."""
    current = in_force.by_job(names)
    found = {name: _obstacle(name, current.get(name, InForce())) for name in names}
    return {name: why for name, why in found.items() if why}


def _obstacle(name: str, current: InForce) -> str:
    job = overrides.applied(registry[name], current.override)
    if job.confirm:
        return ASKS_FOR_A_WORD
    try:
        check_arguments(job.command, job.arguments)
    except (InvalidArguments, UnknownCommand, BrokenCommand) as error:
        return f"It needs other arguments: {error}"
    return ""
