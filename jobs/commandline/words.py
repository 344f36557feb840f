"""What an operator types, as argparse reads it: numbers, and the options that several commands have."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable


def whole_number(what: str, most: int, least: int = 1) -> Callable[[str], int]:
    """What an option's `type` is to be where it counts something, within what the database can hold: "runs"."""

    def read(text: str) -> int:
        # int() refuses thousands of digits.
        if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not a number of {what}. Write a number from {least} to {most}.")
        return int(text)

    return read


def row_number(text: str) -> int:
    """A run's number, for an option's `type`."""
    if not text.isdecimal() or len(text) > 18:
        raise ArgumentTypeError(f"{text!r} is not a run's number. `manage.py runs` lists them.")
    return int(text)


def add_format(parser: ArgumentParser) -> None:
    parser.add_argument("--format", choices=["table", "json"], default="table", help="A table to read, or JSON.")


def add_jobs(parser: ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
    parser.add_argument("--all", action="store_true", help="All declared jobs.")


def add_runs(parser: ArgumentParser) -> None:
    parser.add_argument(
        "runs", nargs="+", type=row_number, metavar="RUN", help="The run's number, as `manage.py runs` shows it."
    )


def add_reason(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", default="", help="The reason; it is shown to others.")


def add_confirm(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--confirm", metavar="WORD", default="", help="The word that the job's declaration asks for; API only."
    )
