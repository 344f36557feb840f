import sys

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Ends in a `run_from_argv` of its own, as commands of django-click do."""

    def add_arguments(self, parser):
        parser.add_argument("code")

    def run_from_argv(self, argv):
        print("Error: no such account", file=sys.stderr)
        sys.exit(int(argv[2]))

    def handle(self, **options):
        raise NotImplementedError
