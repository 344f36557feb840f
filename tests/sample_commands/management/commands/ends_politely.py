import time

from django.core.management.base import BaseCommand

from jobs.progress import cancelled


class Command(BaseCommand):
    """Works until it is asked to end, and then tidies up."""

    def handle(self, **options):
        print("at work")
        for _ in range(6000):
            if cancelled():
                print("tidied up")
                return
            time.sleep(0.01)
