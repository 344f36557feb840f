"""Functions and classes as projects give them to schedulers."""

import functools
from types import SimpleNamespace

from django.core import management
from django.core.management import call_command


def nightly():
    """Clear what has ended."""
    call_command("clearsessions")


def with_words():
    from django.core.management import call_command as call

    return call("sleeps", "3", verbosity=0)


def by_module():
    management.call_command("succeeds")


def succeeds():
    print("its own work")


def flush():
    print("empty the queue")


def sleeps(seconds):
    print(seconds)


def computed(name="succeeds"):
    call_command(name)


def two_things():
    call_command("succeeds")
    call_command("clearsessions")


def in_a_loop():
    for _ in range(2):
        call_command("succeeds")


def another_call_command(call_command=print):
    call_command("succeeds")


def locked(function):
    @functools.wraps(function)
    def wrapper():
        if not nightly:
            return function()
        return None

    return wrapper


@locked
def decorated():
    call_command("succeeds")


def unknown_command():
    call_command("no_such_command")


class Clean:
    code = "samples.clean"
    schedule = SimpleNamespace(run_every_mins=5, run_at_times=[], retry_after_failure_mins=None)

    def do(self):
        call_command("clearsessions")


class Report:
    code = "samples.succeeds"
    ALLOW_PARALLEL_RUNS = True
    schedule = SimpleNamespace(
        run_every_mins=None,
        run_at_times=["06:30", "18:30", "12:00"],
        run_on_days=[0, 6],
        run_monthly_on_days=None,
        retry_after_failure_mins=3,
    )

    def do(self):
        call_command("succeeds")


class Poll(Clean):
    def do(self):
        print("poll")


class Both:
    code = "samples.both"
    schedule = SimpleNamespace(run_every_mins=5, run_at_times=["06:30"], retry_after_failure_mins=None)

    def do(self):
        call_command("succeeds")


class Newer(Clean):
    schedule = SimpleNamespace(run_every_mins=5, run_tolerance_seconds=30)
