"""The values of a form's fields, or of an API's body, brought into one shape."""

import datetime
import decimal
import pathlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jobs.declarations.parameters.model import Kind, Parameter, Parameters, UnwritableValue

# More often than this an option is not passed by anybody.
MOST_OFTEN = 100
PLAIN = (str, int, float, decimal.Decimal, datetime.date, pathlib.PurePath)


def tidied(parameters: Parameters, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as `values_of` gives them, in the parser's order. Raises UnwritableValue."""
    for name in values:
        if name not in parameters.by_name:
            raise UnwritableValue(name, name, "the command has no such parameter")
    tidied = {name: _tidy(one, values[name]) for name, one in parameters.by_name.items() if name in values}
    return {name: value for name, value in tidied.items() if value is not None}


def _tidy(parameter: Parameter, value: Any) -> Any:
    """None where nothing is given."""
    if value is None:
        return None
    match parameter.kind:
        case Kind.FLAG:
            return _boolean(parameter, value) or None
        case Kind.SWITCH:
            return _boolean(parameter, value)
        case Kind.COUNT:
            return _count(parameter, value) or None
        case Kind.VALUE:
            return True if value is True and parameter.may_stand_alone else _text(parameter, value)
        case Kind.VALUES if value is True and parameter.nargs == "*" and parameter.options:
            return []
        case Kind.VALUES | Kind.REPEATED | Kind.REST:
            texts = _texts(parameter, value)
            return texts if texts or parameter.may_stand_alone else None
        case Kind.LISTS:
            return [_texts(parameter, some) for some in _list(parameter, value)] or None
    return _subcommand(parameter, value)


def _boolean(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnwritableValue(parameter.name, parameter.called, f"write true or false, not {_what(value)}")
    return value


def _count(parameter: Parameter, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_OFTEN:
        raise UnwritableValue(
            parameter.name,
            parameter.called,
            f"write how often it is passed, from 0 to {MOST_OFTEN}, not {_what(value)}",
        )
    return value


def _text(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, PLAIN) or isinstance(value, bool):
        raise UnwritableValue(parameter.name, parameter.called, f"write a text or a number, not {_what(value)}")
    return str(value)


def _texts(parameter: Parameter, value: Any) -> list[str]:
    texts = [_text(parameter, one) for one in _list(parameter, value)]
    if texts and isinstance(parameter.nargs, int) and len(texts) != parameter.nargs:
        # As the parser says it: words of fewer values could mean something else.
        why = f"expected {parameter.nargs} argument{'s' if parameter.nargs > 1 else ''}"
        raise UnwritableValue(parameter.name, parameter.called, why)
    return texts


def _list(parameter: Parameter, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise UnwritableValue(parameter.name, parameter.called, f"write a list, not {_what(value)}")
    return list(value)


def _subcommand(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) > 1:
        raise UnwritableValue(parameter.name, parameter.called, f"write {{name: values}}, not {_what(value)}")
    for name, values in value.items():
        if name not in parameter.subcommands:
            known = ", ".join(parameter.subcommands)
            raise UnwritableValue(parameter.name, parameter.called, f"{name!r} is none of {known}")
        if not isinstance(values, Mapping):
            raise UnwritableValue(parameter.name, parameter.called, f"write {{name: values}}, not {_what(value)}")
        with within(parameter, name):
            return {name: tidied(parameter.subcommands[name], values)}
    return None


@contextmanager
def within(parameter: Parameter, name: str) -> Iterator[None]:
    """A subcommand's field is called by the way to it: `action.export.to`."""
    try:
        yield
    except UnwritableValue as error:
        raise UnwritableValue(f"{parameter.name}.{name}.{error.field}", error.called, error.why) from None


def _what(value: Any) -> str:
    """What a value is, in a sentence. It may be secret: only a number is shown."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return str(value)
    words: dict[type, str] = {str: "a text", list: "a list", tuple: "a list", dict: "an object"}
    return words.get(type(value), type(value).__name__)
