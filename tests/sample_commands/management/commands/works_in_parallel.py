import asyncio
import multiprocessing
import os
import subprocess
import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand


def square(number):
    return number * number


async def ask():
    """Several questions at once, by the async ORM."""
    # Not above: the processes of a pool that didn't begin as forks import this module, and have no Django.
    from jobs.models import Run

    runs = await asyncio.gather(*(Run.objects.aget(pk=os.environ["JOBS_RUN"]) for _ in range(3)))
    async for run in Run.objects.filter(pk=os.environ["JOBS_RUN"]):
        runs.append(run)
    return " ".join(run.status for run in runs)


class Command(BaseCommand):
    """Has others work for it: a pool of processes, an event loop, or a run of its own."""

    def add_arguments(self, parser):
        parser.add_argument("how", choices=["fork", "spawn", "forkserver", "asyncio", "run", "run in here"])

    def handle(self, *, how, **options):
        match how:
            case "asyncio":
                return asyncio.run(ask())
            case "run":
                subprocess.run([sys.executable, "manage.py", "run", "succeeds"], check=True)
                return None
            case "run in here":
                call_command("run", "succeeds")
                return None
        with multiprocessing.get_context(how).Pool(2) as pool:
            return str(pool.map(square, range(4)))
