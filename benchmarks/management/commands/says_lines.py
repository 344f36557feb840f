import os

from django.core.management.base import BaseCommand

from benchmarks.lines import THOUSAND, TIMES

BLOCK = 8192  # the default size of a buffered write to a pipe in Python and C


class Command(BaseCommand):
    """Says the lines of a benchmark: one by one as print() does, or in blocks as a program that buffers does."""

    def add_arguments(self, parser):
        parser.add_argument("--in-blocks", action="store_true")

    def handle(self, *, in_blocks, **options):
        for _ in range(TIMES):
            if in_blocks:
                self._write(THOUSAND.encode())
            else:
                for line in THOUSAND.splitlines():
                    print(line)

    def _write(self, said):
        for start in range(0, len(said), BLOCK):
            block = said[start : start + BLOCK]
            while block:
                block = block[os.write(1, block) :]
