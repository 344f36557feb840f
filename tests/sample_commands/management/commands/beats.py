import os
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Writes its attempt's number and the time into a file, a hundred times a second."""

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("seconds", type=float)

    def handle(self, *, file, seconds, **options):
        beats = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.write(beats, f"{os.environ['JOBS_ATTEMPT']} {time.monotonic()}\n".encode())
            time.sleep(0.01)
