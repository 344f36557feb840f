"""manage.py shop: pretends to do a task of a shop."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from jobs.progress import track


class Command(BaseCommand):
    help = "Pretends to do a task of a shop: sleeps, and prints what it would have done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="what it is called")
        parser.add_argument("--seconds", type=int, default=3, help="how long it takes. Default: %(default)s")
        parser.add_argument("--dry-run", action="store_true", help="change nothing")

    def handle(self, *, task: str, seconds: int, dry_run: bool, **options: Any) -> str:
        """What it did, in a sentence."""
        self.stdout.write(f"{task} begins{' without changing anything' if dry_run else ''}.")
        for second in track(range(seconds), total=seconds):
            time.sleep(1)
            self.stdout.write(f"{(second + 1) * 40} of {seconds * 40} done")
        return f"{seconds * 40} done"
