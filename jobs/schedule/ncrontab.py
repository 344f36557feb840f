"""NCRONTAB expressions, exactly as the Azure Functions host reads them (NCrontab 3.3.3).

Pure: no zone and no clock. Moments are naive datetimes of one steady clock; occurrences.py knows about zones.
"""

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from functools import lru_cache, partial
from operator import call
from typing import NamedTuple, NoReturn, override

from jobs.sentences import Sentence


class Kind(NamedTuple):
    """One of the six places in an expression, and what may stand there."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
SECOND, MINUTE, HOUR = Kind("second", 0, 59), Kind("minute", 0, 59), Kind("hour", 0, 23)
DAY, MONTH, WEEKDAY = Kind("day of month", 1, 31), Kind("month", 1, 12, MONTHS), Kind("day of week", 0, 6, WEEKDAYS)
KINDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)

# A set of values is a whole number whose bit n stands for the value n. Here: the days that a month can have.
DAYS_OF_MONTH = (0, *((2 << length) - 2 for length in (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)))
FEBRUARY_29 = 1 << 29

NUMBER = re.compile(r"0*[0-9]{1,9}")
STEP = re.compile(r"[+-]?0*[0-9]{1,9}")
TIME_SPAN = re.compile(r"-?(?P<first>\d+)(?P<rest>[.:][\d.:]*)?")
SHORTHANDS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
FIXES = {
    "?": "NCRONTAB has no '?'. Write * for any day.",
    "#": "NCRONTAB has no '#'. Both days must match, so the second Monday is '8-14 * MON'.",
    "L": "NCRONTAB has no 'L'. Write all days that can be the last, like 28-31, and let the command look at the date.",
    "W": "NCRONTAB has no 'W'. Write MON-FRI as the day of week.",
    "\t": "Put spaces between the fields, not tabs.",
    "\n": "Remove the line break.",
}


class InvalidExpression(Sentence, ValueError):
    """The {field} {value!r} {problem}. {fix}

    `field` is "second" … "day of week", or "expression" for the whole.
    """

    field: str
    value: str
    fix: str

    def __init__(self, field: str, value: str, problem: str, fix: str) -> None:
        super().__init__(field=field, value=value, problem=problem, fix=fix)


class Surprise(NamedTuple):
    """Something that NCRONTAB accepts but reads differently from what people usually mean."""

    kind: str  # "swapped", "no_step", "long_step", "uneven", "both_days" or "never"
    message: str


class Field(NamedTuple):
    """One field, read: the values that match, and the ways from one to the next."""

    text: str
    values: tuple[int, ...]
    bits: int
    surprises: tuple[Surprise, ...]


EVERY = {
    kind.name: Field("*", tuple(range(kind.low, kind.high + 1)), (2 << kind.high) - (1 << kind.low), ())
    for kind in KINDS
}


class Expression:
    """When something is due by the clock on the wall: five fields, or six of which the first is the second.

    `text` spells it in six fields and one way only: `0 1,2,3 * * MON` becomes `0 0 1-3 * * 1`. Expressions that spell
    the same are equal. Raises InvalidExpression, which says what was found and how to fix it.
    """

    __slots__ = ("fields", "text")

    def __init__(self, text: str) -> None:
        # Only spaces separate fields: to the host, a tab or a line end is part of a field.
        words = text.split(" ")
        if "" in words:
            words = [word for word in words if word]
        if len(words) == 5:
            words.insert(0, "0")
        if len(words) != 6:
            _refuse_expression(text, words)
        self.fields = tuple(map(call, READERS, words))
        self.text = " ".join([field.text for field in self.fields])

    @classmethod
    def of(cls, *values: Iterable[int]) -> "Expression":
        """The expression of these seconds, minutes, hours, days, months and weekdays."""
        return cls(" ".join(_spell(_ordered(some), kind) for kind, some in zip(KINDS, values, strict=True)))

    @override
    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    @override
    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def seconds(self) -> tuple[int, ...]:
        return self.fields[0].values

    @property
    def minutes(self) -> tuple[int, ...]:
        return self.fields[1].values

    @property
    def hours(self) -> tuple[int, ...]:
        return self.fields[2].values

    @property
    def days(self) -> tuple[int, ...]:
        return self.fields[3].values

    @property
    def months(self) -> tuple[int, ...]:
        return self.fields[4].values

    @property
    def weekdays(self) -> tuple[int, ...]:
        """0 is Sunday."""
        return self.fields[5].values

    @property
    def is_interval(self) -> bool:
        """Whether the host treats this as an interval rather than a point in time, and repeats it in a doubled hour.

        It looks for `*`, `-` and `/` among second, minute and hour as NCrontab spells them (CronSchedule.cs), and that
        has ranges for neighbours and lists for the rest: `1,2` is an interval, `1,3` is not, and nor is `*/5` alone.
        """
        return any(field.bits & field.bits >> 1 for field in self.fields[:3])

    @property
    def is_sub_minute(self) -> bool:
        """Whether it fires more than once in some minute; for such timers the host keeps no schedule status."""
        return len(self.seconds) > 1

    @property
    def never_fires(self) -> bool:
        """Whether no month that matches has a day that matches, as on 30 February."""
        # Every month has a day 28, and some February has a 29th on any weekday.
        days = self.fields[3]
        return days.values[0] > 29 and not any(days.bits & DAYS_OF_MONTH[month] for month in self.months)

    @property
    def surprises(self) -> tuple[Surprise, ...]:
        """What this expression's author may not have meant."""
        found = [surprise for field in self.fields for surprise in field.surprises]
        if self.never_fires:
            found.append(
                Surprise("never", f"{self.text!r} never fires: there is no such day. Write a day of that month.")
            )
        days, _, weekdays = self.fields[3:]
        # Seven days in a row with a weekday mean "the second Monday", so that is intended.
        a_week = len(days.values) == 7 and days.values[-1] - days.values[0] == 6
        if days.text != "*" and weekdays.text != "*" and not a_week:
            message = (
                f"Day of month '{days.text}' and day of week '{weekdays.text}' must both match; in classic cron either "
                "is enough. Write * for one of them, or declare two jobs."
            )
            found.append(Surprise("both_days", message))
        return tuple(found)

    def next(self, after: datetime) -> datetime | None:
        """The first occurrence strictly after this moment; None if no more comes until the year 9999."""
        second, minute, hour, days, months, weekdays = self.fields
        year, month, day = after.year, after.month, after.day
        # `_falls_on` and `_first_above`, written out: a call takes as long as what it computes.
        if days.bits >> day & months.bits >> month & weekdays.bits >> after.isoweekday() % 7 & 1:
            h = after.hour
            if hour.bits >> h & 1:
                m = after.minute
                if minute.bits >> m & 1 and (rest := second.bits & -(2 << after.second)):
                    return datetime(year, month, day, h, m, (rest & -rest).bit_length() - 1)
                if rest := minute.bits & -(2 << m):
                    return datetime(year, month, day, h, (rest & -rest).bit_length() - 1, second.values[0])
            if rest := hour.bits & -(2 << h):
                h = (rest & -rest).bit_length() - 1
                return datetime(year, month, day, h, minute.values[0], second.values[0])
        found = self._day_after(year, month, day)
        return datetime(*found, hour.values[0], minute.values[0], second.values[0]) if found else None

    def previous(self, before: datetime) -> datetime | None:
        """The last occurrence strictly before this moment; None if there was none since the year 1."""
        second, minute, hour, *_ = self.fields
        if self._falls_on(before):
            h, m = before.hour, before.minute
            if hour.bits >> h & 1:
                if minute.bits >> m & 1:
                    # Within second 30, second 30 itself has passed.
                    s = _last_below(second.bits, before.second + bool(before.microsecond))
                    if s >= 0:
                        return datetime(before.year, before.month, before.day, h, m, s)
                m = _last_below(minute.bits, m)
                if m >= 0:
                    return datetime(before.year, before.month, before.day, h, m, second.values[-1])
            h = _last_below(hour.bits, h)
            if h >= 0:
                return datetime(before.year, before.month, before.day, h, minute.values[-1], second.values[-1])
        day = self._day_before(before.year, before.month, before.day)
        return datetime(*day, hour.values[-1], minute.values[-1], second.values[-1]) if day else None

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The occurrences in (after, until], ascending."""
        for hour, distances in self.by_hour(after, until):
            yield from map(hour.__add__, distances)

    def by_hour(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, tuple[timedelta, ...]]]:
        """The occurrences in (after, until]: the start of each hour and their distances from it. Quick for many."""
        distances = _within_the_hour(self.fields[1].bits, self.fields[0].bits)
        day = (after.year, after.month, after.day) if self._falls_on(after) else self._day_after(*after.timetuple()[:3])
        while day and datetime(*day) <= until:
            for h in self.hours:
                hour = datetime(*day, h)
                first, last = bisect_right(distances, after - hour), bisect_right(distances, until - hour)
                if first < last:
                    yield hour, distances[first:last]
            day = self._day_after(*day)

    def count(self, after: datetime, until: datetime) -> int:
        """How many occurrences lie in (after, until], computed day by day."""
        if until <= after:
            return 0
        per_day = len(self.hours) * len(self.minutes) * len(self.seconds)
        return self._days_between(after, until) * per_day - self._passed(after) + self._passed(until)

    def _days_between(self, start: datetime, end: datetime) -> int:
        """How many days match, from the one of `start` to the one before that of `end`."""
        total = 0
        for year in range(start.year, end.year + 1):
            for month in self.months:
                if (start.year, start.month) <= (year, month) <= (end.year, end.month):
                    days = self._days_in(year, month)
                    if (year, month) == (start.year, start.month):
                        days &= -(1 << start.day)
                    if (year, month) == (end.year, end.month):
                        days &= (1 << end.day) - 1
                    total += days.bit_count()
        return total

    def _passed(self, moment: datetime) -> int:
        """How many occurrences the moment's day has had, up to and with the moment."""
        if not self._falls_on(moment):
            return 0
        second, minute, hour, *_ = self.fields
        h, m, s = moment.hour, moment.minute, moment.second
        passed = _below(hour, h) * len(minute.values) * len(second.values)
        if hour.bits >> h & 1:
            passed += _below(minute, m) * len(second.values)
            if minute.bits >> m & 1:
                passed += _below(second, s + 1)
        return passed

    def _falls_on(self, day: datetime) -> bool:
        _, _, _, days, months, weekdays = self.fields
        return bool(days.bits >> day.day & months.bits >> day.month & weekdays.bits >> day.isoweekday() % 7 & 1)

    def _days_in(self, year: int, month: int) -> int:
        """The days of this month that match."""
        days = self.fields[3].bits & DAYS_OF_MONTH[month]
        if month == 2 and not calendar.isleap(year):
            days &= ~FEBRUARY_29
        weekdays = self.fields[5].bits
        return days if weekdays == 0b1111111 else days & _days_of_weekdays(weekdays, date(year, month, 1).isoweekday())

    def _day_after(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        months = self.fields[4]
        if self.never_fires:
            return None
        above = -(2 << day)
        while year <= MAXYEAR:
            if months.bits >> month & 1:
                rest = self._days_in(year, month) & above
                if rest:
                    return year, month, (rest & -rest).bit_length() - 1
            above = -1
            month = _first_above(months.bits, month)
            if month < 0:
                year, month = year + 1, months.values[0]
        return None

    def _day_before(self, year: int, month: int, day: int) -> tuple[int, int, int] | None:
        months = self.fields[4]
        if self.never_fires:
            return None
        below = (1 << day) - 1
        while year >= MINYEAR:
            if months.bits >> month & 1:
                rest = self._days_in(year, month) & below
                if rest:
                    return year, month, rest.bit_length() - 1
            below = -1
            month = _last_below(months.bits, month)
            if month < 0:
                year, month = year - 1, months.values[-1]
        return None


def _read(kind: Kind, text: str) -> Field:
    """Read one field as NCrontab does (CrontabFieldImpl.cs, CrontabField.cs)."""
    return _read_plain(kind, text) or _read_parts(kind, text)


def _read_plain(kind: Kind, text: str) -> Field | None:
    """The plain ones, quickly: *, 5, 9-17 and */15, where nothing about them surprises. None for any other."""
    if text == "*":
        return EVERY[kind.name]
    if text[:2] == "*/":
        return _read_plain_step(kind, _plain_number(text[2:]))
    _, lowest, highest, _ = kind
    low = high = _plain_number(text)
    if low < 0:
        first, _, last = text.partition("-")
        low, high = _plain_number(first), _plain_number(last)
    if not lowest <= low <= high <= highest:
        return None
    values = tuple(range(low, high + 1))
    spelled = str(low) if low == high else "*" if len(values) > highest - lowest else f"{low}-{high}"
    return Field(spelled, values, (2 << high) - (1 << low), ())


def _read_plain_step(kind: Kind, step: int) -> Field | None:
    size = kind.high + 1 - kind.low
    if not 0 < step < size or size % step:
        return None
    values = tuple(range(kind.low, kind.high + 1, step))
    # A bit for each value, `step` apart.
    bits = ((1 << size) - 1) // ((1 << step) - 1) << kind.low
    return Field(_spell(values, kind), values, bits, ())


def _plain_number(text: str) -> int:
    """The number that one or two digits spell; -1 for any other text."""
    return int(text) if len(text) < 3 and text.isdecimal() and text.isascii() else -1


# Each place keeps the fields that it has read, by their texts.
READERS = tuple(lru_cache(maxsize=1024)(partial(_read, kind)) for kind in KINDS)


def _read_parts(kind: Kind, text: str) -> Field:
    found, surprises = set[int](), list[Surprise]()
    for part in text.split(","):
        bounds, slash, step_text = part.partition("/")
        if slash and not STEP.fullmatch(step_text):
            raise InvalidExpression(kind.name, part, "has no whole number after its '/'", "Write a step like */5.")
        step = int(step_text) if slash else 1
        if bounds == "*":
            low, high = kind.low, kind.high
        elif "-" in bounds:
            low, high = sorted(ends := [_value(kind, end, part) for end in bounds.split("-", 1)])
            if ends != [low, high]:
                surprises.append(_swapped(kind, part, ends))
        else:
            low = _value(kind, bounds, part)
            high = kind.high if slash else low
        if step < 1:
            message = f"The {kind.name} {part!r} is read with a step of 1, not {step}. Write the intended step."
            surprises.append(Surprise("no_step", message))
        elif step > high - low and low < high:
            message = (
                f"The {kind.name} {part!r} matches {low} alone: a step of {step} is larger than the field, and the "
                f"next round starts at {low} again. Write {low}, or the values that you want."
            )
            surprises.append(Surprise("long_step", message))
        elif bounds == "*" and kind in (SECOND, MINUTE, HOUR) and (high + 1) % step:
            surprises.append(_uneven(kind, part, step))
        found.update(range(low, high + 1, step if step > 1 else 1))
    values = _ordered(found)
    return Field(_spell(values, kind), values, _bits(values), tuple(surprises))


def _value(kind: Kind, text: str, part: str) -> int:
    """One value: a number, or the beginning of a name."""
    if NUMBER.fullmatch(text):
        value = int(text)
        if kind.low <= value <= kind.high:
            return value
        problem = f"is outside {kind.low} to {kind.high}"
        if kind.low == 0 and value == kind.high + 1:
            raise InvalidExpression(kind.name, part, problem, _zero_for_it(kind, part))
        raise InvalidExpression(kind.name, part, problem, f"Write a number from {kind.low} to {kind.high}.")
    if text:
        # The first name with this beginning: J is January and T is Tuesday.
        for number, name in enumerate(kind.names, kind.low):
            if name.lower().startswith(text.lower()):
                return number
    fix = next((fix for sign, fix in FIXES.items() if sign in part.upper()), None)
    if not fix or (kind not in (DAY, WEEKDAY) and part.isprintable()):
        fix = f"Write a number from {kind.low} to {kind.high}"
        fix += f" or a name from {kind.names[0]} to {kind.names[-1]}." if kind.names else "."
    raise InvalidExpression(kind.name, part, "can't be read", fix)


def _zero_for_it(kind: Kind, part: str) -> str:
    """What to write for the number above the field's highest: 0, and for a range with it all that it means."""
    bounds, _, step = part.partition("/")
    if "-" not in bounds:
        return "For Sunday write 0." if kind is WEEKDAY else "Write 0."
    above = kind.high + 1
    first, last = (above if end.lstrip("0") == str(above) else _value(kind, end, part) for end in bounds.split("-", 1))
    values = range(min(first, last), max(first, last) + 1, max(int(step or 1), 1))
    meant = _spell(_ordered(value % above for value in values), kind)
    return f"Sunday is 0: write {meant}." if kind is WEEKDAY else f"Write {meant}."


def _uneven(kind: Kind, part: str, step: int) -> Surprise:
    values = range(kind.low, kind.high + 1, step)
    return Surprise(
        "uneven",
        f"The {kind.name} {part!r} matches {', '.join(map(str, values))}, and {kind.low} again "
        f"{kind.high + 1 - values[-1]} {kind.name}s later: the step starts over each time. "
        f"Write {','.join(map(str, values))}, or a step that divides {kind.high + 1}.",
    )


def _swapped(kind: Kind, part: str, ends: list[int]) -> Surprise:
    first, last = ends
    around = _spell(_ordered([*range(first, kind.high + 1), *range(kind.low, last + 1)]), kind)
    return Surprise(
        "swapped",
        f"The {kind.name} {part!r} is read as {last}-{first}: reversed ranges are swapped and don't wrap around. "
        f"Write {around} to wrap around, or {last}-{first}.",
    )


def _refuse_expression(text: str, words: list[str]) -> NoReturn:
    """Say why a text without five or six fields isn't an expression, and what to write."""
    whole = text.strip()
    if shorthand := SHORTHANDS.get(whole.lower()):
        raise InvalidExpression("expression", text, "is a shorthand NCRONTAB doesn't know", f"Write '{shorthand}'.")
    if span := TIME_SPAN.fullmatch(whole):
        days = not span["rest"] or (span["rest"].startswith(":") and int(span["first"][:9]) > 23)
        period = f"{span['first']} day{'' if span['first'] == '1' else 's'}" if days else "that long"
        raise InvalidExpression(
            "expression",
            text,
            f"is a TimeSpan: the host would wait {period} after each run, from whenever it started",
            "Write the time of day, like '0 0 3 * * *' for 03:00, or an interval, like '0 */5 * * * *'.",
        )
    raise InvalidExpression(
        "expression",
        text,
        f"has {len(words)} field{'' if len(words) == 1 else 's'}, not five or six separated by spaces",
        "Write second, minute, hour, day of month, month and day of week, like '0 0 3 * * *'.",
    )


def _ordered(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


def _bits(values: Iterable[int]) -> int:
    bits = 0
    for value in values:
        bits |= 1 << value
    return bits


def _first_above(bits: int, value: int) -> int:
    """The first match above a value, or -1."""
    rest = bits & -(2 << value)
    return (rest & -rest).bit_length() - 1


def _last_below(bits: int, value: int) -> int:
    """The last match below a value, or -1."""
    return (bits & (1 << value) - 1).bit_length() - 1


def _spell(values: Sequence[int], kind: Kind) -> str:
    """The one text for these values: * for all, a step to the end where there is one, ranges for neighbours."""
    if len(values) == 1:
        return str(values[0])
    if len(values) > kind.high - kind.low:
        return "*"
    if len(values) > 2:
        first, step = values[0], values[1] - values[0]
        if step > 1 and values == tuple(range(first, kind.high + 1, step)):
            return f"{'*' if first == kind.low else first}/{step}"
    runs = list[list[int]]()
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1][1:] = [value]
        else:
            runs.append([value])
    return ",".join("-".join(map(str, run)) for run in runs)


def _below(field: Field, value: int) -> int:
    return (field.bits & (1 << value) - 1).bit_count()


@lru_cache(maxsize=256)
def _within_the_hour(minutes: int, seconds: int) -> tuple[timedelta, ...]:
    return tuple(
        timedelta(minutes=m, seconds=s) for m in range(60) if minutes >> m & 1 for s in range(60) if seconds >> s & 1
    )


@lru_cache(maxsize=1024)
def _days_of_weekdays(weekdays: int, first: int) -> int:
    """The days of a month that fall on these weekdays, when its first day is the weekday `first`."""
    return _bits(day for day in range(1, 32) if weekdays >> (first + day - 1) % 7 & 1)
