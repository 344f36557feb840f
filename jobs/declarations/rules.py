"""What each parameter of `declare` may be: its rule, the sentence that says how to write it, and what becomes of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.db.models import TextChoices

from jobs.choices import Dispatch, Interrupted, Isolation, Misfire, Overlap, Status
from jobs.conf import MOST_DAYS, MOST_KEPT
from jobs.declarations import alert, bounds
from jobs.declarations.alert import Alert
from jobs.declarations.keep import Keep
from jobs.declarations.retry import Retry
from jobs.declarations.values import is_text, shown, words

# The word for a job that may start however late it is.
NEVER: Literal["never"] = "never"
INSTANT, DAY, YEAR = timedelta(microseconds=1), timedelta(days=1), timedelta(days=366)
MEBIBYTE = 2**20
LABEL = re.compile(r"[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?")
LINK = re.compile(r"https?://[!-~]+")


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`fits` judges a value, `hint` says how to write one, and `number` is that of its system check."""

    fits: Callable[[Any], bool]
    hint: str
    number: int = 8
    # What a value that fits becomes in a Job.
    becomes: Callable[[Any], Any] = _unchanged
    # None leaves the default.
    optional: bool = False
    # One such value, or a list of them.
    many: bool = False
    # As a sentence names a value that doesn't fit.
    shows: Callable[[Any], str] = shown


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a declaration: the number of the check, what was found, and what to write."""

    number: int
    message: str
    hint: str


def tidied(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a declaration that have a rule, each list of words as a tuple."""
    return {what: words(given[what]) if rule.many else given[what] for what, rule in RULES.items()}


