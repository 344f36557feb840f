"""docs/reference/commands.md: the help of each command, as `manage.py COMMAND --help` prints it."""

import argparse
import os
import textwrap
from unittest.mock import patch

from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter

COLUMNS = "100"
HEAD = """# Commands

`make docs` writes this page from each command's own `--help`. Django's common options are left out,
which every command takes:

{options}
"""


def page() -> str:
    ours = sorted(name for name, app in get_commands().items() if app == "jobs")
    common = sorted(option for option in DjangoHelpFormatter.show_last if option.startswith("--"))
    head = HEAD.format(options=textwrap.fill(", ".join(common), 100, break_on_hyphens=False))
    return head + "".join(f"\n## {name}\n\n```\n{usage(name)}```\n" for name in ours)


def usage(name: str) -> str:
    """The command's help at a fixed width and without colour."""
    with patch.dict(os.environ, COLUMNS=COLUMNS, NO_COLOR="1"):
        parser = load_command_class("jobs", name).create_parser("manage.py", name)
        for action in parser._actions:
            if DjangoHelpFormatter.show_last.intersection(action.option_strings):
                action.help = argparse.SUPPRESS
        return parser.format_help()
