import logging
import sys

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Ends in one of the ways that a command may end."""

    def add_arguments(self, parser):
        parser.add_argument("way", choices=["exception", "refusal", "sentence", "code", "log", "logged_error"])

    def handle(self, *, way, **options):
        if way == "exception":
            raise ValueError("the third row is wrong")
        if way == "refusal":
            raise CommandError("no rates today", returncode=4)
        if way == "sentence":
            sys.exit("no rates today")
        if way == "code":
            sys.exit(3)
        if way == "log":
            logging.basicConfig(format="%(levelname)s|%(message)s", stream=sys.stdout)
            logging.getLogger("shop").warning("few rates")
            logging.getLogger("shop").info("many rates")
        if way == "logged_error":
            logging.getLogger("shop").error("wrong rates")
