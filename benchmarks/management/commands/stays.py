from django.core.management.base import BaseCommand

from benchmarks.peers import work


class Command(BaseCommand):
    """Stays until it is killed, as a peer's task does."""

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?")

    def handle(self, *, file, **options):
        work.stay(file)
