"""A crontab's five fields as NCRONTAB.

The rules are those of crontab(5), https://manpages.debian.org/cron/crontab.5.en.html: where a day of month and a day of
week are both restricted, either is enough. NCRONTAB asks for both.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jobs.scaffold.found import Untranslatable
from jobs.schedule.ncrontab import SHORTHANDS, Expression, InvalidExpression

REBOOT = "@reboot"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


class Kind(NamedTuple):
    """A field of a crontab: its name, its least and greatest value, and the names that stand for values."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


KINDS = (
    Kind("minute", 0, 59),
    Kind("hour", 0, 23),
    Kind("day of month", 1, 31),
    Kind("month", 1, 12, MONTHS),
    Kind("day of week", 0, 7, WEEKDAYS),
)


def translated(text: str) -> tuple[str, ...]:
    """The NCRONTAB expressions that together are due when these five fields, or a name like @daily, are due in cron.

    Two where either day is enough: no occurrence of one is an occurrence of the other. Raises Untranslatable.
    """
    if text.startswith("@"):
        if (name := text.lower()) == REBOOT:
            raise Untranslatable("There is no boot here. Run the command when a release is deployed, or by hand.")
        if name not in SHORTHANDS:
            raise Untranslatable(f"cron knows no {text}. Write five fields.")
        return (SHORTHANDS[name],)
    words = text.split()
    if len(words) != len(KINDS):
        raise Untranslatable(f"A crontab's schedule has five fields, and {text!r} has {len(words)}.")
    minutes, hours, days, months, weekdays = map(_values, KINDS, words)
    weekdays = {value % 7 for value in weekdays}
    if words[2].startswith("*") or words[4].startswith("*"):
        # cron looks at the star alone: both must match then, also where a step follows, as in */2.
        either = [(days, weekdays)]
    else:
        either = [(days, set(range(7))), (set(range(1, 32)) - days, weekdays)]
    found = [spelled(words, minutes, hours, some, months, on) for some, on in either if some]
    if not (due := tuple(text for text in found if not Expression(text).never_fires)):
        raise Untranslatable(f"{text!r} never comes: no such month has such a day. Correct the days.")
    return due


def _values(kind: Kind, text: str) -> set[int]:
    values = set[int]()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if match is None:
            raise Untranslatable(f"cron can't read {text!r} as the {kind.name}. Correct the field.")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        if first == "*":
            low, high = kind.low, min(kind.high, 6) if kind.names == WEEKDAYS else kind.high
        else:
            low = _value(kind, first, text)
            high = _value(kind, last, text) if last else low
        if step == 0 or low > high or (first == "*" and last) or (match["step"] and first != "*" and not last):
            raise Untranslatable(f"cron can't read {text!r} as the {kind.name}. Correct the field.")
        values.update(range(low, high + 1, step))
    return values


def _value(kind: Kind, word: str, text: str) -> int:
    if word.lower() in kind.names:
        return kind.names.index(word.lower()) + kind.low
    if not (word.isascii() and word.isdecimal()) or not kind.low <= int(word) <= kind.high:
        raise Untranslatable(f"cron can't read {text!r} as the {kind.name}. Correct the field.")
    return int(word)


def spelled(words: Sequence[str], *fields: set[int]) -> str:
    """The expression of these values, with a field as its author wrote it where NCRONTAB reads it the same way."""
    wanted = Expression.of({0}, *fields)
    texts = wanted.text.split(" ")
    for place, word in enumerate(words, start=1):
        written = [*texts[:place], word, *texts[place + 1 :]]
        try:
            read = Expression(" ".join(written))
        except InvalidExpression:
            continue
        if read == wanted:
            texts = written
    return " ".join(texts)
