"""Which management command a task runs. Where that isn't certain there is none."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command, get_commands
from django.utils.module_loading import import_string

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers.bodies import call_in
from jobs.scaffold.schedulers.words import words_of

CALL_COMMAND = "django.core.management.call_command"


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """A management command with its arguments, as they stand on a command line."""

    command: str
    arguments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def imported(path: str) -> Callable[..., Any]:
    """The function at this dotted path. Raises Untranslatable where there is none."""
    try:
        found = import_string(path)
    except Exception as error:  # noqa: BLE001 — a module of the project's, which may raise anything
        why = f"{type(error).__name__}: {error}"
        raise Untranslatable(f"{path} can't be imported: {why}. Correct the entry, or the module.") from None
    if not callable(found):
        raise Untranslatable(f"{path} is not a function. Correct the entry.")
    return found  # type: ignore[no-any-return]


def called_by(
    function: Callable[..., Any], name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Called:
    """The command that this task runs with these arguments. `name` is the task's, a dotted path.

    Raises Untranslatable unless it is `call_command` itself, a function that does nothing but call it with literals,
    or a task without arguments whose name is a command's.
    """
    if function is call_command:
        return _called(args, kwargs or {})
    if literals := call_in(function):
        return _called(*literals)
    last = name.rpartition(".")[2]
    # Django's own, as flush and migrate, have names that tasks have for other reasons.
    if get_commands().get(last, "django.core") != "django.core" and not (args or kwargs or _takes_arguments(function)):
        return Called(
            command=last,
            notes=(f"By its name alone: {name} and the command {last} may differ. Compare them.",),
        )
    raise Untranslatable(
        f"Which command does this can't be seen. Write a management command that calls {name}, and declare that."
    )


def _called(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Called:
    command, *rest = args or [""]
    if not isinstance(command, str) or command not in get_commands():
        raise Untranslatable(f"call_command gets {command!r}, which is not the name of a command in this project.")
    return Called(command=command, arguments=words_of(command, rest, kwargs))


def _takes_arguments(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return True
    return bool(parameters[1:] if parameters[:1] == ["self"] else parameters)
