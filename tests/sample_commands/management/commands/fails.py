from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Raises; with --unprintable an exception whose text can't be had."""

    def add_arguments(self, parser):
        parser.add_argument("--unprintable", action="store_true")

    def handle(self, *, unprintable, **options):
        if unprintable:
            raise Unprintable
        raise ValueError("the third row is wrong")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")
