"""From the words of a command line to a form's fields."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobs.declarations.parameters.model import Kind, Parameters, Value
from jobs.declarations.parameters.reading import Given, Unread, read


def values_of(parameters: Parameters, words: Sequence[str]) -> dict[str, Value] | None:
    """The fields that give these words, without secrets; None where only a raw line gives the same."""
    found = all_values(parameters, words)
    return None if found is None else _without_secrets(parameters, found)


def all_values(parameters: Parameters, words: Sequence[str]) -> dict[str, Value] | None:
    """The same with secrets."""
    try:
        given = read(parameters, words)
    except Unread:
        return None
    if not _are_in_order(parameters, given):
        return None
    found: dict[str, Value] = {}
    for one in given:
        value = _value(one, found.get(one.parameter.name))
        if value is None:
            return None
        found[one.parameter.name] = value
    return found


def _are_in_order(parameters: Parameters, given: Iterable[Given]) -> bool:
    """Whether parameters that set the same attribute come as `words` writes them: the last one wins."""
    places = {one.name: place for place, one in enumerate(parameters.all)}
    latest: dict[str, int] = {}
    for one in given:
        place = places[one.parameter.name]
        if latest.setdefault(one.parameter.dest, place) > place:
            return False
        latest[one.parameter.dest] = place
    return True


def _value(given: Given, before: Any) -> Value | None:
    """The field's value with what is given now; None where no value is the same."""
    parameter, words = given.parameter, list(given.words)
    match parameter.kind:
        case Kind.VALUE:
            return words[0] if words else True
        case Kind.VALUES if before is not None and parameter.extends:
            # Without words it changes nothing, and no value says that it stood there.
            return [*before, *words] if words and before else None
        case Kind.VALUES | Kind.REST:
            return words
        case Kind.REPEATED:
            return [*(before or []), *words]
        case Kind.LISTS:
            return [*(before or []), words]
        case Kind.FLAG:
            # One that appends its constant does so each time.
            return True if before is None or not parameter.extends else None
        case Kind.SWITCH:
            return not given.option.startswith("--no-")
        case Kind.COUNT:
            return int(before or 0) + 1
        case Kind.SUBCOMMAND:
            name, *rest = words
            within = parameter.subcommands.get(name)
            found = None if within is None else all_values(within, rest)
            return None if found is None else {name: found}
    return None


def _without_secrets(parameters: Parameters, values: Mapping[str, Any]) -> dict[str, Value]:
    kept: dict[str, Value] = {}
    for name, value in values.items():
        parameter = parameters.by_name[name]
        if parameter.kind is Kind.SUBCOMMAND:
            [(chosen, within)] = value.items()
            kept[name] = {chosen: _without_secrets(parameter.subcommands[chosen], within)}
        elif not parameter.secret:
            kept[name] = value
    return kept
