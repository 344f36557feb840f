"""Which fields a sentence of the command's parser is about."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jobs.declarations.parameters.model import Kind, Parameter, Parameters

ABOUT = "argument "
# argparse's own sentences; what they name stands behind, as it is written.
MISSING = "the following arguments are required: "
ONE_OF = re.compile(r"one of the arguments (.+) is required$")


def field_of(error: str, parameters: Parameters, values: Mapping[str, Any] | None = None) -> str | None:
    """The first field that the sentence is about; None where it is about the words as a whole."""
    return next(iter(fields_of(error, parameters, values)), None)


def fields_of(error: str, parameters: Parameters, values: Mapping[str, Any] | None = None) -> list[str]:
    """The fields that the sentence is about; none where it is about the words as a whole.

    A subcommand's field is called by the way to it: `action.export.to`. `values` say which subcommand is chosen; its
    sentences look like those of the command itself.
    """
    return list(_named(error, parameters, values, ""))


def _named(error: str, parameters: Parameters, values: Mapping[str, Any] | None, way: str) -> Iterator[str]:
    for parameter in parameters.all:
        if parameter.kind is Kind.SUBCOMMAND:
            for name, within in _chosen(parameter, values):
                found = list(_named(error, within[0], within[1], f"{way}{parameter.name}.{name}."))
                if found:
                    yield from found
                    return
    about = [one for one in parameters.by_name.values() if error.startswith(f"{ABOUT}{one.called}: ")]
    if about:
        yield way + max(about, key=lambda one: len(one.called)).name
    elif error.startswith(MISSING):
        yield from (way + one.name for one in _listed(parameters, error.removeprefix(MISSING), ", "))
    elif match := ONE_OF.match(error):
        yield from (way + one.name for one in _listed(parameters, match[1], " "))


def _chosen(
    parameter: Parameter, values: Mapping[str, Any] | None
) -> Iterator[tuple[str, tuple[Parameters, Mapping[str, Any] | None]]]:
    if values is None:
        return
    given = values.get(parameter.name)
    chosen = {given: {}} if isinstance(given, str) else given
    for name, within in chosen.items() if isinstance(chosen, Mapping) else ():
        if name in parameter.subcommands:
            yield name, (parameter.subcommands[name], within)


def _listed(parameters: Parameters, names: str, between: str) -> Iterator[Parameter]:
    """Those whose names stand in the list. A name may hold what divides them."""
    for one in parameters.by_name.values():
        if f"{between}{one.called}{between}" in f"{between}{names}{between}":
            yield one
