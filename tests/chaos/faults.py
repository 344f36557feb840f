"""Faults at random, by a seed: each has a name, may last, and is lifted when its time is over."""

import heapq
import itertools
import math
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.chaos import LEASE
from tests.chaos.by_operators import Operators
from tests.chaos.database import Database
from tests.chaos.history import Trouble
from tests.chaos.hosts import Host

# Seconds between two faults, on average.
PACE = 2.0


@dataclass(kw_only=True)
class World:
    """All that faults may touch. `mark` is in the environment of every process of the hosts."""

    database: Database
    hosts: list[Host]
    operators: Operators
    mark: str
    random: Random
    journal: Path
    by_hand: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # What holds at the moment of the database as a whole: frozen sessions, a full disk.
    database_troubles: set[str] = field(default_factory=set)

    def free_host(self) -> Host | None:
        """A host that nothing is done to. Mostly another one is left, which may take over."""
        free = [host for host in self.hosts if host.is_alive() and not host.troubles]
        if not free or (len(free) == 1 and self.random.random() < 0.7):
            return None
        return self.random.choice(free)

    def seconds(self) -> float:
        """How long a fault lasts: shorter than the fence, or beyond the lease."""
        return self.random.choice([self.random.uniform(0.5, 10), self.random.uniform(LEASE + 3, 2.5 * LEASE)])


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """What ends a fault on a host, or on the "database", after so many seconds."""

    on: str
    after: float
    undo: Callable[[], None]
    detail: str = ""


# A fault gives what lifts it; a text where nothing has to be lifted; None where it found nothing to do.
type Fault = Callable[[World], Lifting | str | None]


class Faults:
    def __init__(self, world: World, kinds: list[tuple[int, str, Fault]], file: Path) -> None:
        self.world = world
        self.kinds = kinds
        self.file = file
        self.injected: Counter[str] = Counter()
        self.troubles: list[Trouble] = []
        self._liftings: list[tuple[float, int, Trouble, Callable[[], None]]] = []
        self._order = itertools.count()

    def go_on_for(self, seconds: float) -> None:
        """Inject faults for so long; those that last longer stay until `lift_all`."""
        end = time.monotonic() + seconds
        following = time.monotonic()
        while (now := time.monotonic()) < end:
            while self._liftings and self._liftings[0][0] <= now:
                self._lift()
            if now >= following:
                # One that finds nothing to do leaves its turn to another.
                any(self._inject() for _ in range(3))
                following = now + self.world.random.expovariate(1 / PACE)
            time.sleep(0.05)

    def lift_all(self) -> None:
        while self._liftings:
            self._lift()

    def _inject(self) -> bool:
        weights = [weight for weight, _, _ in self.kinds]
        _, name, fault = self.world.random.choices(self.kinds, weights)[0]
        match fault(self.world):
            case None:
                return False
            case Lifting() as lifting:
                at = time.monotonic() + lifting.after
                trouble = Trouble(name=name, on=lifting.on, begin=_boottime(), end=math.inf)
                heapq.heappush(self._liftings, (at, next(self._order), trouble, lifting.undo))
                self._note(f"{name}, for {lifting.after:.1f} s: {lifting.on} {lifting.detail}")
            case str() as detail:
                self._note(f"{name}: {detail}")
        self.injected[name] += 1
        return True

    def _lift(self) -> None:
        _, _, trouble, undo = heapq.heappop(self._liftings)
        undo()
        self.troubles.append(replace(trouble, end=_boottime()))
        self._note(f"{trouble.name} is over")

    def _note(self, line: str) -> None:
        with self.file.open("a") as log:
            log.write(f"{time.strftime('%T')} {_boottime():.1f} {line}\n")


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
