"""The source of a function that does nothing but call a management command with literal arguments."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from django.core.management import call_command

# Celery's, which register the function. Another decorator may do more.
REGISTER = {"task", "shared_task"}


def call_in(function: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments of the one `call_command(…)` that this function consists of. None where it does more, or less."""
    plain = inspect.unwrap(getattr(function, "__func__", function))
    try:
        [defined] = ast.parse(textwrap.dedent(inspect.getsource(plain))).body
    except (OSError, TypeError, ValueError, SyntaxError):
        return None
    if not isinstance(defined, ast.FunctionDef) or not all(map(_registers, defined.decorator_list)):
        return None
    names = {**plain.__globals__, **dict.fromkeys(_parameters(defined))}
    statements = [one for one in defined.body if not _is_docstring(one) and not _is_import(one, names)]
    match statements:
        case [ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call)]:
            return _literals(call) if _target(call.func, names) is call_command else None
    return None


def _registers(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in REGISTER
    return False


def _parameters(defined: ast.FunctionDef) -> list[str]:
    return [node.arg for node in ast.walk(defined.args) if isinstance(node, ast.arg)]


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_import(statement: ast.stmt, names: dict[str, Any]) -> bool:
    """Whether it imports call_command and nothing else; its name is added to `names`."""
    match statement:
        case ast.ImportFrom(
            module="django.core.management", level=0, names=[ast.alias(name="call_command", asname=other)]
        ):
            names[other or "call_command"] = call_command
            return True
    return False


def _target(node: ast.expr, names: Mapping[str, Any]) -> object:
    match node:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=value, attr=name):
            return getattr(_target(value, names), name, None)
    return None


def _literals(call: ast.Call) -> tuple[list[Any], dict[str, Any]] | None:
    try:
        args = [ast.literal_eval(argument) for argument in call.args]
        kwargs = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
    except ValueError:
        return None
    return (args, kwargs) if len(kwargs) == len(call.keywords) else None
