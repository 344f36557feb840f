from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Takes that many MiB of memory, and touches every page of it."""

    def add_arguments(self, parser):
        parser.add_argument("mebibytes", type=int)

    def handle(self, *, mebibytes, **options):
        taken = bytearray(mebibytes * 1024 * 1024)
        taken[::4096] = b"x" * len(taken[::4096])
