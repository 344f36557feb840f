"""When a job is due: the schedule and zone as declared, and the app setting that may override the schedule."""

import os
from collections.abc import Container
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs.declarations.app_settings import UnsetSetting, resolve
from jobs.declarations.rules import Mistake
from jobs.schedule.ncrontab import Expression, InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone, zone_called

OVERRIDES = "JOBS_SCHEDULE__"


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """What was read: with a mistake the job isn't registered.

    `setting` is the app setting that overrides the schedule, empty where none does; `flaw` says why one can't be read,
    and then the declared schedule is in force.
    """

    schedule: Schedule | None
    setting: str
    mistakes: tuple[Mistake, ...]
    flaw: Mistake | None


def read(job: Any, text: Any, time_zone: Any) -> When:
    """Read a declaration's schedule and zone, and the app setting of its job. Values of a wrong type count as none."""
    is_scheduled = isinstance(job, str) and text is not None
    override = _override(schedule_setting(job)) if is_scheduled else None
    overriding = override if isinstance(override, Expression) else None
    expression = overriding or _expression(job, text)
    zone = _zone(job, time_zone)
    return When(
        schedule=_schedule(expression, zone),
        setting=schedule_setting(job) if overriding and not _spells(text, overriding) else "",
        mistakes=tuple(found for found in (expression, zone) if isinstance(found, Mistake)),
        flaw=override if isinstance(override, Mistake) else None,
    )


def _schedule(expression: Expression | Mistake | None, zone: ZoneInfo | Mistake | None) -> Schedule | None:
    if isinstance(expression, Expression) and isinstance(zone, ZoneInfo):
        return Schedule(expression, zone)
    return None


def schedule_setting(job: str) -> str:
    """The name of the app setting that overrides this job's schedule, where it is set: JOBS_SCHEDULE__IMPORT_RATES."""
    return OVERRIDES + job.upper().replace("-", "_")


def unknown_settings(known: Container[str]) -> list[str]:
    """The app settings that would override the schedule of a job that isn't declared, or has none."""
    return sorted(name for name in os.environ if name.startswith(OVERRIDES) and name not in known)


def _override(setting: str) -> Expression | Mistake | None:
    text = os.environ.get(setting)
    if not text:
        return None
    try:
        return Expression(resolve(text))
    except (InvalidExpression, UnsetSetting) as error:
        return Mistake(
            21,
            f"The app setting {setting} can't be read as a schedule: {error}",
            "Correct it, or remove it. Until then the declared schedule is in force.",
        )


def _expression(job: Any, text: Any) -> Expression | Mistake | None:
    if not isinstance(text, str):
        return None
    try:
        # The host would read %NAME% from the app's settings; the ledger has to read the same.
        return Expression(resolve(text))
    except UnsetSetting as unset:
        return Mistake(
            15,
            f"The schedule of job {job!r} is {text!r}, and there is no setting {unset.name}.",
            f"Set the environment variable {unset.name}, among the app's settings in Azure, or write the expression.",
        )
    except InvalidExpression as error:
        return Mistake(
            5, f"The schedule of job {job!r} can't be read: {error}", "docs/reference/ncrontab.md has examples."
        )


def _spells(text: object, expression: Expression) -> bool:
    """Whether the text, in whatever spelling, is this expression."""
    try:
        return Expression(resolve(str(text))) == expression
    except (InvalidExpression, UnsetSetting):
        return False


def _zone(job: Any, name: Any) -> ZoneInfo | Mistake | None:
    if name is not None and not isinstance(name, str):
        return None
    try:
        return zone_called(name or settings.TIME_ZONE)
    except UnknownZone as error:
        return Mistake(6, f"The time zone of job {job!r} can't be found: {error}", "Write an IANA name: Europe/Berlin.")
