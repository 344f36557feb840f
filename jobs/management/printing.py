"""What the commands that list things share: their options, and the two ways to print."""

import json
import shutil
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from jobs.presentation import table

# Where the output goes to a file or a pipe, which has no width.
DEFAULT_WIDTH = 120


def add_format(parser: ArgumentParser) -> None:
    parser.add_argument("--format", choices=["table", "json"], default="table", help="A table to read, or JSON.")


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as one JSON array. Moments are ISO 8601."""
    return json.dumps(rows, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)


def as_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows as wide as the terminal."""
    return table(headings, rows, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns)
