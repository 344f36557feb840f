"""The arguments of `call_command(name, …)` as words of a command line."""

from argparse import Action, ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jobs.declarations.parameters import BrokenCommand, opens_a_file, parser_of
from jobs.scaffold.found import Untranslatable


def words_of(command: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """With these words the command gets what call_command gives it. Raises Untranslatable where no words do that."""
    # As call_command itself makes words of what it is given in place.
    words = [str(part) for one in args for part in (one if isinstance(one, list | tuple) else [one])]
    if kwargs:
        words += _options(command, kwargs)
    return tuple(words)


def _options(command: str, kwargs: Mapping[str, Any]) -> Iterator[str]:
    try:
        actions = [action for action in parser_of(command)._actions if action.option_strings]
    except BrokenCommand as error:
        raise Untranslatable(f"{error}. Correct it, and read this again.") from None
    for name, value in kwargs.items():
        # call_command takes an option's destination, and its shortest name.
        fitting = [one for one in actions if name in {one.dest, _short(one)}]
        yield from _option(command, name, value, fitting)


def _short(action: Action) -> str:
    return min(action.option_strings).lstrip("-").replace("-", "_")


def _option(command: str, name: str, value: Any, actions: Sequence[Action]) -> Iterator[str]:
    if flag := next((action for action in actions if _sets(action, value)), None):
        yield _long(flag)
    elif option := next((action for action in actions if _gives(action, value)), None):
        yield f"{_long(option)}={value}"
    elif not any(_is(action.default, value) for action in actions):
        raise Untranslatable(
            f"call_command gives {command} {name}={value!r}, for which there is no word on its command line. "
            "Write a management command that calls it so, and declare that."
        )


def _long(action: Action) -> str:
    return max(action.option_strings, key=len)


def _sets(action: Action, value: object) -> bool:
    """Whether the option alone gives the command this very value."""
    constant = type(action).__name__ in {"_StoreConstAction", "_StoreTrueAction", "_StoreFalseAction"}
    return constant and _is(action.const, value)


def _gives(action: Action, value: object) -> bool:
    """Whether the option with this value, as text, gives the command this very value."""
    if action.nargs is not None or type(action).__name__ != "_StoreAction" or opens_a_file(action.type):
        return False
    kind = action.type if callable(action.type) else str
    try:
        return _is(kind(str(value)), value)
    except (ArgumentTypeError, TypeError, ValueError):
        return False


def _is(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
