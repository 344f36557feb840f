from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Ends well, with a line on each stream."""

    def add_arguments(self, parser):
        parser.add_argument("--word", default="done")

    def handle(self, *, word, **options):
        self.stderr.write("to stderr")
        return word
