"""Four isolated no-op runs at a time, over procrastinate's worker with four at a time on the same PostgreSQL."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import procrastinate
from django.core.management import call_command

from benchmarks.database import fork_server, libpq, postgresql
from benchmarks.harness import Row, Side, rounds
from jobs.choices import Status
from jobs.execution.worker import this_worker
from jobs.ledger import triggers

AT_A_TIME = 4
RUNS = 40


class Ours:
    """Queued runs, executed by as many threads as the host calls functions at a time."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(AT_A_TIME)
        self.runs: list[int] = []

    def prepare(self) -> None:
        self.runs = [triggers.request("noop_beside", requested_by="a benchmark", ring=False).pk for _ in range(RUNS)]

    def execute(self) -> None:
        assert set(self.pool.map(this_worker.execute, self.runs)) == {Status.SUCCEEDED}


class Theirs:
    """Deferred tasks, executed by procrastinate's own worker in its threads: nothing is isolated."""

    def __init__(self) -> None:
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector(kwargs=libpq()))
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.app.open_async())
        self.loop.run_until_complete(self.app.schema_manager.apply_schema_async())

        @self.app.task
        def noop() -> None:
            call_command("noop")

        self.noop = noop

    def prepare(self) -> None:
        async def defer() -> None:
            for _ in range(RUNS):
                await self.noop.defer_async()

        self.loop.run_until_complete(defer())

    def execute(self) -> None:
        self.loop.run_until_complete(
            self.app.run_worker_async(concurrency=AT_A_TIME, wait=False, install_signal_handlers=False)
        )

    def succeeded(self) -> int:
        jobs = self.loop.run_until_complete(self.app.job_manager.list_jobs_async(status="succeeded"))
        return len(list(jobs))

    def close(self) -> None:
        self.loop.run_until_complete(self.app.close_async())
        self.loop.close()


def measure() -> list[Row]:
    ours, theirs = Ours(), Theirs()
    isolated, in_threads = rounds(
        Side(work=ours.execute, prepare=ours.prepare, helpers=lambda: [*fork_server(), *postgresql()]),
        Side(work=theirs.execute, prepare=theirs.prepare, helpers=postgresql),
    )
    assert theirs.succeeded() == RUNS * (len(in_threads) + 1)
    theirs.close()
    return [
        Row(
            what="4 isolated no-op runs at a time",
            yardstick="procrastinate with concurrency 4, nothing isolated",
            ours=isolated,
            theirs=in_threads,
            items=RUNS,
            rate="runs/s",
            aim=1,
            faster=True,
        )
    ]
