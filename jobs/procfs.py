"""What Linux says of a process in /proc/PID/stat (proc_pid_stat(5)). Elsewhere it says nothing."""

from dataclasses import dataclass
from pathlib import Path

ENDED = frozenset({"Z", "X"})  # a zombie, and one that is just being removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Stat:
    """`started`: when, in the kernel's ticks since boot. A pid is used again, the pair of both isn't."""

    state: str
    parent: int
    started: str

    @property
    def has_ended(self) -> bool:
        """Whether it has ended and only waits for its parent to ask how."""
        return self.state in ENDED


def stat(process: int) -> Stat | None:
    """None where there is no such process."""
    try:
        text = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets and may hold anything.
    fields = text.rpartition(b")")[2].decode().split()
    return Stat(state=fields[0], parent=int(fields[1]), started=fields[19])
