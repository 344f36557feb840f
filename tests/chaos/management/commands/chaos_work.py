import os
import random
import signal
import subprocess
import sys
import time

from django.core.management.base import BaseCommand

from tests.chaos import journal


class Command(BaseCommand):
    """Works for some seconds, and writes to the journal that it does."""

    def add_arguments(self, parser):
        parser.add_argument("name")
        parser.add_argument("seconds", type=float)
        parser.add_argument("--exit", type=int, default=0)
        parser.add_argument("--flaky", action="store_true", help="ends with 1, one time in four")
        parser.add_argument("--deaf", action="store_true", help="doesn't hear SIGTERM")
        parser.add_argument("--chatty", action="store_true", help="writes more than a pipe holds")
        parser.add_argument("--daemon", action="store_true", help="leaves a process behind, in a session of its own")

    def handle(self, *, name, seconds, exit, flaky, deaf, chatty, daemon, **options):
        journal.write("start", name, host=os.environ.get("CHAOS_HOST", ""))
        if deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if daemon:
            subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print("at work", flush=True)
        try:
            if chatty:
                print("x" * 300_000, flush=True)
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(journal.PULSE, left))
                journal.write("alive", name)
        except SystemExit:
            journal.write("stopped", name)
            raise
        code = random.choice([0, 0, 0, 1]) if flaky else exit
        journal.write("end", name, exit=code)
        sys.exit(code)
