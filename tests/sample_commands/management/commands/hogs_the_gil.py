import re

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Stays in one call of a C function that never lets another thread, or a signal handler, run."""

    def handle(self, **options):
        print("in C")
        re.match(r"(a|a)*b", "a" * 64)
