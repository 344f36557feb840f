from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Raises; with --unprintable an exception whose text can't be had, with --letters N one of that length."""

    def add_arguments(self, parser):
        parser.add_argument("--unprintable", action="store_true")
        parser.add_argument("--letters", type=int)

    def handle(self, *, unprintable, letters, **options):
        if unprintable:
            raise Unprintable
        if letters:
            raise ValueError("E" * letters)
        raise ValueError("the third row is wrong")


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")
