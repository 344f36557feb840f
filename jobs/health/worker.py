"""Checks of the worker: what it executes runs with."""

import os

from jobs.conf import conf, project_folder
from jobs.declarations.host_json import HostJson, UnreadableHostJson
from jobs.execution.isolation import memory
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.health.answers import Problem
from jobs.ledger import connections, doorbell
from jobs.progress import current_run


def threads() -> str:
    """The worker's threads serve HTTP and supervise runs: a run holds one to its end."""
    count, running = connections.peak().threads, conf.JOBS_MAX_RUNNING
    if conf.LOCAL and not os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT"):
        return "LOCAL=1: the local host sees to them"
    if count < 2 * running + 2:
        raise Problem(
            f"The worker has {count} threads for HTTP, timers and {running} runs at once. "
            f"Set PYTHON_THREADPOOL_THREAD_COUNT to {4 * running} or more."
        )
    return f"{count}, for {running} runs at once"


def fork_server() -> str:
    """Whether the process that forks the runs is up. It is started where it isn't, as the first run would."""
    if current_run():
        return "it loads the project: this run comes from it"
    try:
        server.start()
    except ForkServerFailed as failure:
        raise Problem(
            str(failure).strip().splitlines()[-1],
            public="The fork server can't load the project, so no run can start. The app's log says why.",
            log=str(failure),
        ) from None
    return "; ".join(filter(None, ["it loads the project", memory.huge_pages()]))


def fork_server_once() -> str:
    """The same, from a process that needs none afterwards."""
    said = fork_server()
    if not current_run():
        server.stop()
    return said


def queue() -> str:
    """Whether executors can be woken."""
    return _queue(doorbell.backend().problem())


def queue_rehearsed() -> str:
    """The same, by a message that is sent and taken back where the doorbell can do that."""
    return _queue(doorbell.backend().rehearse())


def _queue(why: str) -> str:
    if why:
        public = "The queue can't be reached, so runs wait for it. The app's log says why."
        raise Problem(why, public=public)
    return conf.JOBS_DOORBELL


def batch() -> str:
    """Whether the host and the settings agree on how many runs an instance executes at once."""
    try:
        messages = HostJson.of(project_folder()).batch_size
    except UnreadableHostJson as error:
        raise Problem(f"{error} Write it as JSON.") from None
    if messages != conf.JOBS_MAX_RUNNING:
        raise Problem(
            f"The host takes {messages} messages at once (queues.batchSize of host.json, or the setting that overrides "
            f"it), and JOBS_MAX_RUNNING is {conf.JOBS_MAX_RUNNING}. Make them the same, and "
            "queues.newBatchThreshold one less."
        )
    return f"{messages} messages at once, as many as runs"
