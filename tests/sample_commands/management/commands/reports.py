import os

from django.core.management.base import BaseCommand

from jobs import progress
from jobs.progress import report


class Unprintable:
    def __str__(self):
        raise RuntimeError("no text")


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


class Command(BaseCommand):
    """Reports what no report should hold; with --raw the line as it stands."""

    RESULTS = {
        "deep": lambda: nested(3000),
        "very_deep": lambda: nested(100_000),
        "unprintable": Unprintable,
        "huge": lambda: 10**5000,
        "long_message": lambda: None,
    }

    def add_arguments(self, parser):
        parser.add_argument("what", choices=self.RESULTS, nargs="?")
        parser.add_argument("--raw")

    def handle(self, *, what, raw, **options):
        if raw is not None:
            os.write(progress._state.reports, b"\n" + raw.encode() + b"\n")
            return
        report(1, message="m" * 10_000_000 if what == "long_message" else what, result=self.RESULTS[what]())
