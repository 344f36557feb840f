import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Sleeps for some seconds, having said that it began."""

    def add_arguments(self, parser):
        parser.add_argument("seconds", type=float)

    def handle(self, *, seconds, **options):
        print("asleep")
        time.sleep(seconds)
        print("awake")
