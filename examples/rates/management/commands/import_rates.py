"""manage.py import_rates: the European Central Bank's euro reference rates, into the table."""

import heapq
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from examples.rates import ecb
from examples.rates.source import Unavailable, default_source, open_source
from examples.rates.store import store


class Command(BaseCommand):
    help = "Imports the European Central Bank's euro reference rates. Importing the same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source",
            default=default_source(),
            help="Path or address of the bank's zipped CSV, or of the bare CSV. Default: %(default)s",
        )
        parser.add_argument("--days", type=int, help="Only this many of the file's latest days. Default: all.")

    def handle(self, *, source: str, days: int | None, **options: Any) -> str:
        """What the import did, in a sentence. A file with a mistake, or none, is a CommandError and changes nothing."""
        if days is not None and days < 1:
            raise CommandError(f"--days is {days}. Write a whole number, 1 or more.")
        try:
            with open_source(source) as file:
                return str(store(_latest(days, ecb.read_days(file, PurePath(source).name))))
        except (Unavailable, ecb.MalformedFile) as error:
            raise CommandError(str(error)) from error


def _latest(count: int | None, days: Iterable[ecb.Day]) -> Iterable[ecb.Day]:
    """The latest `count` days, whatever their order; the others are read, so that their mistakes are found."""
    return days if count is None else heapq.nlargest(count, days, key=lambda day: day.date)
