"""Crashes, frozen sessions, a full disk."""

import signal

from tests.chaos import processes
from tests.chaos.faults import Fault, Lifting, World


def crash(world: World) -> Lifting | None:
    if world.database_troubles:
        return None
    world.database_troubles.add("down")
    world.database.crash()

    def start() -> None:
        world.database.start()
        world.database_troubles.discard("down")

    return Lifting(on="database", after=world.random.choice([0, 3, world.random.uniform(5, 30)]), undo=start)


def freeze_session(world: World) -> Lifting | None:
    """The kernel still acknowledges what is sent to it, and nobody answers."""
    if world.database_troubles:
        return None
    found = world.database.backends()
    if not found:
        return None
    chosen = world.random.sample(found, k=min(len(found), world.random.choice([1, 1, 3])))
    world.database_troubles.add("frozen")
    processes.send(signal.SIGSTOP, chosen)

    def thaw() -> None:
        processes.send(signal.SIGCONT, chosen)
        world.database_troubles.discard("frozen")

    return Lifting(on="database", after=world.random.uniform(1, 25), undo=thaw, detail=str(chosen))


def fill_disk(world: World) -> Lifting | None:
    if world.database_troubles:
        return None
    world.database_troubles.add("full")
    world.database.fill_disk()

    def empty() -> None:
        world.database.empty_disk()
        world.database.ensure_up()
        world.database_troubles.discard("full")

    return Lifting(on="database", after=world.random.uniform(3, 25), undo=empty)


KINDS: list[tuple[int, str, Fault]] = [
    (2, "crash PostgreSQL", crash),
    (3, "freeze PostgreSQL's sessions", freeze_session),
]
FULL_DISK = (2, "fill PostgreSQL's disk", fill_disk)
