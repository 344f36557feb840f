"""The command of a crontab's line: which management commands it runs, and by which rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from jobs.scaffold.crontabs import shell
from jobs.scaffold.crontabs.shell import Command, Word
from jobs.scaffold.crontabs.wrappers import Unwrapped, unwrapped
from jobs.scaffold.found import Untranslatable
from jobs.scaffold.project import SETTINGS

ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
PYTHON = re.compile(r"(python|pypy)[\d.]*")
# Of Python's own options, those that take a value.
PYTHONS_WITH_VALUE = {"-W", "-X", "--check-hash-based-pycs"}
ADMIN = {"manage.py", "django-admin", "django-admin.py"}
ELSEWHERE = {"docker", "docker-compose", "podman", "podman-compose", "kubectl"}
# They prepare a shell for the command, which a run needs no more.
PREPARES = {"cd", ".", "source", "set", "umask", "ulimit", ":", "true"}
# Variables that say how Python and a shell find things, which the image does.
OF_THE_MACHINE = {
    *("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONPATH"),
    *("PYTHONUNBUFFERED", "SHELL", "USER", "VIRTUAL_ENV"),
}
# Names of files that are logs, and not what a command makes.
LOG = re.compile(r"\.(log|out|err)$|(^|/)logs?/|^/dev/(stdout|stderr)$|^/proc/1/fd/")


@dataclass(kw_only=True, slots=True)
class Managed:
    """A management command. `lock` is the file of its `flock`; `follows`: it runs if the one before succeeds."""

    command: str
    arguments: tuple[str, ...]
    options: dict[str, str | int | timedelta]
    lock: str
    notes: list[str] = field(default_factory=list)
    follows: bool = False


def managed(text: str, settings: str = "") -> list[Managed]:
    """The management commands of a shell's line. `settings` is the project's settings module.

    Raises Untranslatable for all that a run would do otherwise, so that nothing is guessed.
    """
    found: list[Managed] = []
    for command in shell.commands(text):
        _read(command, found, settings)
    if not found:
        raise Untranslatable("It runs no management command. Make it one, and declare that.")
    return found


def _read(command: Command, found: list[Managed], settings: str) -> None:
    words = command.words
    name = PurePosixPath(words[0].text).name or words[0].text  # "." has no name
    if command.joint == "&":
        raise Untranslatable("It starts a command in the background. Give each command a line of its own.")
    if command.joint in {"|", "|&"}:
        if not found:
            raise Untranslatable(
                f"{name} reads another command's output. Make it one management command that does both."
            )
        found[-1].notes.append(f"| {name} is left out: a run's output is kept.")
    elif command.joint == "||":
        if name not in PREPARES:
            shown = " ".join(word.text for word in words)
            if not found:
                _refuse(shown)
            found[-1].notes.append(f"|| {shown} is left out: a run that fails is recorded as failed.")
    elif name == "export":
        for word in words[1:]:
            _assigned(word.text, settings)
    elif name in PREPARES:
        pass
    elif here := _managed(command, settings):
        if found and command.joint == ";":
            raise Untranslatable("It runs one command after another whatever becomes of the first. Write two lines.")
        here[0].follows = bool(found)
        found += here
    elif found and name in {"curl", "wget"}:
        found[-1].notes.append(f"{name} is left out: how a run ended is recorded.")
    else:
        _refuse(" ".join(word.text for word in words))


def _refuse(shown: str) -> None:
    raise Untranslatable(f"{shown!r} is no management command. Make it one, and declare that.")


def _managed(command: Command, settings: str) -> list[Managed]:
    """The management commands that this command of a shell runs: none where it is another program."""
    into = Unwrapped()
    words = _without_assignments([word.text for word in command.words], settings)
    while (rest := _without_assignments(list(unwrapped(words, into)), settings)) != words:
        words = rest
    if into.text:
        if any(word.computed for word in command.words):
            raise Untranslatable("The shell computes a part of it. Write the words as they are, or compute them in it.")
        inner = managed(into.text, settings)
    elif (arguments := _arguments(words, into)) is None:
        return []
    else:
        inner = [_job(arguments, command.words, settings)]
    for job in inner:
        job.options = {**into.options, **job.options}
        job.lock = job.lock or into.lock
        job.notes += into.notes
        job.notes += _redirected(command.redirections)
    return inner


def _without_assignments(words: list[str], settings: str) -> list[str]:
    while words and ASSIGNMENT.fullmatch(words[0]):
        _assigned(words.pop(0), settings)
    return words


def _assigned(text: str, settings: str) -> None:
    match = ASSIGNMENT.fullmatch(text)
    if match is None or match["name"] in OF_THE_MACHINE:
        return
    if match["name"] == SETTINGS and match["value"] in {"", settings}:
        return
    raise Untranslatable(f"It sets {match['name']} for this command alone. Make it an option, or an app setting.")


def _arguments(words: list[str], into: Unwrapped) -> list[str] | None:
    """What stands behind `manage.py`: the command's name and its arguments. None where another program is run."""
    if words and PurePosixPath(words[0]).name in ELSEWHERE:
        into.notes.append(f"{words[0]} is left out: a run is in the function app's container.")
        inside = (place for place, word in enumerate(words) if _is_python(word) or PurePosixPath(word).name in ADMIN)
        words = words[next(inside, len(words)) :]
    if words and _is_python(words[0]):
        words = words[1:]
        while words and words[0].startswith("-"):
            if words[0] == "-m":
                return words[2:] if words[1:2] == ["django"] else None
            if words[0] == "-c":
                raise Untranslatable("It runs Python code. Make it a management command.")
            words = words[2 if words[0] in PYTHONS_WITH_VALUE else 1 :]
    if not words or PurePosixPath(words[0]).name not in ADMIN:
        return None
    return words[1:]


def _is_python(word: str) -> bool:
    return PYTHON.fullmatch(PurePosixPath(word).name) is not None


def _job(arguments: list[str], written: Sequence[Word], settings: str) -> Managed:
    if not arguments or arguments[0].startswith("-"):
        raise Untranslatable("manage.py gets no command here. Correct the line.")
    if any(word.computed for word in written[len(written) - len(arguments) :]):
        raise Untranslatable("The shell computes one of its arguments. Compute it in the command.")
    kept: list[str] = []
    words = iter(arguments[1:])
    for word in words:
        option, equals, value = word.partition("=")
        if option == "--pythonpath":
            raise Untranslatable(
                "--pythonpath adds a folder that a run doesn't look into. Put its code into the project."
            )
        if option == "--settings":
            if (value if equals else next(words, "")) != settings:
                raise Untranslatable(
                    "--settings names other settings than this project's. A run has its worker's. "
                    "Make what differs an option."
                )
        else:
            kept.append(word)
    return Managed(command=arguments[0], arguments=tuple(kept), options={}, lock="")


def _redirected(redirections: Sequence[tuple[str, str]]) -> list[str]:
    notes = []
    for operator, target in redirections:
        plain = operator.lstrip("0123456789")
        if plain.startswith("<"):
            if target != "/dev/null":
                raise Untranslatable(f"It reads {target}. Open the file in the command.")
        elif plain.endswith("&") or target == "/dev/null":
            pass
        elif plain.endswith(">>") or LOG.search(target) or operator.startswith("2"):
            notes.append(f"{operator} {target} is left out: a run's output is kept.")
        else:
            raise Untranslatable(f"What it writes becomes the file {target}. Write the file in the command.")
    return notes
