"""Which control each kind of parameter has, and what its text means."""

import re
import shlex
from typing import Any

from django import forms

from jobs.declarations.parameters import Kind, Parameter, ValueType
from jobs.forms.widgets import Lines, SecretInput, SecretLines

# As often as a count can be chosen.
MOST_OFTEN = 3
# What a browser's number and date controls show; they silently drop everything else.
SHOWN_BY = {
    ValueType.WHOLE_NUMBER: re.compile(r"-?\d{1,15}"),
    ValueType.NUMBER: re.compile(r"-?\d{1,15}(\.\d{1,15})?"),
    ValueType.DATE: re.compile(r"\d{4}-\d\d-\d\d"),
}
ONE_A_LINE = "One value a line."
WORDS_A_LINE = "One time a line, its values as in a shell."
YES, NO = "yes", "no"


def control(parameter: Parameter) -> forms.Field:
    """The field for a parameter. The parser judges what is written, so the field itself refuses nothing."""
    texts: dict[str, Any] = {"required": False, "label": _label(parameter), "help_text": _help(parameter)}
    match parameter.kind:
        case Kind.FLAG:
            field: forms.Field = forms.BooleanField(**texts)
        case Kind.SWITCH:
            words = [("", "default"), (YES, parameter.option), (NO, parameter.off)]
            field = forms.ChoiceField(**texts, choices=words, widget=forms.RadioSelect())
        case Kind.COUNT:
            times = [(str(number), str(number)) for number in range(MOST_OFTEN + 1)]
            field = forms.ChoiceField(**texts, choices=times, initial="0")
        case Kind.SUBCOMMAND:
            field = forms.ChoiceField(**texts, choices=[("", "—"), *((name, name) for name in parameter.subcommands)])
        case Kind.VALUE if parameter.choices and not parameter.secret:
            field = forms.ChoiceField(**texts, choices=[("", "—"), *((one, one) for one in parameter.choices)])
        case Kind.VALUE:
            field = forms.CharField(**texts, strip=False, widget=_input(parameter))
        case _:
            field = forms.CharField(**texts, strip=False, widget=SecretLines() if parameter.secret else Lines())
    if parameter.required:
        field.widget.attrs["aria-required"] = "true"
    return field


def value(parameter: Parameter, written: Any) -> Any:
    """What the control's text gives: a value for `words`, or None. Raises ValueError with a sentence."""
    match parameter.kind:
        case Kind.FLAG:
            return True if written else None
        case Kind.SWITCH:
            return {YES: True, NO: False}.get(written)
        case Kind.COUNT:
            return int(written or 0) or None
        case Kind.VALUE | Kind.SUBCOMMAND:
            return written or None
    lines = [line for line in written.split("\n") if line]
    return ([shlex.split(line) for line in lines] if parameter.kind is Kind.LISTS else lines) or None


def written(parameter: Parameter, value: Any) -> Any:
    """What the control holds for this value; None where it can't show it."""
    match parameter.kind:
        case Kind.FLAG:
            return True
        case Kind.SWITCH:
            return YES if value else NO
        case Kind.COUNT:
            return str(value) if value <= MOST_OFTEN else None
        case Kind.SUBCOMMAND:
            return next(iter(value))
        case Kind.VALUE if parameter.choices:
            return value if value and value in parameter.choices else None
        case Kind.VALUE:
            return value if value and _is_one_line(value) else None
        case Kind.LISTS:
            return "\n".join(map(shlex.join, value)) if all(some and _is_one_line(*some) for some in value) else None
    return "\n".join(value) if value and all(value) and _is_one_line(*value) else None


def as_text(field: forms.Field, parameter: Parameter, initial: Any) -> None:
    """Give a field that is filled with something else than its control shows a plain one."""
    pattern = SHOWN_BY.get(parameter.type)
    is_special = isinstance(field.widget, forms.NumberInput | forms.DateInput)
    if pattern and is_special and isinstance(initial, str) and initial and not pattern.fullmatch(initial):
        kept = {name: value for name, value in field.widget.attrs.items() if name != "step"}
        field.widget = forms.TextInput(attrs=kept)


def _is_one_line(*texts: str) -> bool:
    return not any(end in text for text in texts for end in "\r\n")


def _input(parameter: Parameter) -> forms.Widget:
    if parameter.secret:
        return SecretInput()
    match parameter.type:
        case ValueType.WHOLE_NUMBER:
            return forms.NumberInput(attrs={"step": "1"})
        case ValueType.NUMBER:
            return forms.NumberInput(attrs={"step": "any"})
        case ValueType.DATE:
            return forms.DateInput(attrs={"type": "date"})
    return forms.TextInput()


def _label(parameter: Parameter) -> str:
    if parameter.kind is Kind.FLAG:
        return f"pass {parameter.option}"
    return parameter.option or parameter.metavar or parameter.name


def _help(parameter: Parameter) -> str:
    """The command's help, how to write several values, and the default."""
    parts = [parameter.help and f"{parameter.help.rstrip('.')}."]
    if parameter.kind in {Kind.VALUES, Kind.REPEATED, Kind.REST}:
        parts.append(ONE_A_LINE)
        if parameter.choices:
            parts.append(f"Each is one of: {', '.join(parameter.choices)}.")
    elif parameter.kind is Kind.LISTS:
        parts.append(WORDS_A_LINE)
    if parameter.default and parameter.default not in parameter.help:
        parts.append(f"Default: {parameter.default}.")
    return " ".join(filter(None, parts))
