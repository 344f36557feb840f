import json
import sys

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Gives `sys.argv`, what Django's own options did, and whether it was called as manage.py calls it."""

    def add_arguments(self, parser):
        parser.add_argument("words", nargs="*")

    def handle(self, **options):
        return json.dumps(
            {
                "argv": sys.argv,
                "path": sys.path[0],
                "colour": self.style.ERROR("x") != "x",
                "from_command_line": self._called_from_command_line,
            }
        )
