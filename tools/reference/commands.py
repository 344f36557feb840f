"""docs/reference/commands.md: the help of `nightshift` and of each command, as `--help` prints it."""

import argparse
import io
import os
import textwrap
from contextlib import redirect_stdout, suppress
from unittest.mock import patch

from django.core.management import get_commands, load_command_class
from django.core.management.base import DjangoHelpFormatter

from jobs import cli

COLUMNS = "100"
HEAD = """# Commands

`make docs` writes this page from each command's own `--help`.

## nightshift

The console script, for a project that Nightshift stands beside ([tutorial](../tutorial.md)).

```
{nightshift}```

```
{init}```

```
{upgrade}```

From afar, over the API:

```
{afar}```

The commands below are run by it (`nightshift runs`), or by `manage.py`. Django's common options are
left out, which every command takes:

{options}
"""


def page() -> str:
    ours = sorted(name for name, app in get_commands().items() if app == "jobs")
    common = sorted(option for option in DjangoHelpFormatter.show_last if option.startswith("--"))
    helps = {verb or "nightshift": usage_of_nightshift(verb) for verb in ("", "init", "upgrade")}
    helps["afar"] = usage_of_nightshift("--url=https://jobs.example.com")
    head = HEAD.format(**helps, options=textwrap.fill(", ".join(common), 100, break_on_hyphens=False))
    return head + "".join(f"\n## {name}\n\n```\n{usage(name)}```\n" for name in ours)


def usage_of_nightshift(verb: str) -> str:
    """What `nightshift --help` prints, or that of its verb."""
    said = io.StringIO()
    with patch.dict(os.environ, COLUMNS=COLUMNS, NO_COLOR="1"), redirect_stdout(said), suppress(SystemExit):
        cli.main([verb, "--help"] if verb else ["--help"])
    return said.getvalue()


def usage(name: str) -> str:
    """The command's help at a fixed width and without colour."""
    with patch.dict(os.environ, COLUMNS=COLUMNS, NO_COLOR="1"):
        parser = load_command_class("jobs", name).create_parser("manage.py", name)
        return "\n".join(found.format_help() for found in _with_acts(parser))


def _with_acts(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parser and those of its acts (`grant give`), without the options that every command takes."""
    found = [parser]
    for action in parser._actions:
        if DjangoHelpFormatter.show_last.intersection(action.option_strings):
            action.help = argparse.SUPPRESS
        if isinstance(action, argparse._SubParsersAction):
            found += [each for act in action.choices.values() for each in _with_acts(act)]
    return found
