"""Expressions in plain English.

Our own, because cron-descriptor reads classic cron: it wraps `22-2` around, needs only one of the days to match, and
refuses `M`.
"""

from collections.abc import Sequence
from itertools import pairwise

from jobs.schedule.ncrontab import DAY, MONTHS, WEEKDAYS, Expression


def describe(expression: Expression | str) -> str:
    """What an expression says: "At 16:15, Monday to Friday". Raises InvalidExpression."""
    if isinstance(expression, str):
        expression = Expression(expression)
    if expression.never_fires:
        return f"Never: no {_plural(expression.days, 'day')} in {_and(_runs(expression.months, MONTHS, 1))}"
    time, days = _time_of_day(expression), _days(expression)
    # "Every 5 minutes" implies every day; "At 03:00" should say it.
    if not days and "every" not in time.lower():
        days = ", every day" if "hour" in time else " every day"
    return time + days


def _time_of_day(expression: Expression) -> str:
    seconds, minutes, hours = expression.seconds, expression.minutes, expression.hours
    of_the_hour = "every hour" if len(hours) == 24 else "the hour"
    if len(seconds) > 1:
        text = _within(seconds, "second", "every minute" if len(minutes) == 60 else "the minute")
        if len(minutes) < 60:
            text += f", in {_plural(minutes, 'minute')} of {of_the_hour}"
        return text + _within_hours(hours)
    if len(minutes) == 1:
        return _at_hours(hours, minutes[0], seconds[0])
    if len(hours) * len(minutes) <= 4:
        return "At " + _and([_clock(hour, minute, seconds[0]) for hour in hours for minute in minutes])
    text = _within(minutes, "minute", of_the_hour)
    if seconds != (0,):
        text += f", at second {seconds[0]}"
    return text + _within_hours(hours)


def _within(values: Sequence[int], unit: str, whole: str) -> str:
    """`*/5` is every five minutes; so is `2/5`, from minute 2. Other values are listed."""
    step = _step(values)
    if step and step * len(values) == 60:
        text = f"Every {step} {unit}s" if step > 1 else f"Every {unit}"
        return f"{text} from {unit} {values[0]} of {whole}" if values[0] else text
    return f"At {_plural(values, unit)} of {whole}"


def _within_hours(hours: Sequence[int]) -> str:
    if len(hours) == 24:
        return ""
    if len(hours) == 1 or _step(hours) == 1:
        return f", between {_clock(hours[0], 0)} and {_clock(hours[-1], 59)}"
    return f", in the hours {_and(_runs(hours))}"


def _at_hours(hours: Sequence[int], minute: int, second: int) -> str:
    step = _step(hours) if len(hours) > 2 else 0
    if not step:
        return "At " + _and([_clock(hour, minute, second) for hour in hours])
    text = f"Every {step} hours" if step > 1 else "Every hour"
    if step * len(hours) != 24 or hours[0] or (step > 1 and (minute or second)):
        return f"{text} from {_clock(hours[0], minute, second)} to {_clock(hours[-1], minute, second)}"
    if minute or second:
        return f"{text} at minute {minute}" + (f" and second {second}" if second else "")
    return text


def _days(expression: Expression) -> str:
    """On which days, or "" for every day. In NCRONTAB both the day of month and the day of week must match."""
    days, months, weekdays = expression.days, expression.months, expression.weekdays
    in_months = "" if len(months) == 12 else _in_months(months)
    # People's week begins on Monday: they say "Saturday and Sunday".
    names = _runs(sorted((weekday - 1) % 7 for weekday in weekdays), (*WEEKDAYS[1:], WEEKDAYS[0]))
    if len(days) == DAY.high:
        if len(weekdays) == 7:
            return f" every day {in_months}" if in_months else ""
        return f", {_and(names)}" + (f", {in_months}" if in_months else "")
    text = f" on {_plural(days, 'day')} of "
    if "from " in in_months:
        text += f"the month, {in_months}"
    else:
        text += in_months.removeprefix("in ") or "the month"
    if len(weekdays) == 7:
        return text
    return f"{text}, only if that is {_and([name if ' to ' in name else f'a {name}' for name in names], 'or')}"


def _in_months(months: Sequence[int]) -> str:
    """In June and July; from June to August and in October."""
    runs = _runs(months, MONTHS, 1)
    if not any(" to " in run for run in runs):
        return f"in {_and(runs)}"
    return _and([f"{'from' if ' to ' in run else 'in'} {run}" for run in runs])


def _step(values: Sequence[int]) -> int:
    """The distance from each value to the next, or 0 where it differs or there is no other."""
    steps = {after - before for before, after in pairwise(values)}
    return steps.pop() if len(steps) == 1 else 0


def _plural(values: Sequence[int], unit: str) -> str:
    return f"{unit}{'s' if len(values) > 1 else ''} {_and(_runs(values))}"


def _runs(values: Sequence[int], names: Sequence[str] = (), low: int = 0) -> list[str]:
    """Each value, or "first to last" for three neighbours and more."""
    runs = list[list[int]]()
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    texts = list[str]()
    for run in runs:
        shown = [names[value - low] if names else str(value) for value in run]
        texts += [f"{shown[0]} to {shown[-1]}"] if len(shown) > 2 else shown
    return texts


def _and(texts: Sequence[str], word: str = "and") -> str:
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else texts[0]


def _clock(hour: int, minute: int, second: int = 0) -> str:
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")
