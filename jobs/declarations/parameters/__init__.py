"""A command's arguments are words of a command line, and its own parser judges them."""

from jobs.declarations.parameters.judging import (
    BrokenCommand,
    InvalidArguments,
    UnknownCommand,
    check_arguments,
    opens_a_file,
    parser_of,
)

__all__ = [
    "BrokenCommand",
    "InvalidArguments",
    "UnknownCommand",
    "check_arguments",
    "opens_a_file",
    "parser_of",
]
