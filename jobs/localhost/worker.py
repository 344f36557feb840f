"""The real worker library, driven in this process: it indexes the app and runs its functions."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure_functions_runtime as library

from jobs.localhost import functions
from jobs.localhost.functions import Function, Refused
from jobs.localhost.protos import PROTOS, Message, request
from jobs.sentences import Sentence

# As many as our app in Azure is given; the library's own default depends on the machine.
THREADS = "32"


class IndexingRefused(Refused):
    """The worker library can't index the app; the message is its own."""


class NoFunctions(Sentence, Refused):
    """There is no function in {file}."""

    def __init__(self, folder: Path) -> None:
        super().__init__(file=folder / "function_app.py")


class WorkerEnded(Sentence):
    """Function {function!r} called sys.exit({code!r}). In Azure that ends the worker, and with it every other run."""

    def __init__(self, function: str, code: object) -> None:
        super().__init__(function=function, code=code)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an invocation: `value` is what the function returned, `error` is empty where it succeeded."""

    value: Any = None
    error: str = ""
    traceback: str = ""
    invocation_id: str = ""


class Worker:
    """The worker library with one app. It keeps its state in globals: one app a process."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def is_idle(self) -> bool:
        return not self._running

    async def index(self, folder: Path) -> list[Function]:
        """Load the function app of this folder. Raises Refused: what the library refuses, in its own words."""
        os.environ.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", THREADS)
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        library.start_threadpool_executor()
        init = Message(capabilities={}, function_app_directory=str(folder))
        reply = await library.worker_init_request(request(worker_init_request=init))
        if reply.result.status != PROTOS.StatusResult.Success:
            raise IndexingRefused(reply.result.exception.message)
        metadata = await library.functions_metadata_request(None)
        if not metadata.function_metadata_results:
            raise NoFunctions(folder)
        return [functions.read(found) for found in metadata.function_metadata_results]

    async def invoke(
        self,
        function: Function,
        data: Message,
        metadata: Mapping[str, Message] | None = None,
        traceparent: str = "",
    ) -> Reply:
        """Run a function on the library's threads and wait for it. Raises WorkerEnded where it called sys.exit()."""
        invocation = Message(
            invocation_id=str(uuid4()),
            function_id=function.id,
            input_data=[PROTOS.ParameterBinding(name=function.trigger["name"], data=data)],
            trigger_metadata=dict(metadata or {}),
            trace_context=Message(trace_parent=traceparent, trace_state="", attributes={}),
            retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
        )
        # Whoever waits may be cancelled; the thread that runs the function can't be, and counts until it is done.
        running = asyncio.create_task(self._run(function, invocation))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        reply = await asyncio.shield(running)
        if reply.result.status == PROTOS.StatusResult.Success:
            return Reply(reply.return_value, invocation_id=invocation.invocation_id)
        return Reply(error=reply.result.exception.message, traceback=reply.result.exception.stack_trace)

    async def _run(self, function: Function, invocation: Message) -> Any:
        try:
            return await library.invocation_request(request(invocation_request=invocation))
        except SystemExit as ending:
            # The library catches Exception only (docs/reference/azure.md, "The Python worker").
            raise WorkerEnded(function.name, ending.code) from None

    def stop(self) -> None:
        """Take no more work. Threads at work are not waited for: `stop_threadpool_executor` would."""
        if executor := library.get_threadpool_executor():
            executor.shutdown(wait=False, cancel_futures=True)
