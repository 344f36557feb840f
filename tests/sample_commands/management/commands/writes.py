import os
import sys
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Writes in awkward ways."""

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["megabytes", "binary", "closed", "stdin", "secret", "streams", "lines"])
        parser.add_argument("--token", default="")
        parser.add_argument("--megabytes", type=int, default=1)
        parser.add_argument("--lines", type=int, default=1000)

    def handle(self, *, what, token, megabytes, lines, **options):
        match what:
            case "megabytes":
                for _ in range(megabytes):
                    sys.stdout.write("m" * 1024 * 1024)
            case "binary":
                os.write(1, bytes(range(256)))
            case "closed":
                sys.stdout.close()
                os.close(1)
            case "stdin":
                print(repr(sys.stdin.read()))
            case "secret":
                for half in (token[: len(token) // 2], token[len(token) // 2 :]):
                    os.write(1, half.encode())
                    time.sleep(0.05)
            case "streams":
                for number in range(3):
                    print("out", number, flush=True)
                    time.sleep(0.05)
                    print("err", number, file=sys.stderr, flush=True)
                    time.sleep(0.05)
            case "lines":
                for number in range(lines):
                    print(f"line {number:07}")