def mistakes(job: object, given: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong with the tidied parameters of a declaration, each by itself, in the order of the rules."""
    for what, rule in RULES.items():
        for item in _refused(rule, given[what]):
            verb = "has" if rule.many else "is"
            yield Mistake(rule.number, f"{what} of job {shown(job)} {verb} {rule.shows(item)}.", rule.hint)
    for rule in given["alerts"]:
        if isinstance(rule, Alert) and (flaw := rule.flaw()):
            yield Mistake(27, f"alerts of job {shown(job)} has {shown(rule)}.", flaw)
    for name, (kind, fields) in WITH_FIELDS.items():
        value = given[name]
        for what, rule in fields.items() if isinstance(value, kind) else ():
            for item in _refused(rule, getattr(value, what)):
                yield Mistake(rule.number, f"{name} of job {shown(job)} has {what}={shown(item)}.", rule.hint)


def contradictions(job: object, given: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong with the tidied parameters of a declaration taken together."""
    arguments = given["arguments"] + given["args"]
    if all(map(is_text, arguments)) and (why := bounds.arguments_are_too_long(arguments)):
        yield Mistake(14, f"Job {shown(job)}: {why}", "A command reads a file by its name.")
    if given["after"] and given["schedule"] is not None:
        yield Mistake(
            11,
            f"Job {shown(job)} has both a schedule and after={', '.join(map(shown, given['after']))}.",
            "A step runs when its predecessors succeed: leave out one of the two.",
        )
    if given["max_running"] is not None and given["overlap"] != Overlap.ALLOW:
        yield Mistake(
            7, f"max_running of job {shown(job)} goes with overlap='allow' only.", "Leave out one of the two."
        )
    kinds = [rule.cause for rule in given["alerts"] if isinstance(rule, Alert)]
    if len(kinds) > len(set(kinds)) or (kinds and len(kinds) < len(given["alerts"])):
        yield Mistake(
            27,
            f"alerts of job {shown(job)} has two rules that exclude each other.",
            f"Write one rule of a kind, or alerts={alert.NONE!r} alone.",
        )
    if given["retry"] is not None and given["retries"] != 0:
        yield Mistake(
            7,
            f"Job {shown(job)} has both retries={shown(given['retries'])} and retry={shown(given['retry'])}.",
            "Write retries=3 for three retries with the usual waits, else retry=Retry(times=3, …).",
        )


def of_a_job(given: Mapping[str, Any]) -> dict[str, Any]:
    """Tidied parameters without a mistake, as a Job holds them."""
    fields = {what: rule.becomes(given[what]) for what, rule in RULES.items() if what not in NOT_A_JOBS}
    return fields | {
        "arguments": given["arguments"] + given["args"],
        "retry": given["retry"] or Retry(times=given["retries"]),
        "keep": given["keep"] or Keep(),
    }


def _refused(rule: Rule, value: Any) -> list[Any]:
    """The value, or those of many, that the rule refuses."""
    if rule.optional and value is None:
        return []
    return [item for item in (value if rule.many else (value,)) if not rule.fits(item)]


def _name(value: Any) -> bool:
    return is_text(value) and bool(value.strip())


def _one_of(choices: type[TextChoices]) -> Rule:
    known = choices.values
    return Rule(
        fits=lambda value: isinstance(value, str) and value in known,
        hint=f"Write one of: {', '.join(known)}.",
        number=7,
        becomes=choices,
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


def _text(longest: int, hint: str) -> Rule:
    return Rule(fits=lambda value: is_text(value) and len(value) <= longest, hint=hint)


def _link(value: Any) -> bool:
    # A page makes a link of it: no javascript:.
    return value == "" or (_name(value) and LINK.fullmatch(value) is not None and len(value) <= 2000)


def _without_its_letters(value: Any) -> str:
    """Of what may be secret."""
    return f"a string of {len(value)} characters that is not an address" if isinstance(value, str) else shown(value)


_WORDS = Rule(fits=is_text, hint="Write each word as a string: '3'.", number=14, many=True)
_RETRYABLE = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
# For each parameter beside the name. What a schedule and a zone say is read in when.py.
RULES: dict[str, Rule] = {
    "command": Rule(fits=_name, hint="Write the command's name as a string: 'clearsessions'.", optional=True),
    "schedule": Rule(fits=is_text, hint="Write it in quotes: '0 0 3 * * *' is due at 03:00.", number=5, optional=True),
    "time_zone": Rule(fits=is_text, hint="Write 'Europe/Berlin'.", number=6, optional=True),
    "arguments": _WORDS,
    "args": _WORDS,
    "timer": Rule(fits=lambda value: isinstance(value, bool), hint="Write True or False."),
    "dispatch": _one_of(Dispatch),
    "isolation": _one_of(Isolation),
    "overlap": _one_of(Overlap),
    "max_running": _whole(1, 10_000, optional=True),
    "misfire": _one_of(Misfire),
    "start_deadline": _duration(INSTANT, YEAR, word=NEVER, optional=True),
    "timeout": _duration(INSTANT, YEAR),
    "grace": _duration(timedelta(0), DAY),
    "interrupted": _one_of(Interrupted),
    "retries": _whole(0, 1000),
    "retry": Rule(
        fits=lambda value: isinstance(value, Retry),
        hint="Write Retry(times=3, delay=timedelta(minutes=1)); `from jobs import Retry` brings it.",
        optional=True,
    ),
    "after": Rule(fits=_name, hint="Write the name of a job as a string: 'import_rates'.", many=True),
    "concurrency_group": Rule(fits=_name, hint="Write the group's name as a string: 'warehouse'.", optional=True),
    "concurrency_limit": _whole(1, 10_000),
    "secrets": Rule(fits=_name, hint="Write the option as a string: '--token'.", many=True),
    "output_limit": _whole(1024, 1024 * MEBIBYTE),
    "keep": Rule(
        fits=lambda value: isinstance(value, Keep),
        hint="Write Keep(days=365, output_days=90); `from jobs import Keep` brings it.",
        optional=True,
    ),
    "description": _text(2000, "Write in a sentence or two what the job is for."),
    "labels": Rule(
        fits=lambda value: isinstance(value, str) and LABEL.fullmatch(value) is not None,
        hint="Write each label in lower-case letters, digits, '.', '_', '-' or '/', 63 at most: 'billing'.",
        many=True,
    ),
    "owner": _text(200, "Write who is responsible, as a person or team: 'Billing team'."),
    "runbook": Rule(fits=_link, hint="Write the address of a page, such as 'https://wiki.example.com/close-month'."),
    "heartbeat": Rule(
        fits=_link,
        hint="Write the URL that your watch gives you for this job, such as 'https://hc-ping.com/<uuid>'.",
        shows=_without_its_letters,
    ),
    "alerts": Rule(
        fits=lambda value: isinstance(value, Alert) or (isinstance(value, str) and value == alert.NONE),
        hint="Write [alert.failed(in_a_row=3), alert.must_succeed_by('06:30')]; `from jobs import alert` brings it.",
        number=27,
        many=True,
    ),
    "confirm": _text(100, "Write the word that a person must type before the job starts: 'delete'."),
}
# For each field of a Retry.
RETRY: dict[str, Rule] = {
    "times": _whole(0, 1000),
    "on": Rule(
        fits=lambda value: isinstance(value, str) and value in _RETRYABLE,
        hint=f"Write some of: {', '.join(_RETRYABLE)}.",
        number=7,
        many=True,
    ),
    "delay": _duration(timedelta(0), YEAR),
    "backoff": _factor(0, 100),
    "max_delay": _duration(timedelta(0), YEAR),
    "jitter": _factor(0, 1),
}
# For each field of a Keep.
KEEP: dict[str, Rule] = {
    "days": _whole(1, MOST_DAYS, optional=True),
    "runs": _whole(1, MOST_KEPT, optional=True),
    "output_days": _whole(1, MOST_DAYS, optional=True),
    "failed_days": _whole(1, MOST_DAYS, optional=True),
}
WITH_FIELDS: dict[str, tuple[type, dict[str, Rule]]] = {"retry": (Retry, RETRY), "keep": (Keep, KEEP)}
# These become something else: a Schedule, the arguments, a Retry.
NOT_A_JOBS = frozenset({"schedule", "time_zone", "args", "retries"})
