import atexit
import sys

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Fails, and has an error reporter that hangs itself into Python as Sentry's does: a hook, and atexit to send."""

    ERRORS = {
        "exception": ValueError("the third row is wrong"),
        "refusal": CommandError("no rates today", returncode=4),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
    }

    def add_arguments(self, parser):
        parser.add_argument("error", choices=self.ERRORS)
        parser.add_argument("--broken", action="store_true")

    def handle(self, *, error, broken, **options):
        events, previous = [], sys.excepthook

        def hook(kind, failure, trace):
            if broken:
                raise RuntimeError("the reporter is broken")
            events.append(kind.__name__)
            previous(kind, failure, trace)

        sys.excepthook = hook
        atexit.register(lambda: print("sent", events, flush=True))
        raise self.ERRORS[error]
