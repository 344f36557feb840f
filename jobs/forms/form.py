"""The form itself: filled with words, and giving words."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.forms.renderers import DjangoTemplates
from django.http import QueryDict

from jobs.declarations.parameters import (
    Group,
    InvalidArguments,
    Kind,
    Parameter,
    Parameters,
    UnwritableValue,
    check_arguments,
    fields_of,
    words,
)
from jobs.forms import controls, names
from jobs.forms.filling import filled
from jobs.forms.secrets import MASK, count
from jobs.forms.sections import Drawn, Section, Sections
from jobs.forms.widgets import SecretInput, SecretLines

NEEDS_A_VALUE = "Give a value, or choose another one."
IN_A_SHELL = "Write the words as in a shell."
# What an address says of a box that isn't ticked.
NOT_PASSED = {"", "0", "no", "false"}
AGAIN = "A secret stood here. Secrets are never shown again: write it again, or choose to leave it out."


class Change(NamedTuple):
    """A field that differs from what the form was filled with, in words."""

    label: str
    before: str
    after: str


class ParametersForm(forms.Form):
    """A command's parameters. Once it is valid, `words` has the words of the command line.

    Filled with words, and sent as it was, it gives these very words. Once something is changed, it asks again for the
    secrets among them.
    """

    parameters: ClassVar[Parameters]
    # The field that chooses among a group's parameters, by the name of each.
    choice_of: ClassVar[dict[str, str]]
    template_name = "nightshift/parameters.html"
    # The same beside any project's FORM_RENDERER.
    default_renderer = DjangoTemplates

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        filled_with: Sequence[str] = (),
        called: str = "as filled in",
        given: QueryDict | None = None,
        **options: Any,
    ) -> None:
        """`called` is what the words are, in the marks beside the fields: "as declared".

        `given` fills fields in from an address, as a form is sent by GET; what was sent by POST is compared with
        `filled_with` alone.
        """
        found = filled(self.parameters, filled_with)
        super().__init__(data, initial=found.initial | (options.pop("initial", None) or {}), **options)
        self.filled_with, self.filled, self.called = list(filled_with), found.initial, called
        self.words: list[str] = []
        self.secret = found.secret
        for name in self.secret:
            self.fields[name + names.LEFT_OUT] = forms.BooleanField(required=False, label="leave the secret out")
        if given and not self.is_bound:
            self._fill(given)
        for name, parameter in drawn_of(self.parameters):
            if field := self.fields.get(name):
                controls.as_text(field, parameter, self[name].value())

    def add_prefix(self, field_name: str) -> str:
        """With a dot, as in the address of a form that is filled in: ?arg.days=3."""
        return f"{self.prefix}.{field_name}" if self.prefix else field_name

    @property
    def is_as_filled(self) -> bool:
        """Whether it holds what it was filled with."""
        return not self._changed()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            extra = shlex.split(cleaned.get(names.RAW) or "")
        except ValueError as error:
            self.add_error(names.RAW, f"{error}. {IN_A_SHELL}")
            return cleaned
        values = self._values(self.parameters, "")
        self._ask_for_secrets(extra)
        if self.errors:
            return cleaned
        try:
            self.words = self.filled_with if self.is_as_filled else words(self.parameters, values, extra)
            check_arguments(self.parameters.command, self.words)
        except UnwritableValue as error:
            self.add_error(self._shown(error.field), str(error))
        except InvalidArguments as error:
            self.add_sentence(str(error))
        return cleaned

    def add_sentence(self, sentence: str) -> None:
        """Show what the command's parser says at the fields that it names, else at the raw line."""
        found = fields_of(sentence, self.parameters, self._values(self.parameters, ""))
        for name in dict.fromkeys(map(self._shown, found or [names.RAW])):
            self.add_error(name, sentence)

    def sections(self) -> list[Section]:
        """The fields as a template draws them."""
        return Sections({name: Drawn(self[name], self._mark(name)) for name in self.fields}).of(self.parameters)

    def changes(self) -> list[Change]:
        """What differs from the words that the form was filled with."""
        return [
            Change(
                str(self.fields[name].label),
                self._as_text(name, self._before(name)),
                self._as_text(name, self[name].value()),
            )
            for name in self._changed()
        ]

    def _changed(self) -> list[str]:
        if self.is_bound:
            return self.changed_data
        return [name for name in self.fields if (self[name].value() or None) != self._before(name)]

    def _before(self, name: str) -> Any:
        return self.filled.get(name, self.fields[name].initial)

    def _fill(self, given: QueryDict) -> None:
        """Secrets are left out: an address is kept in too many places."""
        for name in {**self.fields, **self.choice_of}:
            texts = given.getlist(self.add_prefix(name))
            field = self.fields.get(name)
            if not texts or (field and self._is_secret(name)):
                continue
            is_passed = texts[-1] not in NOT_PASSED
            if field:
                self.initial[name] = is_passed if isinstance(field, forms.BooleanField) else "\n".join(texts)
            if name in self.choice_of and is_passed:
                self.initial[self.choice_of[name]] = name.rpartition(".")[2]

    def _mark(self, name: str) -> str:
        if name not in self.filled or self._is_secret(name):
            return ""
        before = self._as_text(name, self.filled[name])
        return self.called if self._as_text(name, self[name].value()) == before else f"{self.called}: {before}"

    def _as_text(self, name: str, value: Any) -> str:
        if self._is_secret(name):
            return MASK if value else "–"
        if isinstance(self.fields[name], forms.BooleanField):
            return "yes" if value else "no"
        if name == names.RAW:
            return self.fields[name].widget.format_value(value) or "–"
        return ", ".join(str(value or "").split("\n")) or "–"

    def _is_secret(self, name: str) -> bool:
        return isinstance(self.fields[name].widget, SecretInput | SecretLines)

    def _ask_for_secrets(self, extra: Sequence[str]) -> None:
        if self.is_as_filled:
            return
        for name in self.secret:
            choice = self.choice_of.get(name)
            if self.has_error(name) or (choice and self.cleaned_data.get(choice) != name.rpartition(".")[2]):
                continue
            is_there = count(self.parameters.secrets, extra) if name == names.RAW else self.cleaned_data.get(name)
            if not is_there and not self.cleaned_data.get(name + names.LEFT_OUT):
                self.add_error(name, AGAIN)

    def _values(self, parameters: Parameters, way: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for one in [*parameters.own, *parameters.base]:
            value = self._value(one, way)
            if value is not None:
                values[one.name] = value
        for place, group in enumerate(parameters.groups):
            chosen = self.cleaned_data.get(names.group(way, place))
            if chosen:
                self._choose(parameters, group, chosen, values, way)
        return values

    def _value(self, parameter: Parameter, way: str) -> Any:
        name = way + parameter.name
        try:
            value = controls.value(parameter, self.cleaned_data.get(name) or "")
        except ValueError as error:
            self.add_error(name, f"{error}. {IN_A_SHELL}")
            return None
        if value is None and self.cleaned_data.get(name + names.ALONE):
            return True
        if parameter.kind is Kind.SUBCOMMAND and value is not None:
            return {value: self._values(parameter.subcommands[value], names.way(way, parameter.name, value))}
        return value

    def _choose(self, parameters: Parameters, group: Group, chosen: str, values: dict[str, Any], way: str) -> None:
        """Of the group, only the chosen one counts, whatever is written in the others."""
        for name in group.names:
            if name != chosen:
                values.pop(name, None)
        if parameters.by_name[chosen].kind is Kind.FLAG:
            values[chosen] = True
        elif chosen not in values and not self.has_error(way + chosen) and not self.is_as_filled:
            self.add_error(way + chosen, NEEDS_A_VALUE)

    def _shown(self, name: str) -> str | None:
        """The field, or the choice that stands for it; None where there is neither."""
        return name if name in self.fields else self.choice_of.get(name)


def drawn_of(parameters: Parameters, way: str = "") -> Iterator[tuple[str, Parameter]]:
    """The parameters that may have a field, by its name."""
    for one in [*parameters.own, *parameters.base]:
        yield way + one.name, one
        for name, within in one.subcommands.items():
            yield from drawn_of(within, names.way(way, one.name, name))
