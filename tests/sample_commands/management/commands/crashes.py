import ctypes
import os
import signal

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Dies of a signal: SIGSEGV by reading address 0, any other by sending it to itself."""

    def add_arguments(self, parser):
        parser.add_argument("signal", nargs="?", default="SIGSEGV")

    def handle(self, **options):
        print("before the crash", end="", flush=True)
        if options["signal"] == "SIGSEGV":
            ctypes.string_at(0)
        os.kill(os.getpid(), signal.Signals[options["signal"]])
