"""A rule of alerts from its text, as it stands in a declaration: `failed(in_a_row=2)`, `must_succeed_by("06:30")`.

Nothing is evaluated: only calls of rules and of timedelta are read, with numbers and strings.
"""

import ast
from dataclasses import fields
from datetime import timedelta
from typing import Any

from jobs.declarations import alert
from jobs.declarations.alert import Alert
from jobs.sentences import Sentence

LONGEST = 1_200
RULES = {rule.__name__: rule for rule in alert.ALL}
UNITS = ("days", "hours", "minutes", "seconds", "weeks")


class UnreadableRule(Sentence, ValueError):
    """{text!r} is not a rule of alerts: {why} Write one as in a declaration: failed(in_a_row=2)."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(text=text[:200], why=why)


class _Unreadable(Exception):
    """The message is the rest of the sentence."""


def read(text: str) -> Alert:
    """The rule. Raises UnreadableRule, also where its values are no good."""
    try:
        rule = _rule(_parsed(text))
    except _Unreadable as why:
        raise UnreadableRule(text, str(why)) from None
    if flaw := rule.flaw():
        raise UnreadableRule(text, flaw)
    return rule


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise _Unreadable(f"it has {len(text):,} characters, and {LONGEST:,} are the most.")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _Unreadable("it can't be read.") from None


def _rule(found: ast.expr) -> Alert:
    call = found if isinstance(found, ast.Call) else ast.Call(found, [], [])
    name = _name(call.func, "alert")
    if name not in RULES:
        raise _Unreadable(f"the rules are {', '.join(RULES)}.")
    kind = RULES[name]
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if len(call.args) > len(names):
        raise _Unreadable(f"{name} takes {', '.join(names) or 'no value'}.")
    values = dict(zip(names, map(_value, call.args), strict=False))
    for keyword in call.keywords:
        if keyword.arg not in names or keyword.arg in values:
            raise _Unreadable(f"{name} takes {', '.join(names) or 'no value'}.")
        values[keyword.arg] = _value(keyword.value)
    try:
        return kind(**values)
    except TypeError:
        raise _Unreadable(f"{name} needs {', '.join(names)}.") from None


def _name(found: ast.expr, module: str) -> str:
    """Of `failed` and `alert.failed` the latter word; empty for anything else."""
    match found:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == module:
            return name
    return ""


def _value(found: ast.expr) -> Any:
    match found:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Call(func=func, args=[], keywords=keywords) if _name(func, "datetime") == "timedelta":
            return _timedelta(keywords)
    raise _Unreadable("its values are numbers, texts in quotes, or timedelta(hours=2).")


def _timedelta(keywords: list[ast.keyword]) -> timedelta:
    values = {}
    for keyword in keywords:
        match keyword:
            case ast.keyword(arg=str(unit), value=ast.Constant(value=int() | float() as value)) if unit in UNITS:
                values[unit] = value
            case _:
                raise _Unreadable(f"write a timedelta by {', '.join(UNITS)}: timedelta(hours=2).")
    try:
        return timedelta(**values)
    except (OverflowError, ValueError):
        raise _Unreadable("a timedelta of it is too long.") from None
