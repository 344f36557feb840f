"""The form of a command, made of its parameters."""

from collections.abc import Iterator
from typing import Any

from django import forms

from jobs.declarations.parameters import Group, Kind, Parameters
from jobs.forms import controls, names
from jobs.forms.form import ParametersForm
from jobs.forms.sections import choosable
from jobs.forms.widgets import RawLine


def form_class(parameters: Parameters) -> type[ParametersForm]:
    """A form for these parameters."""
    fields: dict[str, Any] = dict(_fields(parameters, ""))
    fields |= {one.name: controls.control(one) for one in parameters.base}
    fields[names.RAW] = forms.CharField(
        required=False,
        strip=False,
        label="More words",
        help_text=_raw_help(parameters),
        widget=RawLine(parameters.secrets),
    )
    choice_of = dict(_choices_of(parameters, ""))
    made: type[ParametersForm] = type(
        "ParametersForm", (ParametersForm,), {"parameters": parameters, "choice_of": choice_of}
    )
    # Not as attributes: a command's parameter may be called as one of ours.
    made.base_fields = fields
    return made


def _fields(parameters: Parameters, way: str) -> Iterator[tuple[str, forms.Field]]:
    grouped = [group for group in parameters.groups if group in choosable(parameters)]
    in_a_group = {name for group in grouped for name in group.names}
    for one in parameters.own:
        # A flag of a group is passed by being chosen.
        if not (one.name in in_a_group and one.kind is Kind.FLAG):
            yield way + one.name, controls.control(one)
        if one.may_stand_alone:
            yield (
                way + one.name + names.ALONE,
                forms.BooleanField(required=False, label=f"pass {one.option} without a value"),
            )
        for name, within in one.subcommands.items():
            yield from _fields(within, names.way(way, one.name, name))
    for place, group in enumerate(parameters.groups):
        if group in grouped:
            yield names.group(way, place), _choice(parameters, group)


def _choices_of(parameters: Parameters, way: str) -> Iterator[tuple[str, str]]:
    for place, group in enumerate(parameters.groups):
        if group in choosable(parameters):
            yield from ((way + name, names.group(way, place)) for name in group.names)
    for one in parameters.own:
        for name, within in one.subcommands.items():
            yield from _choices_of(within, names.way(way, one.name, name))


def _choice(parameters: Parameters, group: Group) -> forms.ChoiceField:
    members = [parameters.by_name[name] for name in group.names if name in parameters.by_name]
    words = [(one.name, one.option or one.metavar or one.name) for one in members]
    none = [] if group.required else [("", "none of them")]
    label = group.title or "one of them"
    return forms.ChoiceField(required=False, label=label, choices=[*none, *words], widget=forms.RadioSelect())


def _raw_help(parameters: Parameters) -> str:
    if parameters.is_opaque:
        return "All words of the command line, as in a shell."
    text = "As in a shell; they come before the others."
    if parameters.undrawn:
        text += f" Only here: {', '.join(one.called for one in parameters.undrawn)}."
    return text
