"""What each parameter of `declare` may be: its rule, and the sentence that says how to write it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from jobs.choices import Dispatch, Interrupted, Isolation, Misfire, Overlap, Status

RETRYABLE = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST})
# The word for a job that may start however late it is.
NEVER: Literal["never"] = "never"
INSTANT, DAY, YEAR = timedelta(microseconds=1), timedelta(days=1), timedelta(days=366)
MEBIBYTE = 2**20
# No more letters of a value than this are shown.
LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`fits` judges a value, `hint` says how to write one, and `number` is that of its system check."""

    fits: Callable[[Any], bool]
    hint: str
    number: int = 8
    # None leaves the default.
    optional: bool = False
    # One such value, or a list of them.
    many: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """A value that a rule refuses: the number of the check, what was found, and what to write."""

    number: int
    message: str
    hint: str


def tidied(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a declaration that have a rule, each list of words as a tuple."""
    return {what: words(given[what]) if rule.many else given[what] for what, rule in RULES.items()}


def mistakes(job: object, given: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong with the tidied parameters of a declaration, in the order of the rules."""
    for what, rule in RULES.items():
        value = given[what]
        if rule.optional and value is None:
            continue
        for item in value if rule.many else (value,):
            if not rule.fits(item):
                verb = "has" if rule.many else "is"
                yield Mistake(rule.number, f"{what} of job {shown(job)} {verb} {shown(item)}.", rule.hint)


def words(given: Any) -> tuple[Any, ...]:
    """One word may be written without a list around it."""
    is_list = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
    return tuple(given) if is_list else (given,)


def shown(value: object) -> str:
    """The value as Python writes it, cut where it is long. No value makes this raise."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 — a value's own code, and a number of 5,000 digits has no repr either
        return f"a value of type {type(value).__name__} that has no repr()"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def is_text(value: Any) -> bool:
    """Neither the database nor a command line takes a NUL, or half of a surrogate pair."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(value: Any) -> bool:
    return is_text(value) and bool(value.strip())


def _one_of(words: Iterable[str], number: int = 7, **more: bool) -> Rule:
    known = list(words)
    return Rule(
        fits=lambda value: isinstance(value, str) and value in known,
        hint=f"Write {'some' if more.get('many') else 'one'} of: {', '.join(known)}.",
        number=number,
        **more,
    )


def _whole(least: int, most: int, *, optional: bool = False) -> Rule:
    return Rule(
        fits=lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
        hint=f"Write a whole number from {least} to {most}.",
        optional=optional,
    )


def _factor(least: float, most: float) -> Rule:
    return Rule(
        fits=lambda value: isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most,
        hint=f"Write a number from {least} to {most}.",
    )


def _duration(least: timedelta, most: timedelta, *, word: str = "", optional: bool = False) -> Rule:
    # A ceiling, since what lies beyond the calendar can be added to no moment.
    floor = "more than nothing, and " if least else ""
    other = f", or {word!r}" if word else ""
    return Rule(
        fits=lambda value: (bool(word) and value == word) or (isinstance(value, timedelta) and least <= value <= most),
        hint=f"Write a timedelta like timedelta(minutes=20), {floor}{most.days} days at most{other}.",
        optional=optional,
    )


_WORDS = Rule(fits=is_text, hint="Write each word as a string: '3'.", number=14, many=True)
# For each parameter beside the name. Where a string is read further, `declare` says what is wrong in it.
RULES: dict[str, Rule] = {
    "command": Rule(fits=_name, hint="Write the command's name as a string: 'clearsessions'.", optional=True),
    "schedule": Rule(fits=is_text, hint="Write it in quotes: '0 0 3 * * *' is due at 03:00.", number=5, optional=True),
    "time_zone": Rule(fits=is_text, hint="Write 'Europe/Berlin'.", number=6, optional=True),
    "arguments": _WORDS,
    "args": _WORDS,
    "timer": Rule(fits=lambda value: isinstance(value, bool), hint="Write True or False."),
    "dispatch": _one_of(Dispatch.values),
    "isolation": _one_of(Isolation.values),
    "overlap": _one_of(Overlap.values),
    "max_running": _whole(1, 10_000, optional=True),
    "misfire": _one_of(Misfire.values),
    "start_deadline": _duration(INSTANT, YEAR, word=NEVER, optional=True),
    "timeout": _duration(INSTANT, YEAR),
    "grace": _duration(timedelta(0), DAY),
    "interrupted": _one_of(Interrupted.values),
    "retries": _whole(0, 1000),
    "retry_on": _one_of([Status.FAILED, Status.TIMED_OUT, Status.LOST], many=True),
    "retry_delay": _duration(timedelta(0), YEAR),
    "retry_backoff": _factor(0, 100),
    "retry_max_delay": _duration(timedelta(0), YEAR),
    "retry_jitter": _factor(0, 1),
    "after": Rule(fits=_name, hint="Write the name of a job as a string: 'import_rates'.", many=True),
    "concurrency_group": Rule(fits=_name, hint="Write the group's name as a string: 'warehouse'.", optional=True),
    "concurrency_limit": _whole(1, 10_000),
    "secrets": Rule(fits=_name, hint="Write the option as a string: '--token'.", many=True),
    "output_limit": _whole(1024, 1024 * MEBIBYTE),
}
