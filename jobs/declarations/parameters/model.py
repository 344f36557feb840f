"""What a command takes, as a form, a schema and a command line need to know it. Nothing here runs the parser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from jobs.sentences import Sentence

# What a field holds, by its Kind: a text (or True for an option without its optional value), texts, lists of texts,
# whether a flag is passed, how often an option is, or a subcommand's name with its own values.
type Value = str | bool | int | Sequence[str] | Sequence[Sequence[str]] | Mapping[str, Mapping[str, Value]]
type Values = Mapping[str, Value]


class Kind(StrEnum):
    VALUE = "value"  # a text
    VALUES = "values"  # several, in one go
    REPEATED = "repeated"  # the option again for each text
    LISTS = "lists"  # the option again for each list of texts
    FLAG = "flag"  # the option or nothing
    SWITCH = "switch"  # --x, --no-x or nothing
    COUNT = "count"  # -vvv
    REST = "rest"  # all words that follow, options too
    SUBCOMMAND = "subcommand"
    UNDRAWN = "undrawn"  # it is written in the raw line of words


class ValueType(StrEnum):
    TEXT = "text"
    WHOLE_NUMBER = "whole number"
    NUMBER = "number"
    DATE = "date"
    PATH = "path"


class UnwritableValue(Sentence, ValueError):
    """argument {called}: {why}

    No words of a command line give this value. `field` is the name of its field.
    """

    field: str
    called: str
    why: str

    def __init__(self, field: str, called: str, why: str) -> None:
        super().__init__(field=field, called=called, why=why)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One of a command's parameters. `options` is empty for one that is given by its place.

    `called` is its name in the parser's sentences, `nargs` is argparse's own (0 for one that takes no value), and
    `default` is a text, empty where there is none.
    """

    name: str
    called: str
    dest: str
    kind: Kind
    options: tuple[str, ...] = ()
    nargs: int | str | None = None
    choices: tuple[str, ...] = ()
    default: str = ""
    required: bool = False
    help: str = ""
    metavar: str = ""
    type: ValueType = ValueType.TEXT
    secret: bool = False
    is_base: bool = False
    # Given again it adds to what it was given before; others replace that, or say it once more.
    extends: bool = False
    # For Kind.SUBCOMMAND: what each takes. An alias is one more name of the same.
    subcommands: "Mapping[str, Parameters]" = field(default_factory=dict)

    @property
    def option(self) -> str:
        """The option as it is written: the first long one, else the first."""
        long = [option for option in self.options if len(option) > 2 and option[0] == option[1]]
        return (long or list(self.options) or [""])[0]

    @property
    def off(self) -> str:
        """The option that turns a switch off."""
        return next(option for option in self.options if option.startswith("--no-"))

    @property
    def may_stand_alone(self) -> bool:
        """Whether the option may be passed without a value, though it takes one."""
        return bool(self.options) and self.nargs in {"?", "*"} and self.kind in {Kind.VALUE, Kind.VALUES}

    @property
    def is_drawn(self) -> bool:
        return self.kind is not Kind.UNDRAWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Parameters of which one at most may be given, or exactly one."""

    names: tuple[str, ...]
    required: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """All that a command, or one of its subcommands, takes, in the order of its parser.

    `is_opaque` is that of a command whose parser isn't argparse's: only a raw line of words can be written for it.
    """

    command: str
    help: str = ""
    all: tuple[Parameter, ...] = ()
    groups: tuple[Group, ...] = ()
    prefix_chars: str = "-"
    file_prefix_chars: str = ""
    allows_abbreviations: bool = True
    # The options that a job declares secret, whether they are found here or not.
    secrets: frozenset[str] = frozenset()
    is_opaque: bool = False

    @cached_property
    def own(self) -> tuple[Parameter, ...]:
        """What a form draws: without Django's own options, and without what can't be drawn."""
        return tuple(one for one in self.all if one.is_drawn and not one.is_base)

    @cached_property
    def base(self) -> tuple[Parameter, ...]:
        """The options that Django gives every command, as far as they mean something in a run."""
        return tuple(one for one in self.all if one.is_drawn and one.is_base)

    @cached_property
    def undrawn(self) -> tuple[Parameter, ...]:
        """The command's own parameters that only the raw line of words can give."""
        return tuple(one for one in self.all if not one.is_drawn and not one.is_base)

    @cached_property
    def by_name(self) -> Mapping[str, Parameter]:
        return {one.name: one for one in self.all if one.is_drawn}

    @cached_property
    def by_option(self) -> Mapping[str, Parameter]:
        return {option: one for one in self.all for option in one.options}

    @cached_property
    def positionals(self) -> tuple[Parameter, ...]:
        return tuple(one for one in self.all if not one.options)
