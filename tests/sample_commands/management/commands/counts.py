import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Writes a number every tenth of a second, for some seconds."""

    def add_arguments(self, parser):
        parser.add_argument("seconds", type=float)

    def handle(self, *, seconds, **options):
        for number in range(round(seconds * 10)):
            print(number)
            time.sleep(0.1)
