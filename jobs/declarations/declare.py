"""What jobs exist. Each app's `schedule.py`, and the project's, declares its own; this is where they are kept."""

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from importlib import import_module
from importlib.machinery import ModuleSpec
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from jobs.choices import Dispatch, Interrupted, Isolation, Misfire, Overlap, Status
from jobs.declarations import bounds, rules
from jobs.declarations.app_settings import UnsetSetting, resolve
from jobs.declarations.rules import RETRYABLE
from jobs.ledger import clocks
from jobs.schedule.ncrontab import Expression, InvalidExpression
from jobs.schedule.occurrences import Schedule, UnknownZone, zone_called

# What the Functions host takes as a function's name.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,126}")
RESERVED = {"tick", "execute_run", "poisoned_run", "http", "admin", "runtime", "host"}
# The tick comes once a minute and gives timers half a minute: less than this would forbid what it takes up for them.
SHORTEST_DEADLINE = timedelta(minutes=2)
LONGEST_DEADLINE = timedelta(days=1)
SCHEDULE_SETTING = "JOBS_SCHEDULE__"
# When this process could first know what is declared (`clocks.elapsed`): a job's ledger begins there.
FIRST_SEEN = clocks.elapsed()

# Takes a check's number, what is wrong, and what to do.
type Report = Callable[[int, str, str], None]


class UnknownJob(LookupError):
    """No job is declared as {name!r}. `manage.py jobs` lists them{suggestion}."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        close = get_close_matches(name, known, n=1)
        suggestion = f"; did you mean {close[0]!r}?" if close else "."
        super().__init__(f"No job is declared as {name!r}. `manage.py jobs` lists them{suggestion}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """When a run is tried again. Durations are timedeltas; `jitter` is a share: 0.1 spreads by ±10 %."""

    times: int = 0
    on: frozenset[Status] = RETRYABLE
    delay: timedelta = timedelta(seconds=30)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(hours=1)
    jitter: float = 0.1

    def delay_after(self, failures: int, random: Random) -> timedelta:
        """How long to wait after the `failures`-th failed attempt (1 is the first)."""
        # A large exponent overflows a float long before the ceiling can be asked.
        growth = self.backoff ** min(failures - 1, 64)
        delay = min(self.delay.total_seconds() * growth, self.max_delay.total_seconds())
        return timedelta(seconds=delay * (1 + self.jitter * random.uniform(-1, 1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A management command with its arguments and rules, under a name. All of it was checked by `declare`."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()
    schedule: Schedule | None = None
    timer: bool = True
    dispatch: Dispatch = Dispatch.TIMER
    isolation: Isolation = Isolation.FORK
    overlap: Overlap = Overlap.SKIP
    max_running: int | None = None
    misfire: Misfire = Misfire.LATEST
    start_deadline: timedelta | Literal["never"] | None = None
    timeout: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(seconds=10)
    interrupted: Interrupted = Interrupted.AGAIN
    retry: Retry = field(default_factory=Retry)
    after: tuple[str, ...] = ()
    concurrency_group: str | None = None
    concurrency_limit: int = 1
    secrets: tuple[str, ...] = ()
    output_limit: int = 10 * 1024 * 1024
    place: str = ""
    # Where an app setting overrides the declared schedule: the setting's name and what the code says.
    schedule_setting: str = ""
    declared_schedule: str = ""

    @property
    def fingerprint(self) -> str:
        """What the watermark belongs to: another schedule or zone starts a new one."""
        return self.schedule.fingerprint if self.schedule else ""

    @property
    def has_timer(self) -> bool:
        """Whether the job is a timer function of its own; otherwise the tick serves it."""
        return self.timer and self.schedule is not None

    @property
    def group(self) -> str:
        """The group whose limit its runs keep to as they start: the declared one, or with `max_running` one of its own.

        Empty where neither is declared.
        """
        return self.concurrency_group or (f"max_running of {self.name}" if self.max_running else "")

    @property
    def group_limit(self) -> int:
        """How many runs of its group may run at once."""
        return self.concurrency_limit if self.concurrency_group or not self.max_running else self.max_running

    def deadline_at(self, moment: datetime) -> timedelta | None:
        """How late an occurrence at this moment may start, unless declared: one period, from two minutes to a day.

        With `misfire="all"` a day: within one period all would be the latest. None where it may start however late.
        """
        if self.start_deadline == rules.NEVER:
            return None
        if self.start_deadline is not None:
            return self.start_deadline
        if self.misfire is Misfire.ALL:
            return LONGEST_DEADLINE
        period = self.schedule.period(moment) if self.schedule else None
        return min(max(period, SHORTEST_DEADLINE), LONGEST_DEADLINE) if period else LONGEST_DEADLINE


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with a declaration; `manage.py check` reports it as the numbered check `id`."""

    id: str
    message: str
    hint: str
    place: str


