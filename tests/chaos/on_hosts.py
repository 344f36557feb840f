"""Kills, freezes, skewed clocks and deployments."""

import signal

from tests.chaos import processes
from tests.chaos.faults import Fault, Lifting, World
from tests.chaos.hosts import Host


def _start_again(world: World, host: Host, after: float, detail: str) -> Lifting:
    host.troubles.add("down")

    def start() -> None:
        host.troubles.discard("down")
        host.start()

    return Lifting(on=host.name, after=after, undo=start, detail=detail)


def kill_host(world: World) -> Lifting | None:
    if not (host := world.free_host()):
        return None
    host.kill()
    return _start_again(world, host, world.random.choice([0, 1, 5, 20]), "")


def restart(world: World) -> Lifting | None:
    """Another release, as in a rolling deployment or a rollback; or the same."""
    if not (host := world.free_host()):
        return None
    host.stop()
    host.release = world.random.choice([1, 2])
    return _start_again(world, host, world.random.choice([0, 2]), f"as release {host.release}")


def deploy(world: World) -> Lifting | None:
    """All hosts go to another release, one after the other."""
    if any(host.troubles or not host.is_alive() for host in world.hosts):
        return None
    release = world.random.choice([1, 2])
    waiting = list(world.hosts)
    for host in waiting:
        host.troubles.add("deployment")
    host = waiting[0]
    host.stop()
    host.release = release

    def go_on() -> None:
        for host in waiting:
            if host.is_alive():
                host.stop()
            host.release = release
            host.troubles.discard("deployment")
            host.start()

    return Lifting(on="hosts", after=world.random.uniform(2, 15), undo=go_on, detail=f"release {release}")


def skew_clock(world: World) -> Lifting | None:
    if not (host := world.free_host()):
        return None
    host.skew = world.random.choice([0, -300, -10, -3, 3, 10, 300])
    host.kill()
    return _start_again(world, host, 0, f"by {host.skew:+d} s")


def kill_part(*parts: str) -> Fault:
    """SIGKILL for one process of each of these parts, at the same moment."""

    def fault(world: World) -> str | None:
        if not (host := world.free_host()):
            return None
        found = [getattr(host.tree(), part) for part in parts]
        if not all(found):
            return None
        chosen = [world.random.choice(pids) for pids in found]
        processes.send(signal.SIGKILL, chosen)
        return f"{host.name}, {chosen}"

    return fault


def freeze(*parts: str) -> Fault:
    """SIGSTOP for all processes of these parts, and SIGCONT later."""

    def fault(world: World) -> Lifting | None:
        if not (host := world.free_host()):
            return None
        tree = host.tree()
        chosen = [pid for part in parts for pid in getattr(tree, part)]
        if not chosen:
            return None
        host.troubles.add("frozen")
        processes.send(signal.SIGSTOP, chosen)

        def thaw() -> None:
            processes.send(signal.SIGCONT, chosen)
            host.troubles.discard("frozen")

        return Lifting(on=host.name, after=world.seconds(), undo=thaw, detail=str(chosen))

    return fault


KINDS: list[tuple[int, str, Fault]] = [
    (6, "kill a host", kill_host),
    (5, "restart a host", restart),
    (2, "deploy", deploy),
    (3, "kill a fork server", kill_part("servers")),
    (3, "kill a guardian", kill_part("guardians")),
    (3, "kill a child", kill_part("children")),
    (3, "kill fork server and guardian", kill_part("servers", "guardians")),
    (4, "freeze a host's worker", freeze("host")),
    (3, "freeze a fork server", freeze("servers")),
    (2, "freeze guardians", freeze("guardians")),
    (2, "freeze children", freeze("children")),
    (2, "freeze guardians and children", freeze("guardians", "children")),
    (4, "freeze a whole host", freeze("all")),
]
SKEW = (3, "skew a clock", skew_clock)
