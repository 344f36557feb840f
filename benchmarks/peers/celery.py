"""Celery's prefork pool, with Redis as broker and for results."""

import django
from celery import Celery

django.setup()

from django.conf import settings  # noqa: E402

from benchmarks.peers import work  # noqa: E402
from benchmarks.peers.client import obey  # noqa: E402

url = f"redis://127.0.0.1:{settings.REDIS}/{settings.REDIS_DATABASE}"
app = Celery("benchmarks", broker=url, backend=url)
app.conf.worker_prefetch_multiplier = 1
app.conf.worker_proc_alive_timeout = 60  # seconds: by itself it kills what a busy machine starts too slowly
tasks = {name: app.task(getattr(work, name), name=name) for name in ("noop", "stay")}


def main() -> None:
    ended = 0

    def ask(name: str, arguments: tuple[str, ...], number: int) -> None:
        nonlocal ended
        asked = [tasks[name].delay(*arguments) for _ in range(number)]
        if name == "noop":
            for result in asked:
                result.get(timeout=600)
            ended += number

    obey(ask, lambda: ended)


if __name__ == "__main__":
    main()
