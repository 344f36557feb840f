import os
import subprocess
import sys
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Starts processes below itself: three levels of forks, or a daemon; prints the pid of each."""

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["forks", "daemon", "shell"])
        parser.add_argument("--linger", type=float, default=0)

    def handle(self, *, what, linger, **options):
        match what:
            case "forks":
                self.fork(3)
            case "daemon":
                self.daemon()
            case "shell":
                print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
        time.sleep(linger)

    def fork(self, levels):
        if levels and os.fork() == 0:
            print(os.getpid(), flush=True)
            self.fork(levels - 1)
            time.sleep(60)
            os._exit(0)
        time.sleep(0.2)

    def daemon(self):
        code = (
            "import os, sys, time\n"
            "if os.fork(): os._exit(0)\n"
            "os.setsid()\n"
            "if os.fork(): os._exit(0)\n"
            "print(os.getpid(), flush=True); time.sleep(60)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
        time.sleep(0.2)
