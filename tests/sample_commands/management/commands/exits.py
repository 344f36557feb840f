import os
import sys

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Ends the process with a code or a sentence: by sys.exit, or with --at-once by os._exit."""

    def add_arguments(self, parser):
        parser.add_argument("code")
        parser.add_argument("--at-once", action="store_true")

    def handle(self, *, code, at_once, **options):
        print("last words", flush=True)
        if at_once:
            os._exit(int(code))
        sys.exit(int(code) if code.isdecimal() else code)
