import signal
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Doesn't listen to SIGTERM."""

    def handle(self, **options):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf")
        time.sleep(60)