class Registry(Mapping[str, Job]):
    """The declared jobs by name, in the order of their declaration."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lowered: dict[str, str] = {}
        # The app settings that can override a schedule, and whose: also of a declaration that has a mistake.
        self.schedule_settings: dict[str, list[str]] = {}
        self.problems: list[Problem] = []

    def __getitem__(self, name: str) -> Job:
        try:
            return self._jobs[name]
        except KeyError:
            raise UnknownJob(name, self._jobs) from None

    def get[D](self, name: str, default: D | None = None) -> Job | D | None:  # type: ignore[override]
        # Mapping's own catches KeyError, which UnknownJob is not: a KeyError's text would be its repr.
        return self._jobs.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._jobs

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Job) -> None:
        self._jobs[job.name] = job
        self._lowered[job.name.lower()] = job.name

    def twin(self, name: str) -> str | None:
        """The job that the host takes for one with this name: it compares functions' names without regard to case."""
        # Kept beside, since each of thousands of declarations asks.
        if len(self._lowered) != len(self._jobs):
            self._lowered = {known.lower(): known for known in self._jobs}
        return self._lowered.get(name.lower())

    def scheduled(self) -> list[Job]:
        return [job for job in self.values() if job.schedule]

    def clear(self) -> None:
        self._jobs.clear()
        self._lowered.clear()
        self.schedule_settings.clear()
        self.problems.clear()


registry = Registry()


def declare(
    name: str,
    /,
    *arguments: str,
    args: Sequence[str] = (),
    command: str | None = None,
    schedule: str | None = None,
    time_zone: str | None = None,
    timer: bool = True,
    dispatch: str = "timer",
    isolation: str = "fork",
    overlap: str = "skip",
    max_running: int | None = None,
    misfire: str = "latest",
    start_deadline: timedelta | Literal["never"] | None = None,
    timeout: timedelta = timedelta(hours=1),
    grace: timedelta = timedelta(seconds=10),
    interrupted: str = "again",
    retries: int = 0,
    retry_on: str | Iterable[str] = ("failed", "timed_out", "lost"),
    retry_delay: timedelta = timedelta(seconds=30),
    retry_backoff: float = 2.0,
    retry_max_delay: timedelta = timedelta(hours=1),
    retry_jitter: float = 0.1,
    after: str | Sequence[str] = (),
    concurrency_group: str | None = None,
    concurrency_limit: int = 1,
    secrets: str | Sequence[str] = (),
    output_limit: int = 10 * 1024 * 1024,
) -> None:
    """Declare that a management command is a job.

    `name` is the job's name and, unless `command` says otherwise, the command's. `arguments` (or `args`) are written as
    on the command line. `schedule` is an NCRONTAB expression, read in `time_zone` (IANA; default: settings.TIME_ZONE).
    Durations are timedeltas, `output_limit` is in bytes. docs/reference/declare.md explains each rule; `rules.py` has
    them in one table.

    A mistake raises nothing here: it becomes a system check (jobs.E001 …), and the job isn't registered. A mistake in
    an app setting leaves the job its declared schedule.
    """
    given = rules.tidied(locals())
    place = _place()
    problems: list[Problem] = []

    def problem(number: int, message: str, hint: str) -> None:
        problems.append(Problem(id=f"jobs.E{number:03}", message=message, hint=hint, place=place))

    _check_name(name, problem)
    for mistake in rules.mistakes(name, given):
        problem(mistake.number, mistake.message, mistake.hint)
    words = given["arguments"] + given["args"]
    if why := all(map(rules.is_text, words)) and bounds.arguments_are_too_long(words):
        problem(14, f"Job {rules.shown(name)}: {why}", "A command reads a file by its name.")
    overriding = _overriding_expression(name, place) if isinstance(name, str) and schedule is not None else None
    expression = overriding or _parse_expression(name, schedule, problem)
    zone = _parse_zone(name, time_zone, problem)
    if given["after"] and schedule is not None:
        problem(
            11,
            f"Job {name!r} has both a schedule and after={rules.shown(after)}.",
            "A step runs when its predecessors succeed: leave out one of the two.",
        )
    if max_running is not None and overlap != Overlap.ALLOW:
        problem(7, f"max_running of job {name!r} goes with overlap='allow' only.", "Leave out one of the two.")

    registry.problems.extend(problems)
    if problems:
        return
    registry.add(
        Job(
            name=name,
            command=command or name,
            arguments=words,
            schedule=Schedule(expression, zone) if expression and zone else None,
            timer=timer,
            dispatch=Dispatch(dispatch),
            isolation=Isolation(isolation),
            overlap=Overlap(overlap),
            max_running=max_running,
            misfire=Misfire(misfire),
            start_deadline=start_deadline,
            timeout=timeout,
            grace=grace,
            interrupted=Interrupted(interrupted),
            retry=Retry(
                times=retries,
                on=frozenset(Status(status) for status in given["retry_on"]),
                delay=retry_delay,
                backoff=retry_backoff,
                max_delay=retry_max_delay,
                jitter=retry_jitter,
            ),
            after=given["after"],
            concurrency_group=concurrency_group,
            concurrency_limit=concurrency_limit,
            secrets=given["secrets"],
            output_limit=output_limit,
            place=place,
            schedule_setting=schedule_setting(name) if overriding and not _spells(schedule, overriding) else "",
            declared_schedule=schedule or "",
        )
    )


