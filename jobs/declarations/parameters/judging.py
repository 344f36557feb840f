"""A command's own argparse, asked before the command runs: it is read, and leaves nothing behind."""

import argparse
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error

from jobs.declarations import bounds, side_effects
from jobs.declarations.side_effects import SideEffect
from jobs.declarations.values import is_text
from jobs.sentences import Sentence

# Python's own code and packages: an error is shown where the project's code took part in it, else a command's package.
PYTHONS = (sysconfig.get_path("stdlib"), "<frozen ")
PACKAGES = f"{os.sep}site-packages{os.sep}"


class UnknownCommand(Sentence, LookupError):
    """There is no management command called {name!r}. `manage.py help` lists them."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class InvalidArguments(ValueError):
    """The command's own parser refused the arguments; the sentence is the parser's."""


class BrokenCommand(Sentence):
    """The command {name} can't be loaded: {error} ({place})"""

    error: str
    place: str

    def __init__(self, name: str, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        super().__init__(name=name, error=text, place=_place(error))


def check_arguments(command: str, arguments: Sequence[str]) -> None:
    """Parse the arguments as the command would, but for what leaves something behind: no file is opened for writing.

    Raises UnknownCommand, BrokenCommand, or InvalidArguments with what the command's parser says of them.
    """
    for word in arguments:
        if not is_text(word):
            raise InvalidArguments(f"{word!r} is not UTF-8 text, or holds a NUL. Write it in UTF-8.")
    if why := bounds.arguments_are_too_long(arguments):
        raise InvalidArguments(why)
    parser = _parser(command)
    try:
        with side_effects.refused():
            options = parser.parse_args(list(arguments))
    except CommandError as error:
        raise InvalidArguments(str(error).removeprefix("Error: ")) from None
    except SystemExit:
        # --help and --version print something and end the process.
        raise InvalidArguments(f"{' '.join(arguments)} makes the command print something and stop.") from None
    except (SideEffect, Error):
        # What a file or the database would say is for the run to find out.
        return
    except Exception as error:
        raise InvalidArguments(f"{type(error).__name__}: {error} ({_place(error)})") from error
    named, ours = getattr(options, "settings", None), os.environ.get("DJANGO_SETTINGS_MODULE")
    if named not in {None, ours}:
        raise InvalidArguments(
            f"--settings {named}: a run has the settings of its worker, {ours}. Leave --settings out."
        )


def parser_of(command: str) -> CommandParser:
    """The command's own parser. Raises UnknownCommand or BrokenCommand."""
    apps = get_commands()
    if command not in apps:
        raise UnknownCommand(command)
    app = apps[command]
    try:
        found: BaseCommand = app if isinstance(app, BaseCommand) else load_command_class(app, command)
        return found.create_parser("manage.py", command)
    except (Exception, SystemExit) as error:
        raise BrokenCommand(command, error) from error


@cache
def _parser(command: str) -> CommandParser:
    parser = parser_of(command)
    for action in _actions(parser):
        if opens_a_file(action.type):
            action.type = str
    return parser


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All of a parser, and of the parsers of its subcommands. Another package's parser has none that we know."""
    if not isinstance(parser, argparse.ArgumentParser):
        return
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _actions(subparser)


def opens_a_file(type: Any) -> bool:
    """Whether the type's own job is to open the file: its name is any text."""
    of: Callable[..., Any] | None = getattr(type, "func", type)  # what a partial calls
    return isinstance(of, argparse.FileType) or of is open


def _place(error: BaseException) -> str:
    """File and line at which the project's own code failed, or else that of the innermost call."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}, line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    project = [frame for frame in frames if not frame.filename.startswith(PYTHONS) and PACKAGES not in frame.filename]
    commands = [frame for frame in frames if f"{os.sep}management{os.sep}commands{os.sep}" in frame.filename]
    last = (project or commands or frames)[-1]
    return f"{_short(last.filename)}, line {last.lineno}"


def _short(path: str) -> str:
    """As seen from where `manage.py` is called, if it lies below."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)
