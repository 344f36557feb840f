"""`make chaos MINUTES=20 HOSTS=3 SEED=7`: real hosts under random faults, then the verdict. 1 means a violation."""

import argparse
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tests.chaos import (
    LEASE,
    audit,
    by_hand,
    checker,
    journal,
    on_database,
    on_hosts,
    on_network,
    processes,
    report,
    skew,
)
from tests.chaos.by_operators import Operators
from tests.chaos.database import ROOT, Database
from tests.chaos.faults import Faults, World
from tests.chaos.history import History, Violation
from tests.chaos.hosts import Host
from tests.chaos.watch import Watch
from tests.chaos.zoo import JOBS

# How long the hosts are left in peace before the verdict, in seconds.
REST = 3 * LEASE + 45


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--only", default="", help="only faults with this in their names")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so all is tidied up
    folder = ROOT / ".local" / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{chosen.seed}"
    folder.mkdir(parents=True)
    print(
        f"SEED={chosen.seed} MINUTES={chosen.minutes:g} HOSTS={chosen.hosts}, in {folder.relative_to(ROOT)}", flush=True
    )
    return Chaos(folder, chosen).run()


class Chaos:
    def __init__(self, folder: Path, chosen: argparse.Namespace) -> None:
        self.folder = folder
        self.chosen = chosen
        self.mark = f"CHAOS_MARK={uuid4()}"
        self.database = Database(folder)
        with self.database.connect() as connection:
            audit.install(connection)
        self.hosts = [Host(number, folder, self.database, self.mark) for number in range(1, chosen.hosts + 1)]
        self.world = World(
            database=self.database,
            hosts=self.hosts,
            operators=Operators(self.database),
            mark=self.mark,
            random=random.Random(chosen.seed),
            journal=folder / "journal.jsonl",
        )
        self.faults = Faults(self.world, self._kinds(), folder / "faults.log")
        self.watch = Watch(
            self.database, self.hosts, folder / "journal.jsonl", lambda: not self.world.database_troubles
        )

    def _kinds(self) -> list[tuple[int, str, object]]:
        """All faults that this machine allows; for the others a line says why not."""
        kinds = [*on_hosts.KINDS, *on_network.KINDS, *on_database.KINDS, *by_hand.KINDS]
        kinds.append((8, "let an operator act", lambda world: world.operators.act(world.random)))
        for needs, kind in (
            (skew.why_not(), on_hosts.SKEW),
            (on_network.why_no_drops(), on_network.DROPS),
            ("" if self.database.is_small else f"no small disk: {self.database.why_not}", on_database.FULL_DISK),
        ):
            if needs:
                print(f"Left out: {kind[1]}, since {needs}.")
            else:
                kinds.append(kind)
        return [kind for kind in kinds if self.chosen.only in kind[1]]

    def run(self) -> int:
        try:
            for host in self.hosts:
                host.release = self.world.random.choice([1, 2])
                host.start()
            self._wait_until_ready()
            self.watch.start()
            self.faults.go_on_for(self.chosen.minutes * 60)
            self._come_to_rest()
            return self._judge()
        finally:
            self._clean_up()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + 90
        while not all(host.is_ready() for host in self.hosts):
            if time.monotonic() > end:
                raise RuntimeError(f"A host doesn't come up; see {self.folder}/host-*.log")
            time.sleep(0.2)

    def _come_to_rest(self) -> None:
        """Lift all faults, put one release with a right clock everywhere, and let the hosts work in peace."""
        self.faults.lift_all()
        processes.send(signal.SIGCONT, [process.pid for process in processes.marked(self.mark)])
        self.database.ensure_up()
        self.world.operators.type(["resume", "--all"])
        for host in self.hosts:
            host.stop()
            host.release, host.skew = 2, 0
            host.start()
        self._wait_until_ready()
        time.sleep(LEASE)
        self.settled_at = datetime.now(UTC)
        time.sleep(REST - LEASE)

    def _judge(self) -> int:
        self.watch.ended.set()
        with self.database.connect() as connection:
            history = audit.read(connection)
        executions = journal.read(self.folder / "journal.jsonl")
        self._add_what_was_done(history)
        found = checker.check(history, executions, JOBS)
        ended = {run.id for run in history.runs if run.status in checker.ENDED}
        found.violations += self.watch.violations
        found.violations += self._left_behind(ended)
        found.violations += [
            Violation(kind="host surprised", text=text) for host in self.hosts for text in host.surprises
        ]
        found.violations += [
            Violation(kind="operator's command failed", text=text) for text in self.world.operators.failures
        ]
        print(report.counted("Injected:", self.faults.injected))
        print(report.counted("Operators:", self.world.operators.answers))
        print(report.counted("Checked:", found.counts + self.watch.counts))
        print(report.counted("Runs:", Counter(run.status for run in history.runs)))
        report.write_evidence(self.folder / "evidence.txt", found.violations, history, executions)
        if not found.violations:
            print("No violation.")
            return 0
        print(report.counted("Violations:", Counter(violation.kind for violation in found.violations)))
        print(*found.violations, sep="\n")
        print(f"SEED={self.chosen.seed} repeats the choices. Evidence: {self.folder.relative_to(ROOT)}")
        return 1

    def _add_what_was_done(self, history: History) -> None:
        history.wall = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        history.settled_at = self.settled_at
        history.troubles = self.faults.troubles
        for host in self.hosts:
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            for release, begin, end in [*host.lives, (host.release, host.begin, now)]:
                history.up.setdefault(release, []).append((host.name, begin, end))

    def _left_behind(self, ended: set[int]) -> list[Violation]:
        """Processes that outlive their run, and then those that outlive their host."""
        found = [
            Violation(
                kind="outlives its run", text=f"{process.command.strip()} (pid {process.pid}) of run {run}", runs=(run,)
            )
            for process in processes.marked(self.mark)
            if (run := processes.run_of(process.pid)) in ended
        ]
        for process in self.world.by_hand:
            process.terminate()
        for host in self.hosts:
            host.stop()
        end = time.monotonic() + 15
        while (left := processes.marked(self.mark)) and time.monotonic() < end:
            time.sleep(0.2)
        return found + [
            Violation(kind="outlives its host", text=f"{process.command.strip()} (pid {process.pid})")
            for process in left
        ]

    def _clean_up(self) -> None:
        self.watch.ended.set()
        self.faults.lift_all()
        self.world.operators.close()
        for host in self.hosts:
            host.kill()
        left = [process.pid for process in processes.marked(self.mark)]
        processes.send(signal.SIGKILL, left)
        self.database.remove()


if __name__ == "__main__":
    sys.exit(main())
