import threading
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Returns while a thread of its own still works."""

    def add_arguments(self, parser):
        parser.add_argument("seconds", type=float)

    def handle(self, *, seconds, **options):
        threading.Thread(target=lambda: (time.sleep(seconds), print("the thread is done"))).start()
        return "returned"
