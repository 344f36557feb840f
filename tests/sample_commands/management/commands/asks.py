import getpass
import pickle

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Asks for input, or comes to the end of something else."""

    def add_arguments(self, parser):
        parser.add_argument("how", choices=["input", "getpass", "pickle"])
        parser.add_argument("--noinput", action="store_false", dest="interactive")

    def handle(self, *, how, interactive, **options):
        if interactive:
            {"input": lambda: input("Sure? "), "getpass": getpass.getpass, "pickle": lambda: pickle.loads(b"")}[how]()
