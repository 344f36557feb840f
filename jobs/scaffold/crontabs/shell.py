"""A shell's command line, read without running it: the commands, what joins them, and where their streams go."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from jobs.scaffold.found import Untranslatable

# The longer ones first, as a shell reads them.
JOINTS = ("&&", "||", "|&", ";;", ";", "|", "&")
REDIRECTIONS = ("&>>", "&>", "<<<", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">")
# What a shell replaces before the command sees it, outside of quotes and within double quotes.
COMPUTED, COMPUTED_IN_QUOTES = frozenset("$`*?[]{}~"), frozenset("$`")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the command gets it. `computed`: the shell would put something else in its place first."""

    text: str
    computed: bool = False


@dataclass(kw_only=True, slots=True)
class Command:
    """One command of a line: its words, its redirections as (operator, target), and what joins it to the one before."""

    joint: str = ""
    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, str]] = field(default_factory=list)


def commands(text: str) -> list[Command]:
    """The commands of a line, in their order. Raises Untranslatable where a shell's grammar goes further than that."""
    found = [Command()]
    redirection = ""
    for kind, value in _tokens(text):
        if isinstance(value, Word):
            if redirection:
                found[-1].redirections.append((redirection, value.text))
                redirection = ""
            else:
                found[-1].words.append(value)
        elif redirection:
            raise Untranslatable(f"Nothing stands behind {redirection!r}. Name the file.")
        elif kind == "redirection":
            redirection = value
        else:
            found.append(Command(joint=value))
    if not found[-1].words and found[-1].joint in {"&", ";", ""}:
        found.pop()
    if redirection or not all(command.words for command in found):
        raise Untranslatable("A command is missing between two operators. Correct the line.")
    return found


def _tokens(text: str) -> Iterator[tuple[str, Word | str]]:
    place = 0
    while place < len(text):
        rest = text[place:]
        if rest[0].isspace():
            place += 1
            continue
        if rest[0] == "#":
            return
        if rest[0] in "()":
            raise Untranslatable("It is grouped by parentheses. Make it a management command that calls the others.")
        digits = len(rest) - len(rest.lstrip("0123456789"))
        if operator := next((one for one in REDIRECTIONS if rest[digits:].startswith(one)), ""):
            yield "redirection", rest[:digits] + operator
            place += digits + len(operator)
        elif operator := next((one for one in JOINTS if rest.startswith(one)), ""):
            yield "joint", operator
            place += len(operator)
        else:
            word, length = _word(rest)
            yield "word", word
            place += length


def _word(text: str) -> tuple[Word, int]:
    """The word at the beginning of this text, and how many characters it takes there."""
    read, computed, place = "", False, 0
    while place < len(text) and not text[place].isspace() and text[place] not in "<>|&;()":
        character = text[place]
        if character == "\\":
            if place + 1 == len(text):
                raise Untranslatable("It ends with a backslash, and cron joins no lines. Write it in one line.")
            read += text[place + 1 : place + 2]
            place += 2
        elif character == "`" or text.startswith("$(", place):
            end = _end(text, place, "`" if character == "`" else ")")
            read, computed, place = read + text[place : end + 1], True, end + 1
        elif character == "'":
            end = _end(text, place, "'")
            read += text[place + 1 : end]
            place = end + 1
        elif character == '"':
            place += 1
            while text[place : place + 1] != '"':
                if place >= len(text):
                    raise Untranslatable("A quotation mark isn't closed. Close it.")
                if text[place] == "\\" and text[place + 1 : place + 2] in {'"', "\\", "$", "`"}:
                    place += 1
                else:
                    computed |= text[place] in COMPUTED_IN_QUOTES
                read += text[place]
                place += 1
            place += 1
        else:
            computed |= character in COMPUTED
            read += character
            place += 1
    return Word(read, computed), place


def _end(text: str, begin: int, mark: str) -> int:
    end = text.find(mark, begin + 1)
    if end < 0:
        raise Untranslatable("A quotation mark isn't closed. Close it.")
    return end
