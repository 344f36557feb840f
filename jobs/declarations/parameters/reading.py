"""Reads words of a command line as argparse does, without its types and actions: which words belong to which parameter.

Where versions of Python differ, or the words are not what is usually written, nothing is read, and nobody is misled:
a form then shows the words themselves.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobs.declarations.parameters.model import Parameter, Parameters

# As every version of Python reads them; newer ones know -1e5 too.
NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")
SEPARATOR = "--"


class Unread(Exception):
    """These words can't be read with certainty."""


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter as the words give it: by which option (empty for its place), and with what."""

    parameter: Parameter
    option: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """How argparse sees one word: `letter` is its A (a value), O (an option) or - (the separator)."""

    letter: str
    option: str = ""
    value: str | None = None
    is_short: bool = False


def read(parameters: Parameters, words: Sequence[str]) -> list[Given]:
    """What these words give, in their order. Raises Unread."""
    if parameters.is_opaque:
        if words:
            raise Unread
        return []
    return _Reader(parameters, list(words)).read()


def is_value(parameters: Parameters, word: str) -> bool:
    """Whether the word, wherever it stands before a separator, is taken for a value and not for an option."""
    try:
        return _seen(parameters, word).letter == "A"
    except Unread:
        return False


@dataclass(slots=True)
class _Reader:
    parameters: Parameters
    words: list[str]
    pattern: str = ""
    seen: list[Word] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)

    def read(self) -> list[Given]:
        separator = self.words.index(SEPARATOR) if SEPARATOR in self.words else len(self.words)
        for place, word in enumerate(self.words):
            if self.parameters.file_prefix_chars and word[:1] in tuple(self.parameters.file_prefix_chars):
                raise Unread  # it stands for what a file holds
            if place < separator:
                self.seen.append(_seen(self.parameters, word))
            else:
                self.seen.append(Word("-" if place == separator else "A"))
        self.pattern = "".join(word.letter for word in self.seen)
        place, placed = 0, False
        while place < len(self.words):
            if self.pattern[place] == "O":
                place = self._option(place)
            elif placed:
                # Versions of Python differ in what is left for a second piece of them.
                raise Unread
            else:
                place, placed = self._positionals(place), True
        return self.given

    def _option(self, place: int) -> int:
        word = self.seen[place]
        option, value, is_short = word.option, word.value, word.is_short
        if not option:
            raise Unread  # none of the command's
        while value is not None:
            parameter = self.parameters.by_option[option]
            if parameter.nargs != 0:
                if not re.match(_pattern(parameter), "A"):
                    raise Unread
                self.given.append(Given(parameter, option, (value,)))
                return place + 1
            # Short options written together: -vvx.
            if not is_short or not value or value[0] in self.parameters.prefix_chars:
                raise Unread
            self.given.append(Given(parameter, option, ()))
            option, value = option[0] + value[0], value[1:] or None
            if option not in self.parameters.by_option or (value and value[0] == "="):
                raise Unread
        parameter = self.parameters.by_option[option]
        match = re.match(_pattern(parameter), self.pattern[place + 1 :])
        if match is None:
            raise Unread
        end = place + 1 + len(match[1])
        self.given.append(Given(parameter, option, tuple(self.words[place + 1 : end])))
        return end

    def _positionals(self, place: int) -> int:
        ahead = self.parameters.positionals
        counts: list[int] = []
        for most in range(len(ahead), 0, -1):
            if match := re.match("".join(map(_pattern, ahead[:most])), self.pattern[place:]):
                counts = [len(group) for group in match.groups()]
                break
        for parameter, count in zip(ahead, counts, strict=False):
            if words := self._placed(parameter, place, place + count):
                self.given.append(Given(parameter, "", words))
            place += count
        if place < len(self.words) and self.pattern[place] != "O":
            raise Unread  # more than the command takes
        return place

    def _placed(self, parameter: Parameter, start: int, end: int) -> tuple[str, ...]:
        words, has_separator = self.words[start:end], "-" in self.pattern[start:end]
        if parameter.nargs in {"...", "A..."}:
            if has_separator and self.pattern[start] == "-":
                raise Unread  # of some versions it is a word of the rest, of others it isn't
        elif has_separator:
            words.remove(SEPARATOR)
        elif SEPARATOR in words:
            raise Unread  # a value, which some versions leave out
        return tuple(words)


def _seen(parameters: Parameters, word: str) -> Word:
    prefixes, options = parameters.prefix_chars, parameters.by_option
    if not word or word[0] not in prefixes:
        return Word("A")
    if word in options:
        return Word("O", word)
    if len(word) == 1:
        return Word("A")
    option, equals, value = word.partition("=")
    if equals and option in options:
        return Word("O", option, value)
    found = list(_beginnings(parameters, word))
    if len(found) == 1:
        return found[0]
    if found:
        raise Unread  # one of several
    is_number = NEGATIVE.fullmatch(word) and not any(map(NEGATIVE.fullmatch, options))
    return Word("A" if is_number or " " in word else "O")


def _beginnings(parameters: Parameters, word: str) -> Iterator[Word]:
    """The options that the word may stand for: the beginning of a long one, or a short one with its value behind it."""
    if word[1] in parameters.prefix_chars:
        begun, equals, value = word.partition("=")
        if parameters.allows_abbreviations:
            for option in parameters.by_option:
                if option.startswith(begun):
                    yield Word("O", option, value if equals else None)
        return
    for option in parameters.by_option:
        if option == word[:2]:
            yield Word("O", option, word[2:], is_short=True)
        elif option.startswith(word):
            yield Word("O", option)


def _pattern(parameter: Parameter) -> str:
    """Of the letters of words, those that argparse lets the parameter take."""
    match parameter.nargs:
        case None:
            pattern = "(-*A-*)"
        case "?":
            pattern = "(-*A?-*)"
        case "*":
            pattern = "(-*[A-]*)"
        case "+":
            pattern = "(-*A[A-]*)"
        case "...":
            pattern = "([-AO]*)"
        case "A...":
            pattern = "(-*A[-AO]*)"
        case int(number):
            pattern = f"(-*{'-*'.join('A' * number)}-*)"
        case _:
            raise Unread
    return pattern.replace("-*", "").replace("-", "") if parameter.options else pattern
