"""The tasks as Django's own."""

from django.tasks import task

from benchmarks.peers import work


@task
def noop() -> None:
    work.noop()


@task
def stay(started: str) -> None:
    work.stay(started)
