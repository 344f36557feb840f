import os
import signal
import subprocess
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Sends a signal to its group or its parent, then sleeps; its group has two processes, whose pids it prints."""

    def add_arguments(self, parser):
        parser.add_argument("whom", choices=["group", "parent"])
        parser.add_argument("signal")

    def handle(self, *, whom, **options):
        number = signal.Signals[options["signal"]]
        print(os.getpid(), subprocess.Popen(["sleep", "60"]).pid, sep="\n", flush=True)
        if whom == "group":
            os.killpg(0, number)
        else:
            os.kill(os.getppid(), number)
        time.sleep(60)
