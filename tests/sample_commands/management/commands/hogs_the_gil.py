from collections import deque
from itertools import repeat

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Stays in one call of a C function that never lets another thread, or a signal handler, run."""

    def handle(self, **options):
        print("in C")
        deque(repeat(None), maxlen=0)
