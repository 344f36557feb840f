"""A crontab, of a user or of the system (/etc/crontab, /etc/cron.d), read line by line."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from jobs.scaffold.crontabs import line
from jobs.scaffold.crontabs.expressions import translated
from jobs.scaffold.crontabs.line import OF_THE_MACHINE
from jobs.scaffold.found import Found, Reading, Refused, Untranslatable
from jobs.scaffold.project import SETTINGS
from jobs.schedule.zones import UnknownZone, zone_called

VARIABLE = re.compile(r"""\s*(?P<quote>["']?)(?P<name>[A-Za-z_]\w*)(?P=quote)\s*=\s*(?P<value>.*?)\s*""")
ENTRY = re.compile(r"\s*(?P<when>@\w+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(?P<rest>\S.*)")
USER = re.compile(r"(?P<user>[a-z_][a-z0-9_-]*\$?)\s+(?P<rest>\S.*)")
PROGRAMS = {
    *("bash", "cd", "chronic", "curl", "django-admin", "docker", "docker-compose", "env", "exec", "export", "flock"),
    *("ionice", "kubectl", "nice", "pdm", "pipenv", "podman", "poetry", "pypy3", "python", "python2", "python3", "set"),
    *("sh", "source", "su", "sudo", "test", "timeout", "true", "uv", "wget"),
}


def read(text: str, *, settings: str = "", with_user: bool | None = None) -> Reading:
    """What a crontab runs. `settings` is the project's settings module.

    `with_user`: whether a user stands before each command, as in /etc/cron.d. None: by what the lines look like.
    """
    reading = Reading()
    if with_user is None:
        with_user = _has_users(text)
    if with_user:
        reading.notes.append("Read as a crontab of the system, whose lines name a user: a run has the worker's.")
    zone, unread, locks = "", "", defaultdict[str, list[int]](list)
    for number, written in enumerate(text.splitlines(), start=1):
        place, stripped = f"line {number}", written.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            if variable := _variable(stripped):
                name, value = variable
                if name == "CRON_TZ":
                    unread = place
                    zone, unread = _zone(value), ""
                else:
                    reading.notes += _noted(name, value, place, settings)
                continue
            jobs = list(entries(stripped, place, zone, settings, with_user=with_user))
            if unread:
                raise Untranslatable(f"Its time zone is that of {unread}, which can't be read. Correct {unread}.")
            for found, lock in jobs:
                if lock:
                    locks[lock].append(len(reading.found))
                reading.found.append(found)
        except Untranslatable as error:
            reading.refused.append(Refused(place=place, text=stripped, reason=str(error)))
    _share_locks(reading, locks)
    return reading


def _variable(text: str) -> tuple[str, str] | None:
    match = VARIABLE.fullmatch(text)
    if match is None:
        return None
    value = match["value"]
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return match["name"], value


def _zone(name: str) -> str:
    try:
        return zone_called(name).key
    except UnknownZone as error:
        raise Untranslatable(str(error)) from None


def _noted(name: str, value: str, place: str, settings: str) -> Iterator[str]:
    """What is to say of a variable that is not the time zone."""
    if name == "MAILTO":
        if value:
            yield f"{place}: MAILTO={value}. Output is kept with each run, and not mailed."
    elif name == "TZ":
        yield f"{place}: TZ={value} holds for the commands, not for when they run. Set TIME_ZONE in the settings."
    elif name not in OF_THE_MACHINE and (name, value) != (SETTINGS, settings):
        yield f"{place}: {name} is set for the commands below. Make it an app setting."


def entries(text: str, place: str, zone: str, settings: str, *, with_user: bool) -> Iterator[tuple[Found, str]]:
    """The jobs of one line, each with the file that it locks. Raises Untranslatable."""
    match = ENTRY.fullmatch(text)
    if match is None:
        raise Untranslatable("It is not a line that cron reads: five fields and a command. Correct the line.")
    rest = match["rest"]
    if with_user:
        named = USER.fullmatch(rest)
        if named is None:
            raise Untranslatable("No user stands before the command. Write one, as in the other lines.")
        rest = named["rest"]
    expressions = translated(match["when"])
    jobs = line.managed(_command(rest), settings)
    notes = [f"{match['when']} is two schedules here: NCRONTAB asks for both days."] if len(expressions) > 1 else []
    for expression in expressions:
        for job in jobs:
            scheduled = {"time_zone": zone} if zone and not job.follows else {}
            found = Found(
                place=place,
                text=text,
                command=job.command,
                arguments=job.arguments,
                expression=None if job.follows else expression,
                options={**scheduled, **job.options},
                notes=(*notes, *job.notes),
                follows=job.follows,
            )
            yield found, job.lock


def _command(text: str) -> str:
    """cron puts what stands behind a bare % on the command's stdin, and takes \\% for a %."""
    bare = re.search(r"(?<!\\)%", text)
    if bare:
        raise Untranslatable("cron gives what stands behind the % to the command's stdin. Make it an argument.")
    return text.replace("\\%", "%")


def _share_locks(reading: Reading, locks: dict[str, list[int]]) -> None:
    """Jobs that lock one file become a group: one of them runs at a time."""
    for file, places in locks.items():
        if len(places) == 1:
            continue
        group = PurePosixPath(file).stem.lstrip(".") or "lock"
        for place in places:
            job = reading.found[place]
            notes = (*job.notes, f"{file} is locked by several: they wait for one another.")
            options = {**job.options, "concurrency_group": group}
            reading.found[place] = replace(job, options=options, notes=notes)


def _has_users(text: str) -> bool:
    rests = [match["rest"] for row in text.splitlines() if (match := ENTRY.fullmatch(row)) and row.strip()[0] != "#"]
    named = [USER.fullmatch(rest) for rest in rests]
    return bool(named) and all(match and _is_user(match["user"], match["rest"].split()[0]) for match in named)


def _is_user(word: str, behind: str) -> bool:
    """Whether this word is a user and not a program: another program stands behind it."""
    return word not in PROGRAMS and ("/" in behind or "=" in behind or behind in PROGRAMS)
