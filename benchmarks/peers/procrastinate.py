"""procrastinate's worker on PostgreSQL, four tasks at a time in its threads."""

import os
import sys

import django
import procrastinate

from benchmarks.peers.client import obey

URL = os.environ["DATABASE_URL"]


def main() -> None:
    django.setup()
    from benchmarks.peers import work

    at_work = sys.argv[1:] == ["worker"]
    connector = procrastinate.PsycopgConnector if at_work else procrastinate.SyncPsycopgConnector
    app = procrastinate.App(connector=connector(conninfo=URL))
    tasks = {name: app.task(getattr(work, name), name=name) for name in ("noop", "stay")}
    if at_work:
        app.run_worker(concurrency=4)
        return
    with app.open():
        if not app.check_connection():
            app.schema_manager.apply_schema()

        def ask(name: str, arguments: tuple[str, ...], number: int) -> None:
            words = {"started": arguments[0]} if arguments else {}
            tasks[name].batch_defer(*[words] * number)

        obey(ask, lambda: len(list(app.job_manager.list_jobs(status="succeeded"))))


if __name__ == "__main__":
    main()
