"""A form filled with the words that a job declares, or that a past run had."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.declarations.parameters import Kind, Parameter, Parameters, all_values
from jobs.forms import names
from jobs.forms.controls import written
from jobs.forms.secrets import is_shown, without_secrets


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form's fields hold, and the fields whose secrets were left out: those are asked for again."""

    initial: dict[str, Any] = field(default_factory=dict)
    secret: list[str] = field(default_factory=list)


class Unfillable(Exception):
    """Only the raw line gives these words."""


def filled(parameters: Parameters, words: Sequence[str]) -> Filled:
    """The fields that give these words. Where none can, the words stay in the raw line."""
    values = all_values(parameters, words)
    if values is not None:
        found = Filled()
        try:
            _fill(found, parameters, values, "")
        except Unfillable:
            pass
        else:
            return found
    shown = without_secrets(parameters.secrets, words)
    return Filled({names.RAW: shlex.join(shown)}, [names.RAW] if shown != list(words) else [])


def initial_of(parameters: Parameters, words: Sequence[str]) -> dict[str, Any]:
    """What the form's fields hold for these words, without secrets."""
    return filled(parameters, words).initial


def _fill(found: Filled, parameters: Parameters, values: Mapping[str, Any], way: str) -> None:
    for name, value in values.items():
        _fill_one(found, parameters.by_name[name], value, way)
    for place, group in enumerate(parameters.groups):
        given = [name for name in group.names if name in values]
        if len(given) > 1:
            raise Unfillable
        found.initial.update((names.group(way, place), name) for name in given)


def _fill_one(found: Filled, parameter: Parameter, value: Any, way: str) -> None:
    name = way + parameter.name
    if parameter.may_stand_alone and value in (True, []):
        found.initial[name + names.ALONE] = True
        return
    if parameter.secret or not _may_be_shown(value):
        found.secret.append(name)
        return
    text = written(parameter, value)
    if text is None:
        raise Unfillable
    found.initial[name] = text
    if parameter.kind is Kind.SUBCOMMAND:
        [(chosen, within)] = value.items()
        _fill(found, parameter.subcommands[chosen], within, names.way(way, parameter.name, chosen))


def _may_be_shown(value: Any) -> bool:
    if isinstance(value, str):
        return is_shown(value)
    return all(map(_may_be_shown, value)) if isinstance(value, list) else True
