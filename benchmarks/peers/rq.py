"""RQ: a worker forks a process for each job. Results are in Redis."""

import sys

import django
from redis import Redis
from rq import Queue, Worker
from rq.registry import FinishedJobRegistry

from benchmarks.peers.client import obey


def main() -> None:
    django.setup()
    from django.conf import settings

    from benchmarks.peers import work

    redis = Redis(port=settings.REDIS)
    queue = Queue(connection=redis)

    def ask(name: str, arguments: tuple[str, ...], number: int) -> None:
        function = getattr(work, name)
        queue.enqueue_many([Queue.prepare_data(function, arguments, timeout=600) for _ in range(number)])

    if sys.argv[1:] == ["worker"]:
        Worker([queue], connection=redis).work(logging_level="ERROR")
    else:
        obey(ask, lambda: FinishedJobRegistry(queue=queue).count)


if __name__ == "__main__":
    main()
