"""What a command takes, as JSON Schema: for a form elsewhere, and for the API's description of a job's own start."""

from itertools import combinations
from typing import Any

from jobs.declarations.parameters.model import Group, Kind, Parameter, Parameters, ValueType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {ValueType.WHOLE_NUMBER: "integer", ValueType.NUMBER: "number"}
FORMATS = {ValueType.DATE: "date"}
type Schema = dict[str, Any]


def json_schema(parameters: Parameters) -> Schema:
    """JSON Schema (2020-12) of the fields that `words` takes."""
    return {"$schema": DIALECT, **object_schema(parameters)}


def object_schema(parameters: Parameters) -> Schema:
    """The same without the dialect, in what JSON Schema and OpenAPI 3.0 share."""
    drawn = [*parameters.own, *parameters.base]
    schema: Schema = {"type": "object", "title": parameters.command}
    if parameters.help:
        schema["description"] = parameters.help
    schema["properties"] = {one.name: _property(one) for one in drawn}
    if required := [one.name for one in drawn if one.required]:
        schema["required"] = required
    schema["additionalProperties"] = False
    if exclusive := [rule for group in parameters.groups for rule in _rules(parameters, group)]:
        schema["allOf"] = exclusive
    return schema


def _property(parameter: Parameter) -> Schema:
    schema = _shape(parameter)
    schema["title"] = parameter.option or parameter.metavar or parameter.name
    if parameter.help:
        schema["description"] = parameter.help
    if parameter.secret:
        schema["writeOnly"] = True
    elif (default := _default(parameter)) is not None:
        schema["default"] = default
    return schema


def _shape(parameter: Parameter) -> Schema:
    match parameter.kind:
        case Kind.FLAG | Kind.SWITCH:
            return {"type": "boolean"}
        case Kind.COUNT:
            return {"type": "integer", "minimum": 0}
        case Kind.SUBCOMMAND:
            return _subcommand(parameter)
        case Kind.LISTS:
            return {"type": "array", "items": _list(parameter), "minItems": 1}
        case Kind.REPEATED:
            return {"type": "array", "items": _one(parameter)}
        case Kind.VALUES | Kind.REST:
            return _or_alone(parameter, _list(parameter))
    return _or_alone(parameter, _one(parameter))


def _one(parameter: Parameter) -> Schema:
    schema: Schema = {"type": TYPES.get(parameter.type, "string")}
    if parameter.type in FORMATS:
        schema["format"] = FORMATS[parameter.type]
    if parameter.secret:
        schema["format"] = "password"
    if parameter.choices:
        schema["enum"] = [_typed(parameter, choice) for choice in parameter.choices]
    return schema


def _list(parameter: Parameter) -> Schema:
    schema: Schema = {"type": "array", "items": _one(parameter)}
    if isinstance(parameter.nargs, int):
        schema["minItems"] = schema["maxItems"] = parameter.nargs
    elif parameter.nargs == "+":
        schema["minItems"] = 1
    return schema


def _or_alone(parameter: Parameter, schema: Schema) -> Schema:
    """True passes the option without a value."""
    if parameter.may_stand_alone and parameter.kind is Kind.VALUE:
        return {"anyOf": [schema, {"type": "boolean", "enum": [True]}]}
    return schema


def _subcommand(parameter: Parameter) -> Schema:
    return {
        "type": "object",
        "properties": {name: object_schema(within) for name, within in parameter.subcommands.items()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _default(parameter: Parameter) -> Any:
    if parameter.kind is Kind.FLAG:
        return False
    if parameter.kind is Kind.VALUE and parameter.default:
        default = _typed(parameter, parameter.default)
        fits = isinstance(default, {"integer": int, "number": float | int}.get(TYPES.get(parameter.type, ""), str))
        return default if fits and (not parameter.choices or parameter.default in parameter.choices) else None
    return None


def _typed(parameter: Parameter, text: str) -> Any:
    """The word as JSON has it, if it is what the schema says."""
    try:
        match parameter.type:
            case ValueType.WHOLE_NUMBER:
                return int(text)
            case ValueType.NUMBER:
                return float(text)
    except ValueError:
        pass
    return text


def _rules(parameters: Parameters, group: Group) -> list[Schema]:
    members = [_given(parameters.by_name[name]) for name in group.names if name in parameters.by_name]
    can_be_drawn = len(members) == len(group.names)
    if group.required and can_be_drawn:
        return [{"oneOf": members}] if members else []
    return [{"not": {"allOf": [one, other]}} for one, other in combinations(members, 2)]


def _given(parameter: Parameter) -> Schema:
    schema: Schema = {"required": [parameter.name]}
    if parameter.kind is Kind.FLAG:
        schema["properties"] = {parameter.name: {"enum": [True]}}
    return schema
