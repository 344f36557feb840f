import os
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Works for some seconds, then adds its run's number to a file: what the world would see twice."""

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("seconds", type=float)

    def handle(self, *, file, seconds, **options):
        time.sleep(seconds)
        # One write at the file's end: lines of others stay whole.
        mark = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(mark, f"{os.environ['JOBS_RUN']}\n".encode())
        os.close(mark)
