"""A command's own argparse, asked before the command runs."""

from collections.abc import Sequence
from functools import cache

from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser


class UnknownCommand(LookupError):
    """There is no management command called {name!r}."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no management command called {name!r}. `manage.py help` lists them.")


class InvalidArguments(ValueError):
    """The command's own parser refused the arguments; the sentence is the parser's."""


def check_arguments(command: str, arguments: Sequence[str]) -> None:
    """Parse the arguments as the command would.

    Raises UnknownCommand, or InvalidArguments with what the command's parser says of them.
    """
    parser = _parser(command)
    try:
        parser.parse_args(list(arguments))
    except CommandError as error:
        raise InvalidArguments(str(error).removeprefix("Error: ")) from None
    except SystemExit:
        # --help and --version print something and end the process.
        raise InvalidArguments(f"{' '.join(arguments)} makes the command print something and stop.") from None


@cache
def _parser(command: str) -> CommandParser:
    apps = get_commands()
    if command not in apps:
        raise UnknownCommand(command)
    app = apps[command]
    found: BaseCommand = app if isinstance(app, BaseCommand) else load_command_class(app, command)
    return found.create_parser("manage.py", command)
