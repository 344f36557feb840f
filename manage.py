#!/usr/bin/env python
import os
import signal
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mydjango.settings")
    from django.core.management import execute_from_command_line

    from jobs import terminal

    terminal.open_missing_streams()
    # A closed terminal or a `kill` would end it without its atexit functions, and one of them stops the embedded
    # PostgreSQL.
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    execute_from_command_line(sys.argv)
