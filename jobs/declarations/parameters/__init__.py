"""A command's arguments are words of a command line, and its own parser judges them.

`describe` says what a command takes, `words` makes a command line of a form's fields, `values_of` fills the fields from
one, and `check_arguments` asks the parser. Nothing becomes a keyword argument of `call_command`.
"""

from jobs.declarations.parameters.describing import describe, described
from jobs.declarations.parameters.errors import field_of, fields_of
from jobs.declarations.parameters.judging import (
    BrokenCommand,
    InvalidArguments,
    UnknownCommand,
    check_arguments,
    opens_a_file,
    parser_of,
)
from jobs.declarations.parameters.model import Group, Kind, Parameter, Parameters, UnwritableValue, ValueType
from jobs.declarations.parameters.prefilling import all_values, values_of
from jobs.declarations.parameters.schema import json_schema, object_schema
from jobs.declarations.parameters.words import words

__all__ = [
    "BrokenCommand",
    "Group",
    "InvalidArguments",
    "Kind",
    "Parameter",
    "Parameters",
    "UnknownCommand",
    "UnwritableValue",
    "ValueType",
    "all_values",
    "check_arguments",
    "describe",
    "described",
    "field_of",
    "fields_of",
    "json_schema",
    "object_schema",
    "opens_a_file",
    "parser_of",
    "values_of",
    "words",
]
