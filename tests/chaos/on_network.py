"""Partitions: by the proxy, and by the kernel where it lets us."""

import shutil
import subprocess

from tests.chaos import proxy
from tests.chaos.faults import Fault, Lifting, World

COMMENT = "nightshift-chaos"


def partition(mode: str) -> Fault:
    def fault(world: World) -> Lifting | None:
        if not (host := world.free_host()):
            return None
        host.troubles.add(mode)
        host.proxy.delay = world.random.uniform(0.02, 0.4)
        host.proxy.mode = mode

        def heal() -> None:
            host.proxy.mode = proxy.PASS
            host.troubles.discard(mode)

        return Lifting(on=host.name, after=world.seconds(), undo=heal)

    return fault


def drop_packets(world: World) -> Lifting | None:
    """No packet passes, not even the kernel's acknowledgements."""
    if not (host := world.free_host()):
        return None
    host.troubles.add("dropped")
    for end in ("--dport", "--sport"):
        _iptables("-I", end, host.proxy.port)

    def heal() -> None:
        for end in ("--dport", "--sport"):
            _iptables("-D", end, host.proxy.port)
        host.troubles.discard("dropped")

    return Lifting(on=host.name, after=world.seconds(), undo=heal)


def _iptables(action: str, end: str, port: int) -> bool:
    rule = ["-i", "lo", "-p", "tcp", end, str(port), "-m", "comment", "--comment", COMMENT, "-j", "DROP"]
    return subprocess.run(["iptables", "-w", action, "INPUT", *rule], capture_output=True).returncode == 0


def why_no_drops() -> str:
    """Why packets can't be dropped here; empty where they can."""
    if not shutil.which("iptables"):
        return "iptables isn't installed"
    if not _iptables("-I", "--dport", 1):
        return "iptables may not add rules here"
    _iptables("-D", "--dport", 1)
    return ""


KINDS: list[tuple[int, str, Fault]] = [
    (4, "cut a host off", partition(proxy.CUT)),
    (4, "swallow a host's packets", partition(proxy.SWALLOW)),
    (3, "swallow the answers to a host", partition(proxy.DEAF)),
    (4, "leave a host's sessions half open", partition(proxy.HALF_OPEN)),
    (2, "slow a host's network down", partition(proxy.DELAY)),
]
DROPS = (3, "drop a host's packets in the kernel", drop_packets)
