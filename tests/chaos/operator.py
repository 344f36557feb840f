"""An operator's shell: a process that reads commands of `manage.py` from its input, one JSON list a line."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

import django


def main() -> None:
    django.setup()
    from django.core.management import CommandError, call_command
    from django.db import Error, connections

    for line in sys.stdin:
        words = json.loads(line)
        told = io.StringIO()
        try:
            with redirect_stdout(told), redirect_stderr(told):
                call_command(*words)
            answer = "ok"
        except (CommandError, Error) as refused:
            answer = f"{type(refused).__name__}: {refused}"
        except Exception as failure:  # noqa: BLE001 — the harness reports it
            answer = f"failed: {type(failure).__name__}: {failure}"
        # As a process of its own would: the next command isn't refused for a connection that broke.
        connections.close_all()
        print(json.dumps([words, answer, told.getvalue()]), flush=True)


if __name__ == "__main__":
    main()
