"""`python -m jobs.scaffold.schedulers NAME FILE`: load the project in this folder, and write what was read to FILE."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import django

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers.readers import READERS


def main(name: str, answer: str) -> None:
    """Errors of the project itself end this process with their traceback."""
    django.setup()
    try:
        written = asdict(READERS[name]())
    except Untranslatable as error:
        written = {"problem": str(error)}
    Path(answer).write_text(json.dumps(written), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
