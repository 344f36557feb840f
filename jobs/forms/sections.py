"""The fields of a form in the order and the groups in which a template draws them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django import forms
from django.forms.boundfield import BoundField

from jobs.declarations.parameters import Group, Kind, Parameter, Parameters
from jobs.forms import names


@dataclass(frozen=True, slots=True)
class Drawn:
    """A field, and what stands beside it: whether it holds what it was filled with."""

    field: BoundField
    mark: str = ""

    @property
    def is_box(self) -> bool:
        """Whether its label stands behind it."""
        return isinstance(self.field.field.widget, forms.CheckboxInput)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Fields that belong together. `choice` is the field that says which of them counts; `is_folded` hides them."""

    title: str = ""
    choice: Drawn | None = None
    fields: Sequence[Drawn] = ()
    sections: "Sequence[Section]" = ()
    is_folded: bool = False


class Sections:
    """Draws the fields of a form that are there, by their names."""

    def __init__(self, drawn: dict[str, Drawn]) -> None:
        self.drawn = drawn

    def of(self, parameters: Parameters) -> list[Section]:
        """The command's own, Django's folded away, and the raw line."""
        sections = list(self._of(parameters, ""))
        if base := self._fields(parameters.base, ""):
            is_folded = not any(one.field.errors or one.field.initial for one in base)
            sections.append(Section(title="Django's own options", fields=base, is_folded=is_folded))
        return [*sections, Section(fields=self._named([names.RAW, names.RAW + names.LEFT_OUT]))]

    def _of(self, parameters: Parameters, way: str) -> Iterator[Section]:
        grouped = {name for group in choosable(parameters) for name in group.names}
        plain = [one for one in parameters.own if one.name not in grouped and one.kind is not Kind.SUBCOMMAND]
        if plain:
            yield Section(fields=self._fields(plain, way))
        for place, group in enumerate(parameters.groups):
            if group in choosable(parameters):
                members = [parameters.by_name[name] for name in group.names if name in parameters.by_name]
                choice = self.drawn[names.group(way, place)]
                yield Section(title=group.title, choice=choice, fields=self._fields(members, way))
        for one in parameters.own:
            if one.kind is Kind.SUBCOMMAND:
                below = [
                    Section(title=name, sections=list(self._of(within, names.way(way, one.name, name))))
                    for name, within in one.subcommands.items()
                ]
                yield Section(choice=self.drawn[way + one.name], sections=below)

    def _fields(self, parameters: Sequence[Parameter], way: str) -> list[Drawn]:
        return self._named([way + one.name + end for one in parameters for end in ("", names.ALONE, names.LEFT_OUT)])

    def _named(self, called: Sequence[str]) -> list[Drawn]:
        return [self.drawn[name] for name in called if name in self.drawn]


def choosable(parameters: Parameters) -> list[Group]:
    """The groups of which a form can draw more than one parameter."""
    return [group for group in parameters.groups if sum(name in parameters.by_name for name in group.names) > 1]
