"""A management command, run the way `manage.py COMMAND ARGS` runs it, and what became of it."""

import getpass
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import django.apps
import django.core.management
from django.core.management import CommandError, ManagementUtility, get_commands, load_command_class
from django.core.management.base import BaseCommand

from jobs.declarations.bounds import text_of

# Where frames come from that lead up to a command.
NOT_OF_THE_JOB = (os.path.dirname(__file__), django.core.management.__file__, django.core.management.base.__file__)
# How commands name the option that keeps them from asking.
ASKS_NOTHING = ("--no-input", "--noinput", "--no-interactive", "--non-interactive", "--yes")
# As a shell has it for a process that SIGINT ended.
INTERRUPTED = 130


@dataclass(slots=True)
class Exit:
    """The exit code that `manage.py` would end with, the error in a sentence, and what the command returned."""

    code: int = 0
    error: str = ""
    result: object = None


def run(name: str, arguments: list[str]) -> Exit:
    """Run the command as `manage.py` does, but for the system checks: those ran when the release was made."""
    from django.db import connections

    sys.argv = ["manage.py", name, *arguments]
    heard = Exit()
    command = None
    try:
        # A SIGTERM that came while the process was set up reaches it here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        _be_found(arguments)
        if not django.apps.apps.ready:
            django.setup()  # its fork server has loaded nothing
        command = _load(name, heard)
        _listen(command, heard)
        command.run_from_argv(sys.argv.copy())
        return heard
    except SystemExit as stop:
        return _exit(stop.code, heard.error)
    except BaseException as failure:  # noqa: BLE001 — a job's own code
        sentence = _sentence(failure, command)
        show(failure)
        return Exit(INTERRUPTED if isinstance(failure, KeyboardInterrupt) else 1, sentence)
    finally:
        with suppress(Exception):
            connections.close_all()


def show(failure: BaseException) -> None:
    """Hand an exception that nobody caught to `sys.excepthook`, as Python does: error reporters hang there."""
    trace = _of_the_job(failure.__traceback__)
    failure = failure.with_traceback(trace)
    sys.last_exc = sys.last_value = failure
    sys.last_type, sys.last_traceback = type(failure), trace
    with suppress(OSError, ValueError):
        try:
            sys.excepthook(type(failure), failure, trace)
        except Exception as broken:  # noqa: BLE001 — a project's own hook
            complain(
                f"Error in sys.excepthook: {type(broken).__name__}: {text_of(broken)}\n\nOriginal exception was:\n"
            )
            sys.__excepthook__(type(failure), failure, trace)


def complain(text: str) -> None:
    """Write to stderr, if it is there."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)


def _be_found(arguments: list[str]) -> None:
    """`--pythonpath` has to be there before the command is looked for."""
    parser = django.core.management.CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--settings")
    parser.add_argument("--pythonpath")
    parser.add_argument("args", nargs="*")
    with suppress(CommandError):
        options, _ = parser.parse_known_args(arguments)
        if options.pythonpath:
            sys.path.insert(0, options.pythonpath)


def _load(name: str, heard: Exit) -> Any:
    apps = get_commands()
    if name not in apps:
        heard.error = f"Unknown command: {name!r}"
        return ManagementUtility(sys.argv).fetch_command(name)  # says which ones are like it, and ends
    app = apps[name]
    return app if isinstance(app, BaseCommand) else load_command_class(app, name)


def _listen(command: Any, heard: Exit) -> None:
    """Have the command leave here what `run_from_argv` keeps to itself: what it returned, and why it refused."""
    if not isinstance(command, BaseCommand):
        return
    execute, create_parser = command.execute, command.create_parser

    def heard_execute(*arguments: Any, **options: Any) -> Any:
        if "skip_checks" in options:
            options["skip_checks"] = True
        try:
            heard.result = execute(*arguments, **options)
        except CommandError as refusal:
            heard.error = text_of(refusal)
            raise
        return heard.result

    def heard_create_parser(*arguments: Any, **options: Any) -> Any:
        parser = create_parser(*arguments, **options)
        error = parser.error

        def heard_error(message: str) -> Any:
            heard.error = message
            return error(message)

        parser.error = heard_error  # type: ignore[method-assign]
        return parser

    command.execute, command.create_parser = heard_execute, heard_create_parser  # type: ignore[method-assign]


def _exit(given: object, heard: str) -> Exit:
    """As Python itself reads what `sys.exit` was given."""
    if given is None or isinstance(given, int):
        given = given or 0
        # What is no long in C ends Python with 255.
        code = given & 0xFF if -(2**63) <= given < 2**63 else 255
        return Exit(code, (heard or f"The command ended with exit code {code}.") if code else "")
    said = text_of(given)
    complain(f"{said}\n")
    return Exit(1, said.strip() or heard or "The command ended with exit code 1.")


def _sentence(failure: BaseException, command: Any) -> str:
    text = text_of(failure)
    if isinstance(failure, EOFError) and _asked(failure):
        return f"The command asked for input, and a run has none. {_what_to_pass(command)}"
    if isinstance(failure, KeyboardInterrupt) and not text:
        return "The command was interrupted: KeyboardInterrupt was raised in it."
    if isinstance(failure, CommandError):
        return text
    return f"{type(failure).__name__}: {text}" if text else f"The command raised {type(failure).__name__}."


def _asked(failure: EOFError) -> bool:
    """Whether it is `input()` or `getpass()` that came to the end; other readers raise EOFError too."""
    innermost = failure.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    by_getpass = innermost is not None and innermost.tb_frame.f_code.co_filename == getpass.__file__
    return by_getpass or text_of(failure) == "EOF when reading a line"


def _what_to_pass(command: Any) -> str:
    try:
        known = command.create_parser("manage.py", sys.argv[1])._option_string_actions
        option = next(option for option in ASKS_NOTHING if option in known)
    except Exception:  # noqa: BLE001 — a job's own code
        return "Give it all that it needs as arguments or settings."
    return f"Add {option} to its arguments."


def _of_the_job(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from where the command's own code begins: our frames, and Django's before it, explain nothing."""
    inner = trace
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith(NOT_OF_THE_JOB):
        inner = inner.tb_next
    return inner or trace