def schedule_setting(job: str) -> str:
    """The name of the app setting that overrides this job's schedule, where it is set: JOBS_SCHEDULE__IMPORT_RATES."""
    return SCHEDULE_SETTING + job.upper().replace("-", "_")


def unknown_settings() -> list[str]:
    """The app settings that would override the schedule of a job that isn't declared, or has none."""
    return sorted(
        name for name in os.environ if name.startswith(SCHEDULE_SETTING) and name not in registry.schedule_settings
    )


def autodiscover() -> None:
    """Import every installed app's `schedule` module, and the project's."""
    autodiscover_modules("schedule")
    if module := _project_schedule():
        import_module(module)


def _project_schedule() -> str:
    """The `schedule` module beside the root URLconf, where there is one."""
    urls = settings.ROOT_URLCONF
    package, dot, _ = urls.partition(".")
    name = f"{package}.schedule" if dot else "schedule"
    found = importlib.util.find_spec(name)
    # Beside a plain module there may be none, and a package of that name elsewhere.
    beside = dot or (found and _folder(found) == _folder(importlib.util.find_spec(urls)))
    return name if found and beside else ""


def _folder(module: ModuleSpec | None) -> str:
    return os.path.dirname(module.origin or "") if module else ""


def _place() -> str:
    """File and line of the call of `declare`."""
    caller = sys._getframe(2)
    return f"{caller.f_globals.get('__name__', '?')}, line {caller.f_lineno}"


def _check_name(name: str, problem: Report) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problem(
            1,
            f"A job can't be called {rules.shown(name)}: Azure wouldn't take it as a function's name.",
            "Write a letter, then letters, digits, _ or -, 127 at most.",
        )
    elif name.lower() in RESERVED:
        problem(
            1,
            f"A job can't be called {name!r}: that name is taken by Nightshift or the host.",
            f"Give it another name, and the command beside it: declare('run_{name}', command={name!r}).",
        )
    elif twin := registry.twin(name):
        problem(
            2,
            f"Job {name!r} is declared twice: here and in {registry[twin].place}.",
            f"Give one of them another name, and the command beside it: declare('{name}_2', command={name!r}).",
        )


def _overriding_expression(name: str, place: str) -> Expression | None:
    """The expression of the app setting that overrides the schedule; None where it isn't set, or can't be read."""
    setting = schedule_setting(name)
    registry.schedule_settings.setdefault(setting, []).append(name)
    text = os.environ.get(setting)
    if not text:
        return None
    try:
        return Expression(resolve(text))
    except (InvalidExpression, UnsetSetting) as error:
        message = f"The app setting {setting} can't be read as a schedule: {error}"
        hint = "Mend it, or take it away. Until then the declared schedule holds."
        # No problem of the declaration, which would take the job away, with its timer and its ledger.
        registry.problems.append(Problem(id="jobs.E021", message=message, hint=hint, place=place))
    return None


def _parse_expression(name: str, text: Any, problem: Report) -> Expression | None:
    if not isinstance(text, str):
        return None
    try:
        # The host would read %NAME% from the app's settings; `serve` has to read the same.
        return Expression(resolve(text))
    except UnsetSetting as unset:
        problem(
            15,
            f"The schedule of job {name!r} is {text!r}, and there is no setting {unset.name}.",
            f"Set the environment variable {unset.name}, among the app's settings in Azure, or write the expression.",
        )
    except InvalidExpression as error:
        problem(5, f"The schedule of job {name!r} can't be read: {error}", "docs/reference/ncrontab.md has examples.")
    return None


def _spells(text: object, expression: Expression) -> bool:
    """Whether the text, in whatever spelling, is this expression."""
    try:
        return Expression(resolve(str(text))) == expression
    except (InvalidExpression, UnsetSetting):
        return False


def _parse_zone(name: str, time_zone: Any, problem: Report) -> ZoneInfo | None:
    if time_zone is not None and not isinstance(time_zone, str):
        return None
    try:
        return zone_called(time_zone or settings.TIME_ZONE)
    except UnknownZone as error:
        problem(6, f"The time zone of job {name!r} can't be found: {error}", "Write an IANA name: Europe/Berlin.")
    return None
