"""The local host: the worker, its listeners and its HTTP server, from the start to Ctrl-C."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobs import telemetry, terminal
from jobs.alerts import process
from jobs.conf import conf
from jobs.declarations.host_json import HostJson
from jobs.execution import startup
from jobs.execution.worker import this_worker
from jobs.localhost import call_results, keys, queue, shutdown
from jobs.localhost.admin import Admin
from jobs.localhost.clock import Clock, SystemClock
from jobs.localhost.doorbells import PostgresDoorbell, Source
from jobs.localhost.functions import Function
from jobs.localhost.http import Application
from jobs.localhost.invocations import Invocations
from jobs.localhost.monitor import Monitor
from jobs.localhost.queue import Queue
from jobs.localhost.server import Server, bind
from jobs.localhost.site import Site
from jobs.localhost.timers import Timer
from jobs.localhost.worker import Worker

# All of it together has to stay under 5 s: what a person waits for after Ctrl-C.
CHANCE = timedelta(seconds=0.5)
GRACE = timedelta(seconds=1.5)
FLUSH = timedelta(seconds=0.5)
LAST_CALL = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Where the app is, where the host keeps its state (schedule statuses, master key), and where it listens."""

    app: Path
    state: Path
    address: str = "127.0.0.1"
    port: int = 7071
    # Gives further lines for the start's message, from the URL of the site.
    banner: Callable[[str], Iterable[str]] = field(default=lambda url: ())


class Host:
    """Runs one function app until it is asked to stop. `say` prints a line to the terminal."""

    def __init__(
        self,
        options: Options,
        say: Callable[[str], None],
        clock: Clock | None = None,
        source: Source | None = None,
    ) -> None:
        self.options = options
        self.say = say
        self.worker = Worker()
        self.invocations = Invocations(self.worker, clock or SystemClock(), say, call_results.of_call)
        self.source = source or PostgresDoorbell(say)
        self.stopping = asyncio.Event()
        self.by_hand: set[asyncio.Task[object]] = set()

    async def run(self) -> bool:
        """Serve until a signal comes. False where a call still runs that nobody can stop.

        Raises Refused, or whatever made a listener fail: none of them ends silently.
        """
        self._hear_signals()
        functions = {function.name: function for function in await self.worker.index(self.options.app)}
        self._make_listeners(list(functions.values()))
        socket = bind(self.options.address, self.options.port)
        url = f"http://{self.options.address}:{socket.getsockname()[1]}"
        admin = Admin(functions, keys.master_key(self.options.state), url, self._call_by_hand)
        server = Server(Application(admin.answer, self._site(functions).answer))
        self._greet(url, functions)
        if conf.LOCAL:  # elsewhere the app has begun with it
            process.begin()
            startup.begin()
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        listening = [asyncio.create_task(timer.listen()) for timer in self.timers.values() if _listens(timer.function)]
        if self.queues:
            listening.append(asyncio.create_task(queue.listen(self.source, list(self.queues.values()))))
        ends = {asyncio.create_task(self.stopping.wait()), asyncio.create_task(self._hear_the_worker_end())}
        ended, others = await asyncio.wait({serving, *listening, *ends}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await self._stop(others)
        _ignore_signals()
        for task in ended:
            task.result()
        return self.worker.is_idle

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """The first call stops in good order, the second at once."""
        if self.stopping.is_set():
            if number is signal.SIGHUP:  # a closed terminal's comes from the kernel and from the shell
                return
            _ignore_signals()
            shutdown.now(130)
        self.say("Stopping. Ctrl-C again stops at once.")
        self.stopping.set()

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in terminal.heard():
            loop.add_signal_handler(number, self.stop, number)

    def _make_listeners(self, functions: list[Function]) -> None:
        monitor = Monitor(self.options.state / "timers.json")
        host_json = HostJson.of(self.options.app)
        self.timers = {
            function.name: Timer(function, monitor, self.invocations)
            for function in functions
            if function.kind == "timerTrigger"
        }
        self.queues = {
            function.name: Queue(
                function, self.invocations, at_once=host_json.batch_size, attempts=host_json.max_dequeue_count
            )
            for function in functions
            if function.kind == "queueTrigger"
        }

    def _site(self, functions: dict[str, Function]) -> Site:
        catch_all = next((function for function in functions.values() if function.kind == "httpTrigger"), None)
        return Site(catch_all, self.invocations)

    def _greet(self, url: str, functions: dict[str, Function]) -> None:
        disabled = [name for name, function in functions.items() if function.is_disabled]
        self.say(f"{len(functions)} functions: {', '.join(functions)}")
        if disabled:
            self.say(f"Disabled: {', '.join(disabled)}")
        self.say(f"Site      {url}/")
        self.say(f"Functions {url}/admin/functions  (x-functions-key: see {keys.whereabouts(self.options.state)})")
        for line in self.options.banner(url):
            self.say(line)
        self.say("Ctrl-C stops it.")

    def _call_by_hand(self, function: Function, given: str) -> None:
        if function.name in self.timers:
            # For a timer the input is dropped (docs/reference/azure.md, "Manual calls").
            call: Coroutine[Any, Any, object] = self.timers[function.name].call_by_hand()
        else:
            call = self.queues[function.name].call(given, "manual", why="manual")
        task = asyncio.create_task(call)
        self.by_hand.add(task)
        task.add_done_callback(self.by_hand.discard)

    async def _hear_the_worker_end(self) -> bool:
        await self.invocations.worker_ended.wait()
        assert self.invocations.fault
        raise self.invocations.fault

    async def _stop(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Start nothing more, end the runs, wait for the calls at work, and leave no task."""
        self.invocations.close()
        ending = shutdown.in_background(_end_the_runs)
        deadline = asyncio.get_running_loop().time() + LAST_CALL
        while (not self.worker.is_idle or ending.is_alive()) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        for task in (*tasks, *self.by_hand):
            task.cancel()
        await asyncio.gather(*tasks, *self.by_hand, return_exceptions=True)
        self.worker.stop()


def _end_the_runs() -> None:
    this_worker.shut_down(CHANCE, GRACE)
    process.deliverer.stop()
    telemetry.flush(FLUSH)


def _ignore_signals() -> None:
    """What is left to do takes no time, and an interruption of it would leave PostgreSQL behind."""
    for number in terminal.ENDING:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def _listens(function: Function) -> bool:
    return not function.is_disabled
