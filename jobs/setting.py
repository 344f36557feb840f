"""A setting: a name with a type, a default and a meaning, read when it is asked for. `conf.py` has the table."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class Setting[T]:
    """One setting. It is read when it is asked for, so that `override_settings` works; None and "" mean the default.

    `default` may be a function, for one that depends on other settings: `shown` then says in words what it is.
    `flaw` says of a value what to write instead; "" where the value is good.
    """

    name: str

    def __init__(
        self,
        default: T | Callable[[], T],
        meaning: str,
        *,
        more: str = "",
        shown: str = "",
        flaw: Callable[[Any], str] = lambda value: "",
    ) -> None:
        self._default, self.meaning, self.more, self.shown, self._flaw = default, meaning, more, shown, flaw

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "Setting[T] | T":
        if instance is None:
            return self
        value = self.given()
        return self.default() if value in (None, "") else value

    def given(self) -> Any:
        """What the project's settings say; None where they don't have it."""
        return getattr(settings, self.name, None)

    def default(self) -> T:
        return self._default() if callable(self._default) else self._default

    def problem(self) -> str:
        """What is wrong with the given value, and what to write; "" where it can be used."""
        value = self.given()
        if value in (None, ""):
            return ""
        kind = KINDS[type(self.default())]
        flaw = self._flaw(value) if type(value) in kind.types else kind.write
        # What a dictionary holds may be secret.
        shown = f"of the type {type(value).__name__}" if self.is_python else repr(value)
        return f"{self.name} is {shown}. {flaw}" if flaw else ""

    @property
    def is_python(self) -> bool:
        """Whether it is a value of Python, as LOGGING is, that no environment variable can hold."""
        return isinstance(self.default(), dict | list)

    def read(self, text: str) -> Any:
        """The value that a text of the environment stands for. Raises ImproperlyConfigured."""
        kind = str if callable(self._default) else type(self._default)
        if kind is bool and text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        if kind is int and text.lstrip("-").isdecimal():
            return int(text)
        if kind is str:
            return text
        raise ImproperlyConfigured(f"{self.name} is {text!r}. {KINDS[kind].write.replace('True or False', '1 or 0')}")

    @property
    def kind(self) -> str:
        """The type, in words."""
        return KINDS[type(self.default())].name


class Variable(Setting[str]):
    """A setting that is read from the environment: it belongs to a process or a deployment, not to the project."""

    def __init__(self, meaning: str, *, more: str = "") -> None:
        super().__init__("", meaning, more=more)

    def given(self) -> Any:
        return os.environ.get(self.name)


class Kind:
    """A type of setting: its name in words, how to write a value of it, and the Python types that such a value has."""

    def __init__(self, name: str, write: str, *types: type) -> None:
        self.name, self.write, self.types = name, write, types


KINDS = {
    bool: Kind("yes or no", "Write True or False.", bool),
    int: Kind("whole number", "Write a whole number.", int),
    str: Kind("text", "Write a string.", str, type(Path())),
    dict: Kind("dictionary", "Write a dictionary.", dict),
    list: Kind("list", "Write a list.", list, tuple),
}


def at_least(least: int) -> Callable[[int], str]:
    return lambda value: "" if value >= least else f"Write {least} or more."


def between(least: int, most: int) -> Callable[[int], str]:
    return lambda value: "" if least <= value <= most else f"Write a number from {least} to {most}."
