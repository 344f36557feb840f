import logging
import sys

from django.core.management.base import BaseCommand

logger = logging.getLogger("zoo")


class Command(BaseCommand):
    """Logs a warning and some information, configured as WAY says."""

    def add_arguments(self, parser):
        parser.add_argument("way", choices=["not", "basic", "level", "own", "root"])

    def handle(self, *, way, **options):
        if way == "basic":
            logging.basicConfig(format="%(name)s|%(message)s", stream=sys.stdout)
        elif way == "level":
            logging.basicConfig(level=logging.DEBUG, format="%(name)s|%(message)s")
        elif way == "own":
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter("own|%(message)s"))
            logger.addHandler(handler)
        elif way == "root":
            logging.warning("of the root")
        logger.warning("a warning")
        logger.info("some information")
        logger.debug("a detail")
