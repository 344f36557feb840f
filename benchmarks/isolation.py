"""What an isolated, recorded run costs: queued, claimed, forked, watched to its end and finished."""

import subprocess
import sys

from django.conf import settings

from benchmarks.database import fork_server
from benchmarks.harness import Result, Row, Side, rounds
from benchmarks.ledger import next_moment, scheduled_run
from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.execution.worker import this_worker
from jobs.ledger.settle import settle

FORKS = 4


class Forks:
    """A process with Django loaded that forks on request."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=settings.BASE_DIR,
        )
        self._answered()

    def fork(self) -> None:
        """Fork once; returns when the child has ended and was waited for."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"!")
        self._answered()

    def stop(self) -> None:
        self.process.communicate()

    def _answered(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.read(1) == b"!"


def isolated_run() -> None:
    """A scheduled run in a child of its own, from its insertion to its end in the ledger."""
    [queued] = settle([registry["noop"]], next_moment()).runs
    assert this_worker.execute(queued.run) is Status.SUCCEEDED


def manage_py() -> None:
    subprocess.run([sys.executable, "manage.py", "noop"], check=True, cwd=settings.BASE_DIR)


def measure() -> list[Result]:
    forks = Forks()
    run, fork, ledger, manage = rounds(
        Side(work=isolated_run, times=20, helpers=fork_server),
        Side(work=forks.fork, times=20, helpers=lambda: [forks.process.pid]),
        Side(work=scheduled_run, times=20),
        Side(work=manage_py),
    )
    forks.stop()
    what = "an isolated, recorded run"
    allowed = [fork.times(FORKS) + ledger for fork, ledger in zip(fork, ledger, strict=True)]
    over_manage = Row(what=what, yardstick="`python manage.py noop`", ours=run, theirs=manage, faster=True)
    return [
        Result(
            row=3,
            figures=[over_manage.figure(over_manage.by_wall(), 50, "times as fast by the clock")],
            compared=[
                over_manage,
                Row(what=what, yardstick="a bare fork of a process with Django loaded", ours=run, theirs=fork),
                Row(what=what, yardstick=f"{FORKS} such forks and the ledger's part", ours=run, theirs=allowed),
            ],
            notes=[
                "A run is all of it: queued, claimed, forked, watched to its end, finished. CPU is that of Python's "
                "processes: the worker, the fork server, guardian and child. `manage.py noop` records nothing.",
                "A bare fork ends at once and is waited for, in a process that has loaded what the fork server loads.",
            ],
        )
    ]
