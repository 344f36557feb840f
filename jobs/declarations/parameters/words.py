"""From a form's fields to the words of a command line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.declarations.parameters.model import Kind, Parameter, Parameters, UnwritableValue
from jobs.declarations.parameters.prefilling import all_values
from jobs.declarations.parameters.reading import SEPARATOR, is_value
from jobs.declarations.parameters.tidying import tidied, within


def words(parameters: Parameters, values: Mapping[str, Any], extra: Sequence[str] = ()) -> list[str]:
    """The words of a command line that give the command these values, and `extra`, a raw line's words.

    A value is a text or a number, a list of them, True for a flag, True or False for a switch, a number of times for a
    count, and {name: values} for a subcommand. None, an empty list and a flag's False give nothing. The line is for the
    command, with all that is secret. Raises UnwritableValue.
    """
    tidy = tidied(parameters, values)
    before, after = _parted(extra)
    for line in _lines(parameters, tidy, before):
        # A positional that can't be drawn gets its words from the raw line.
        if any(not one.is_drawn for one in parameters.positionals) or all_values(parameters, line) == tidy:
            return [*before, *line, *_rest(line, after)]
    raise _unwritable(parameters, tidy)


def _parted(extra: Sequence[str]) -> tuple[list[str], list[str]]:
    """What of a raw line stands before all others, and what behind a separator after all others."""
    place = list(extra).index(SEPARATOR) if SEPARATOR in extra else len(extra)
    return list(extra[:place]), list(extra[place:])


def _rest(line: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    return after[1:] if after and SEPARATOR in line else after


@dataclass(slots=True)
class _Pieces:
    """A command line in pieces, each of one parameter."""

    closed: list[list[str]] = field(default_factory=list)
    # These go on for as long as values follow.
    open: list[list[str]] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)


def _lines(parameters: Parameters, values: Mapping[str, Any], before: Sequence[str]) -> Iterator[list[str]]:
    """Command lines that may give these values, the most readable first."""
    pieces = _Pieces()
    for name, value in values.items():
        parameter = parameters.by_name[name]
        if not parameter.options:
            pieces.placed += _placed(parameter, value)
            continue
        for piece in _optional(parameters, parameter, value):
            pieces.options.append(piece)
            (pieces.open if parameter.nargs in {"?", "*", "+"} else pieces.closed).append(piece)
    as_declared, open_first = _flat(pieces.options), _flat(pieces.open + pieces.closed)
    separated = [SEPARATOR, *pieces.placed] if pieces.placed else []
    # A raw line may end in an option that goes on.
    if separated and before and not as_declared:
        yield separated
    for options in (as_declared, open_first):
        yield [*options, *pieces.placed]
        yield [*options, *separated]


def _flat(pieces: Iterable[list[str]]) -> list[str]:
    return [word for piece in pieces for word in piece]


def _placed(parameter: Parameter, value: Any) -> list[str]:
    if parameter.kind is Kind.SUBCOMMAND:
        [(name, values)] = value.items()
        with within(parameter, name):
            return [name, *words(parameter.subcommands[name], values)]
    return [value] if parameter.kind is Kind.VALUE else list(value)


def _optional(parameters: Parameters, parameter: Parameter, value: Any) -> Iterator[list[str]]:
    option = parameter.option
    match parameter.kind:
        case Kind.FLAG:
            yield [option]
        case Kind.SWITCH:
            yield [option if value else parameter.off]
        case Kind.COUNT:
            yield from _often(parameters, parameter, value)
        case Kind.VALUE:
            yield [option] if value is True else _with(parameters, option, value)
        case Kind.REPEATED:
            yield from (_with(parameters, option, one) for one in value)
        case Kind.LISTS:
            yield from (_with(parameters, option, *some) for some in value)
        case Kind.VALUES if parameter.extends and not all(is_value(parameters, one) for one in value):
            yield from (_with(parameters, option, one) for one in value)
        case _:
            yield _with(parameters, option, *value)


def _with(parameters: Parameters, option: str, *values: str) -> list[str]:
    """One value that looks like an option, or like a file to read, is written behind the option's `=`."""
    if len(values) == 1 and (
        not is_value(parameters, values[0]) or values[0][:1] in tuple(parameters.file_prefix_chars)
    ):
        return [f"{option}={values[0]}"]
    return [option, *values]


def _often(parameters: Parameters, parameter: Parameter, times: int) -> Iterator[list[str]]:
    short = next((option for option in parameter.options if len(option) == 2), "")
    together = short[:1] + short[1:] * times
    if times > 1 and short and not any(option.startswith(together[:3]) for option in parameters.by_option):
        yield [together]
    else:
        yield from [[parameter.option]] * times


def _unwritable(parameters: Parameters, values: Mapping[str, Any]) -> UnwritableValue:
    """Names the field without which there are words for the others; else one that takes its words by their place."""
    names = list(values)
    for name in reversed(names):
        others = {one: value for one, value in values.items() if one != name}
        if any(all_values(parameters, line) == others for line in _lines(parameters, others, [])):
            return _of(parameters.by_name[name])
    return _of(next((one for one in parameters.positionals if one.name in values), parameters.by_name[names[-1]]))


def _of(parameter: Parameter) -> UnwritableValue:
    if parameter.options:
        why = "several values can't be given where one of them begins with a dash"
    else:
        why = "the command would read these words as values of something else"
    return UnwritableValue(parameter.name, parameter.called, why)
